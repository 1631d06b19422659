// Checks who imports whom: packages point down only, and each outside library has its owners. The two tables are
// the architecture; package.json and tsconfig.json of each package must agree with them. TypeScript does not
// enforce this: a hoisted workspace link looks like an outside library to `tsc -b`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

const SCOPE = '@sluice/';

/** Package → packages of ours that it may import. A package without a row is a fault: decide first, then add it. */
const MAY_IMPORT = {
  protocol: [],
  runtime: ['protocol'],
  directory: [],
  kafka: ['protocol'],
  schema: ['protocol'],
  edge: ['protocol', 'runtime', 'directory'],
  worker: ['protocol', 'runtime', 'directory', 'kafka', 'schema'],
  cli: ['protocol', 'runtime', 'directory', 'kafka', 'schema', 'worker', 'edge'],
};

/** Outside library → packages that may import it. */
const OWNERS = {
  zod: ['protocol'],
  pino: ['runtime'],
  'prom-client': ['runtime'],
  ioredis: ['directory'],
  'http-proxy': ['edge'],
  'node-rdkafka': ['kafka'],
  '@platformatic/kafka': ['kafka'],
  express: ['worker'],
  re2js: ['worker', 'schema'],
  ajv: ['schema'],
  'ajv-formats': ['schema'],
  'lru-cache': ['schema'],
  undici: ['schema'],
  commander: ['cli'],
};

function sourcesOf(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function specifiersOf(file) {
  const text = readFileSync(file, 'utf8');
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const quoted = (entry) => text.slice(entry.moduleRequest.start + 1, entry.moduleRequest.end - 1);
  return [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((statement) => statement.entries.map((entry) => entry.moduleRequest?.value)),
    ...module.dynamicImports.map(quoted),
  ].filter((specifier) => specifier !== undefined);
}

function libraryOf(specifier) {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/** A package says in its package.json what others may import beside the whole of it. */
function isExported(library, specifier) {
  if (library === specifier) return true;
  const manifest = join('packages', library.slice(SCOPE.length), 'package.json');
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8'));
  return Object.hasOwn(exports, `.${specifier.slice(library.length)}`);
}

/** Why package `name` may not import `specifier`; undefined when it may. */
function faultOf(name, specifier, declared) {
  const library = libraryOf(specifier);
  if (library.startsWith(SCOPE)) {
    if (!isExported(library, specifier)) return 'reaches inside a package';
    if (!MAY_IMPORT[name].includes(library.slice(SCOPE.length))) return `${name} may not import ${library}`;
  } else {
    if (!Object.hasOwn(OWNERS, library)) return `${library} has no owner in the table`;
    if (!OWNERS[library].includes(name)) return `${library} belongs to ${OWNERS[library].join(', ')}`;
  }
  return Object.hasOwn(declared, library) ? undefined : `${library} is not in packages/${name}/package.json`;
}

function faultsInSources(name, declared) {
  const root = join('packages', name);
  const faults = [];
  for (const file of sourcesOf(join(root, 'src'))) {
    for (const specifier of specifiersOf(file)) {
      if (specifier.startsWith('node:')) continue;
      const leaves = relative(root, join(dirname(file), specifier)).startsWith('..');
      const why = specifier.startsWith('.')
        ? leaves && 'leaves its package by a relative path'
        : faultOf(name, specifier, declared);
      if (why) faults.push(`${file}: '${specifier}': ${why}`);
    }
  }
  return faults;
}

function faultsOf(name) {
  if (!Object.hasOwn(MAY_IMPORT, name)) return [`packages/${name}: has no row in scripts/check-imports.mjs`];
  const declared = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')).dependencies ?? {};
  const own = Object.keys(declared)
    .filter((library) => library.startsWith(SCOPE))
    .map((library) => library.slice(SCOPE.length));
  const faults = own
    .filter((library) => !MAY_IMPORT[name].includes(library))
    .map((library) => `packages/${name}/package.json: may not depend on ${library}`);
  const references = JSON.parse(readFileSync(`packages/${name}/tsconfig.json`, 'utf8')).references ?? [];
  const referred = references.map((reference) => reference.path.replace('../', '')).toSorted();
  if (referred.join() !== own.toSorted().join()) {
    faults.push(`packages/${name}/tsconfig.json: references differ from the dependencies in package.json`);
  }
  return [...faults, ...faultsInSources(name, declared)];
}

process.chdir(join(import.meta.dirname, '..'));
const packages = readdirSync('packages', { withFileTypes: true }).filter((entry) => entry.isDirectory());
const faults = packages.flatMap((entry) => faultsOf(entry.name));
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`imports: ${packages.length} packages, ${faults.length} faults\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
