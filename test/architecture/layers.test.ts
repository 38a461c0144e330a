import { readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CORE_PACKAGES, CORE_ROOMS, LAYERS, OUTER_ROOMS } from './rooms.ts';
import { filesUnder, type Import, importsOf, ROOT, roomOf, textOf } from './sources.ts';

const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(textOf('package.json'));
const files = filesUnder('src', '.ts');
const imports = files.flatMap((file) => importsOf(file));

/** What is wrong with an import, in words; undefined when nothing is. */
function fault({ file, specifier, target }: Import): string | undefined {
  const room = roomOf(file);
  if (target === null) return packageFault(room, specifier);
  if (!target.startsWith('src/')) return `leaves src: ${target}`;
  const other = roomOf(target);
  if (other === room) return undefined;
  if (target !== `src/${other}/index.ts`) return `goes past the door of ${other}: import src/${other}/index.ts`;
  if (LAYERS[other] > LAYERS[room]) return `goes up: ${room} (layer ${LAYERS[room]}) to ${other} (layer ${LAYERS[other]})`;
  if (LAYERS[other] === LAYERS[room]) return `goes sideways: ${room} and ${other} are both of layer ${LAYERS[room]}`;
  return undefined;
}

function packageFault(room: string, specifier: string): string | undefined {
  if (!OUTER_ROOMS.includes(room)) {
    return CORE_PACKAGES[room]?.includes(specifier) ? undefined : `the core takes no packages, ${room} imports ${specifier}`;
  }
  if (specifier.startsWith('node:')) return room === 'explorer' ? `the browser has no ${specifier}` : undefined;
  if (isBuiltin(specifier)) return `write node:${specifier}`;
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
  return Object.hasOwn(dependencies, name) ? undefined : `${name} is not among the dependencies`;
}

describe('layers', () => {
  it('look at the whole of src', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
    expect(new Set(imports.map((one) => roomOf(one.file))).size).toBeGreaterThan(8);
  });

  it('have a place for every room', () => {
    const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(rooms.map((entry) => entry.name).sort()).toEqual(Object.keys(LAYERS).sort());
  });

  it('allow imports downwards only, through the door of a room, and no package in the core', () => {
    const faults = imports.flatMap((one) => {
      const words = fault(one);
      return words === undefined ? [] : [`${one.file} ${words}`];
    });
    expect(faults).toEqual([]);
  });

  it.each([
    [{ file: 'src/routing/index.ts', specifier: '../engine/index.ts', target: 'src/engine/index.ts' }, /goes up/],
    [{ file: 'src/routing/routers/a.ts', specifier: '../../layout/index.ts', target: 'src/layout/index.ts' }, /goes sideways/],
    [{ file: 'src/engine/a.ts', specifier: '../base/event-heap.ts', target: 'src/base/event-heap.ts' }, /past the door of base/],
    [{ file: 'src/engine/a.ts', specifier: '../../package.json', target: 'package.json' }, /leaves src/],
    [{ file: 'src/engine/a.ts', specifier: 'node:fs', target: null }, /no packages/],
    [{ file: 'src/result/a.ts', specifier: 'zod', target: null }, /no packages/],
    [{ file: 'src/cli/a.ts', specifier: 'fs', target: null }, /write node:fs/],
    [{ file: 'src/cli/a.ts', specifier: 'left-pad/x', target: null }, /left-pad is not among/],
    [{ file: 'src/explorer/a.ts', specifier: 'node:fs', target: null }, /browser/],
  ] as const)('would refuse %o', (one, words) => expect(fault(one)).toMatch(words));

  it('give every room a manual at the head of its door', () => {
    const doors = files.filter((file) => /^src\/[^/]+\/index\.ts$/.test(file));
    expect(doors.length).toBe(Object.keys(LAYERS).length);
    const silent = doors.filter((file) => !textOf(file).startsWith('/**') && textOf(file).trim() !== 'export {};');
    expect(silent).toEqual([]);
  });
});

describe('the core is compiled without Node and without the DOM', () => {
  // Configurations may carry line comments, which JSON.parse does not take.
  const configuration = (name: string): { compilerOptions: Record<string, unknown>; include: string[] } =>
    JSON.parse(textOf(name).replace(/^\s*\/\/.*$/gm, ''));

  it('lists exactly the rooms of the core', () => {
    expect(configuration('tsconfig.core.json').include.sort()).toEqual(CORE_ROOMS.map((room) => `src/${room}`).sort());
  });

  it('gives them no types but those of the language', () => {
    const { types, lib } = {
      ...configuration('tsconfig.base.json').compilerOptions,
      ...configuration('tsconfig.core.json').compilerOptions,
    };
    expect({ types, lib }).toEqual({ types: [], lib: ['ES2023'] });
  });
});
