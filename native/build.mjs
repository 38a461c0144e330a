/**
 * Compiles kernels.c to build/native/<platform>-<arch>/kernels.node: `npm run build:native [-- --headers DIR]`. It needs a C compiler (CC, or cc) and the headers
 * of Node, of any version: N-API is the same in all of them. Nothing is downloaded.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const OUTPUT = join(ROOT, 'build', 'native', `${process.platform}-${process.arch}`, 'kernels.node');

/** No flag names a processor: each function says for which it is, and the addon asks at run time. A product and a sum stay two roundings. */
const FLAGS = ['-std=gnu11', '-O2', '-fPIC', '-ffp-contract=off', '-fvisibility=hidden', '-Wall', '-Wextra'];
/** The functions of N-API are in the process that loads the addon. */
const LINKING = { linux: ['-shared'], darwin: ['-bundle', '-undefined', 'dynamic_lookup'] };

process.exitCode = main();

function main() {
  const { headers, fault } = readOptions();
  if (fault !== undefined) return fail(fault, 'npm run build:native [-- --headers DIR]');
  const linking = LINKING[process.platform];
  if (process.arch !== 'x64' || linking === undefined) {
    console.log(`There is nothing to build for ${process.platform}-${process.arch}: the native kernels are for x64 on Linux and macOS.`);
    return 0;
  }
  const places = headers === undefined ? usualPlaces() : [resolve(headers)];
  const include = places.find((place) => existsSync(join(place, 'node_api.h')));
  if (include === undefined) {
    return fail(
      `No headers of Node: node_api.h is not in\n${places.map((place) => `  ${place}`).join('\n')}`,
      'Name the folder that has it, `npm run build:native -- --headers DIR`. It comes with archives of nodejs.org (include/node) and with libnode-dev.',
    );
  }
  return compile(include, linking);
}

function readOptions() {
  try {
    return parseArgs({ options: { headers: { type: 'string' } } }).values;
  } catch (error) {
    return { fault: error.message };
  }
}

/** Where installations of Node keep their headers. */
function usualPlaces() {
  const prefixes = [
    dirname(dirname(process.execPath)),
    process.config.variables.node_prefix,
    process.env.npm_config_nodedir,
    '/usr',
    '/usr/local',
  ];
  return [...new Set(prefixes.filter(Boolean).map((prefix) => join(prefix, 'include', 'node')))];
}

/** Under another name first, so that nobody loads half a file. */
function compile(include, linking) {
  const [compiler, ...words] = (process.env.CC?.trim() || 'cc').split(' ').filter(Boolean);
  const partial = `${OUTPUT}.${process.pid}`;
  const args = [...words, ...FLAGS, ...linking, '-I', include, join(ROOT, 'native', 'kernels.c'), '-o', partial];
  try {
    mkdirSync(dirname(OUTPUT), { recursive: true });
  } catch (error) {
    return cannotWrite(error);
  }
  const { error, status } = spawnSync(compiler, args, { stdio: 'inherit' });
  if (error !== undefined || status !== 0) {
    rmSync(partial, { force: true });
    return error === undefined
      ? fail(`The compiler failed: ${compiler} ${args.join(' ')}`, 'It must know AVX-512 with bf16: GCC 10 or Clang 9, or newer.')
      : fail(`No C compiler: ${compiler} (${error.code})`, 'Install one, or name it: CC=gcc-12 npm run build:native.');
  }
  try {
    renameSync(partial, OUTPUT);
  } catch (error) {
    rmSync(partial, { force: true });
    return cannotWrite(error);
  }
  console.log(`${OUTPUT}\nheaders: ${include}`);
  return 0;
}

function cannotWrite({ code }) {
  return fail(`${OUTPUT} cannot be written (${code}).`, 'Take away what stands in its place, or check the permissions of its folder.');
}

function fail(what, remedy) {
  console.error(`${what}\n${remedy}`);
  return 1;
}
