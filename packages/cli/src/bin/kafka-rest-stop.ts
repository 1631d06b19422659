import { runKafkaRestStop } from '../stop-command.ts';

await runKafkaRestStop(process.argv.slice(2));
