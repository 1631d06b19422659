import { runSluice } from '../sluice-command.ts';

await runSluice(process.argv.slice(2));
