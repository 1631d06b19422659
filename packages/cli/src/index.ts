export { runSluice } from './sluice-command.ts';
export { runKafkaRestStart } from './start-command.ts';
export { runKafkaRestStop } from './stop-command.ts';
