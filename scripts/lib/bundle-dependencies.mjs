// Puts everything that the cli needs at run time into packages/cli/node_modules, so that `npm pack` takes it along
// (bundleDependencies): our other packages as they are built, and outside libraries as they are installed, the compiled
// addon among them. Whoever installs the result compiles nothing and asks no registry.
//   node bundle-dependencies.mjs            (npm's prepack, in packages/cli)
//   node bundle-dependencies.mjs --remove   (postpack)
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const cli = join(root, 'packages/cli');
const bundle = join(cli, 'node_modules');
/** The launchers look there: the addon loads in the line of Node.js that it was compiled for, and in no other. */
const nodeLine = join(cli, 'bin/node-line');

/** What of a package.json means something to who runs it. Scripts do not: npm would compile the addon anew. */
const KEPT_FIELDS =
  'name version description license author type main module exports imports dependencies optionalDependencies peerDependencies peerDependenciesMeta engines os cpu libc'.split(
    ' ',
  );
const DEVELOPERS_FOLDERS = new Set('test tests bench benchmark benchmarks docs example examples .github'.split(' '));
const DEVELOPERS_FILES = new Set('.ts .mts .cts .map .flow .md .h .cc .gyp .gypi .yml .yaml .lock'.split(' '));
const LEGAL = /^(licen[cs]e|notice|copying)/i;
/** Of the addon's hundreds of megabytes (librdkafka's sources, objects) these run. */
const ADDON_PARTS =
  /^(lib(\/.*)?|librdkafka\.js|build|build\/Release|build\/Release\/node-librdkafka\.node|build\/deps|build\/deps\/librdkafka(\+\+)?\.so\.1)$/;

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Where the packages that run stand below the root, and where they go; development's are marked in the lock file. */
function outsidePackages() {
  const { packages } = readJson(join(root, 'package-lock.json'));
  return Object.entries(packages)
    .filter(([path, { dev, link }]) => path.includes('node_modules/') && !dev && !link)
    .filter(([path, { optional }]) => {
      if (existsSync(join(root, path))) return true;
      if (!optional) throw new Error(`${path} is not installed: run npm ci`);
      return false;
    })
    .map(([path]) => ({ from: join(root, path), to: join(cli, path.replace(/^packages\//, 'node_modules/@sluice/')) }));
}

/** Ours, all of which the cli is made of. */
function ownPackages() {
  const { dependencies, bundleDependencies } = readJson(join(cli, 'package.json'));
  const unbundled = Object.keys(dependencies).filter((name) => !bundleDependencies.includes(name));
  if (unbundled.length > 0)
    throw new Error(`packages/cli/package.json: not in bundleDependencies: ${unbundled.join()}`);
  return readdirSync(join(root, 'packages'))
    .filter((name) => name !== 'cli' && existsSync(join(root, 'packages', name, 'package.json')))
    .map((name) => ({ name, from: join(root, 'packages', name), to: join(bundle, '@sluice', name) }));
}

/** A compiler leaves alone what it made of a source that is gone by now. */
function assertFresh(folder) {
  for (const path of readdirSync(join(folder, 'dist'), { recursive: true })) {
    if (extname(path) !== '.js' || existsSync(join(folder, 'src', `${path.slice(0, -3)}.ts`))) continue;
    throw new Error(`${join(folder, 'dist', path)} has no source: remove the dist folders, and build`);
  }
}

function writeManifest({ from, to }) {
  const manifest = readJson(join(from, 'package.json'));
  const kept = Object.fromEntries(
    KEPT_FIELDS.filter((field) => field in manifest).map((field) => [field, manifest[field]]),
  );
  // What is not here is for another platform, or for a use that we do not make; npm would ask the registry for it.
  for (const field of ['optionalDependencies', 'peerDependencies', 'peerDependenciesMeta']) {
    if (kept[field] === undefined) continue;
    const present = Object.entries(kept[field]).filter(([name]) => existsSync(join(bundle, name, 'package.json')));
    kept[field] = Object.fromEntries(present);
  }
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(kept, undefined, 2)}\n`);
}

function copyOwn({ from, to }) {
  assertFresh(from);
  for (const folder of readJson(join(from, 'package.json')).files) {
    cpSync(join(from, folder), join(to, folder), { recursive: true, filter: runs });
  }
  copyFileSync(join(from, 'package.json'), join(to, 'package.json'));
}

function copyOutside({ from, to }) {
  const isAddon = basename(from) === 'node-rdkafka';
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: (path) => {
      const inside = path.slice(from.length + 1);
      if (inside === '' || LEGAL.test(basename(path))) return true;
      // Nested packages have entries of their own in the lock file.
      if (inside === 'node_modules' || DEVELOPERS_FOLDERS.has(inside)) return false;
      return isAddon ? ADDON_PARTS.test(inside) && runs(path) : runs(path);
    },
  });
}

function runs(path) {
  return !DEVELOPERS_FILES.has(extname(path)) && !basename(path).startsWith('.');
}

/** Symbols for debuggers are nine tenths of the addon, with the folders of the machine that compiled it. */
function stripAddon() {
  const build = join(bundle, 'node-rdkafka/build');
  const files = ['Release/node-librdkafka.node', 'deps/librdkafka.so.1', 'deps/librdkafka++.so.1'];
  for (const file of files) {
    if (!existsSync(join(build, file))) throw new Error(`the addon lacks ${file}: run ./scripts/test or npm rebuild`);
  }
  execFileSync('strip', ['--strip-unneeded', ...files.map((file) => join(build, file))]);
}

rmSync(bundle, { recursive: true, force: true });
rmSync(join(cli, 'LICENSE'), { force: true });
rmSync(nodeLine, { force: true });
if (process.argv[2] !== '--remove') {
  assertFresh(cli);
  const outside = outsidePackages();
  const own = ownPackages();
  for (const entry of [...outside, ...own]) mkdirSync(dirname(entry.to), { recursive: true });
  for (const entry of own) copyOwn(entry);
  for (const entry of outside) copyOutside(entry);
  for (const entry of [...outside, ...own]) writeManifest(entry);
  stripAddon();
  copyFileSync(join(root, 'LICENSE'), join(cli, 'LICENSE'));
  writeFileSync(nodeLine, `${process.versions.node.split('.')[0]}\n`);
}
