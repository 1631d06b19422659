import { runKafkaRestStart } from '../start-command.ts';

await runKafkaRestStart(process.argv.slice(2));
