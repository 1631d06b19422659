// Exits with 0 when node_modules holds what package-lock.json says. npm keeps its own record of what it installed and
// writes it last, so that an installation cut short counts as none; a stamp of ours would not know of `npm install`.
import { readFileSync } from 'node:fs';

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

const wanted = packagesOf('package-lock.json');
const installed = packagesOf('node_modules/.package-lock.json');
const paths = Object.keys({ ...wanted, ...installed }).filter((path) => path.includes('node_modules/'));
// What is optional and not there belongs to another platform.
const isCurrent = (path) =>
  installed[path] === undefined ? wanted[path].optional === true : installed[path].version === wanted[path]?.version;
process.exitCode = paths.length > 0 && Object.keys(installed).length > 0 && paths.every(isCurrent) ? 0 : 1;
