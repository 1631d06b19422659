import { keepTickShape } from '../tick-shape.ts';

await keepTickShape();
const { runSluice } = await import('../sluice-command.ts');
await runSluice(process.argv.slice(2));
