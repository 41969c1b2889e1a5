/** What a comparison says that its figures do not show. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { atlas as atlasSchema, type ComparisonResult } from '../../data/schema.ts';
import { describeLimits } from '../../generator/compare/limits.ts';

const committed = atlasSchema.parse(JSON.parse(await readFile('data/atlases/coco-ssd-mobilenet-v2/atlas.json', 'utf8')));
const PHOTOGRAPHS = [{ kind: 'folder', n: 500 }] as const;

test.each([
  { cosine_power: 2 },
  { objective: 'deepdream' },
  { group: { pictures: 2, diversity: 1 } },
] as const)('a layer whose pictures were made for another score is named, with %o', (said) => {
  const limits = (atlas: typeof committed) => describeLimits(atlas, [], PHOTOGRAPHS).filter((limit) => limit.includes('another score'));
  expect(limits(committed)).toEqual([]);
  const [first, ...rest] = committed.layers;
  const changed = { ...committed, layers: [{ ...first, render: { ...first.render, ...said } }, ...rest] };
  expect(limits(changed)).toEqual([expect.stringMatching(new RegExp(`^${first.slug}: `))]);
});

test('generated images speak for low and middle levels only; photographs are not called that', () => {
  const about = (kind: 'folder' | 'procset') => describeLimits(committed, [], [{ kind, n: 500 }]).join('\n');
  expect(about('procset')).toContain('they speak for low and middle levels only');
  expect(about('folder')).not.toContain('low and middle levels');
});

test('missing renders are said', () => {
  const about = (complete: boolean) => describeLimits({ ...committed, complete }, [], PHOTOGRAPHS).join('\n');
  expect(about(false)).toContain('Renders are missing from this atlas');
  expect(about(true)).not.toContain('Renders are missing');
});

const row = (changes: Partial<ComparisonResult>): ComparisonResult => ({
  ...{ metric: 'render-identity', role: 'secondary', armA: 'basis', armB: 'random', nA: 9, nB: 9, excluded: 0, meanA: 1, meanB: 0.9951 },
  ...{ delta_points: 0.5, A: 0.5, cliff: 0, ci: null, ci_method: '', p_permutation: 1, permutations: 9, p_adjusted: 1, adjust: '' },
  ...{ seed: '', exploratory: false },
  ...changes,
});
const limitsOf = (...results: ComparisonResult[]) => describeLimits(committed, [{ id: 'conv-1', results }], PHOTOGRAPHS).join('\n');

test('render identity at its ceiling in both arms is no evidence of equality', () => {
  expect(limitsOf(row({}))).toContain('conv-1: render identity is at its ceiling in both arms (basis 1.000, random 0.995)');
  for (const other of [row({ meanB: 0.98 }), row({ meanB: null }), row({ metric: 'natural-2afc' })])
    expect(limitsOf(other)).not.toContain('at its ceiling');
});

test('values that are undefined are counted over all rows', () => {
  expect(limitsOf(row({ excluded: 2 }), row({ excluded: 3 }))).toContain('were excluded: 5 over all rows');
  expect(limitsOf(row({}))).not.toContain('were excluded');
});
