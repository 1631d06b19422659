import { keepTickShape } from '../tick-shape.ts';

await keepTickShape();
const { runKafkaRestStart } = await import('../start-command.ts');
await runKafkaRestStart(process.argv.slice(2));
