/** Imports run one way, in no circle, and generator and site meet in data/schema.ts alone. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import glob from 'fast-glob';
import { expect, it } from 'vitest';

/** Folders of the generator by rank: a file imports from its own folder and from those of a lower rank. */
const RANKS: Readonly<Record<string, number>> = {
  graph: 0,
  models: 1,
  gradient: 1,
  wasm: 1,
  compile: 2,
  runtime: 3,
  render: 4,
  batch: 5,
  measure: 6,
  queue: 6,
  storage: 6,
  shards: 6,
  compare: 7,
  portray: 8,
  publish: 8,
  repair: 9,
  cli: 10,
};
const SHARED = 'data/schema.ts';
const CODE = /\.(ts|astro|mjs|js)$/;

const files = glob.sync(['generator/**/*.ts', 'site/**/*.{ts,astro,mjs,js}', 'data/*.ts', '*.{mjs,ts}'], {
  ignore: ['**/node_modules/**'],
});
const imports = new Map(files.map((file) => [file, importsOf(file)]));
/** Without types, which are gone when the code runs: a type may point back. */
const loaded = new Map(files.map((file) => [file, importsOf(file, /^(?:import|export) type\b/)]));
const edges = [...imports].flatMap(([from, targets]) => targets.map((to) => ({ from, to })));

/** `generator/cli.ts` and `generator/cli/run.ts` are both `cli`. */
function folderOf(file: string): string {
  return file.split('/')[1].replace(/\.ts$/, '');
}

function importsOf(file: string, except?: RegExp): string[] {
  const text = readFileSync(file, 'utf8');
  const lines = text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+['"](\.[^'"]+)['"]|\bimport\(?\s*['"](\.[^'"]+)['"]/g);
  return [...lines]
    .filter(([line]) => !except?.test(line.trim()))
    .map(([, named, bare]) => path.posix.join(path.posix.dirname(file), named ?? bare))
    .filter((target) => CODE.test(target));
}

function find(wrong: (edge: { from: string; to: string }) => boolean): string[] {
  return edges.filter(wrong).map(({ from, to }) => `${from} imports ${to}`);
}

it('reads the import lines of the real files', () => {
  expect(files).toContain('generator/render/renderer.ts');
  expect(imports.get('generator/render/renderer.ts')).toEqual([
    'data/schema.ts',
    'generator/models/model.ts',
    'generator/runtime/runtime.ts',
  ]);
  expect(edges.length).toBeGreaterThan(50);
  for (const { from, to } of edges) expect(files, `${from} imports it`).toContain(to);
});

it('every folder of the generator has its place in the order', () => {
  const folders = new Set(files.filter((file) => file.startsWith('generator/')).map(folderOf));
  expect([...folders].filter((folder) => !(folder in RANKS))).toEqual([]);
});

it('imports run from the command line down to the graph', () => {
  const generator = (file: string) => file.startsWith('generator/');
  expect(
    find(
      ({ from, to }) => generator(from) && generator(to) && folderOf(from) !== folderOf(to) && RANKS[folderOf(to)] >= RANKS[folderOf(from)],
    ),
  ).toEqual([]);
});

it('generator and site meet in the schema alone, which imports neither', () => {
  expect(find(({ from, to }) => from.startsWith('generator/') && !to.startsWith('generator/') && to !== SHARED)).toEqual([]);
  expect(find(({ from, to }) => from.startsWith('site/') && !to.startsWith('site/') && to !== SHARED)).toEqual([]);
  const parts = imports.get(SHARED) ?? [];
  expect([...parts, ...parts.flatMap((part) => imports.get(part) ?? [])].filter((file) => !file.startsWith('data/'))).toEqual([]);
});

it('no file loads itself by a detour', () => {
  const state = new Map<string, 'open' | 'closed'>();
  const circles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (state.get(file) === 'closed') return;
    if (state.get(file) === 'open') {
      circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
      return;
    }
    state.set(file, 'open');
    for (const next of loaded.get(file) ?? []) visit(next, [...trail, file]);
    state.set(file, 'closed');
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});
