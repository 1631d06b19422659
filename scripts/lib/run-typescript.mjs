// Lets Node 20 run the TypeScript of the test harness as it stands: `node --import ./scripts/lib/run-typescript.mjs
// FILE.ts`. Types are taken off and nothing else is changed, so what a benchmark measures is the code as written.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

// Node runs loader hooks in a thread of their own, which loads this file once more.
if (isMainThread) register(import.meta.url);

export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return await nextLoad(url, context);
  const { transformSync } = await import('rolldown/utils');
  const file = fileURLToPath(url);
  const { code, errors } = transformSync(file, await readFile(file, 'utf8'), {
    // Each file stands for itself: no search for a tsconfig, no down-levelling.
    tsconfig: false,
    target: 'esnext',
    typescript: { onlyRemoveTypeImports: true },
  });
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0].message}`);
  return { format: 'module', source: code, shortCircuit: true };
}
