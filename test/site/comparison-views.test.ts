/** What the comparison's page says: the answer in words, its rows, what each arm detects. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Comparison, ComparisonResult } from '../../data/schema.ts';
import { type AtlasStore, type Layer, readAtlases } from '../../site/store/load-atlases.ts';
import { armUnits } from '../../site/view/arms.ts';
import {
  answerSentence,
  gateWord,
  headline,
  headlineOf,
  layerVerdict,
  resultOf,
  secondOf,
  verdict,
  verdictSentence,
} from '../../site/view/comparison.ts';
import { conceptName } from '../../site/view/concepts.ts';
import { controlValue } from '../../site/view/controls.ts';
import { detectorCounts, foundConcepts } from '../../site/view/dissection.ts';
import { readHuman } from '../../site/view/human.ts';
import { HEADLINE, SECONDARY } from '../../site/view/metrics.ts';
import { metricPages } from '../../site/view/pages.ts';
import { pointsOf } from '../../site/view/points.ts';
import { families, rowWord, testOf } from '../../site/view/rows.ts';
import { temporaryFolder } from '../temporary.ts';
import { makeHuman } from './make-human.ts';
import { makeStore } from './make-store.ts';

let data: string;
let store: AtlasStore;
let older: AtlasStore;

beforeAll(async () => {
  data = temporaryFolder('data');
  await makeStore(data, { channels: [9, 4, 6], random: 5, subset: 2, size: 16 });
  await makeStore(data, { slug: 'fixture-older', channels: [4, 4], random: 3, subset: 2, size: 16, older: true });
  const [a, b] = await readAtlases(data);
  if (!a || !b) throw new Error('The fixture stores are not there.');
  [store, older] = [a, b];
});

/** The fixture with headlines of its layers changed; `second` is the second observer's δ. */
function withRows(changes: (Partial<ComparisonResult> & { second?: number })[]): AtlasStore {
  const comparison = structuredClone(store.comparison) as Comparison;
  for (const [i, { second, ...change }] of changes.entries()) {
    const results = comparison.layers[i]?.results ?? [];
    const head = results.find(({ role }) => role === 'headline');
    const other = results.find(({ observer }) => observer === 'o2');
    if (head) Object.assign(head, { equivalent: false }, change);
    if (other) other.cliff = second ?? head?.cliff ?? null;
  }
  return { ...store, comparison };
}

const higher = (cliff: number) => ({ cliff, ci: [cliff - 0.1, cliff + 0.1] as [number, number], p_adjusted: 0.02 });
const open = { cliff: 0.05, ci: [-0.2, 0.3] as [number, number], p_adjusted: 0.6 };
const same = { cliff: 0.01, ci: [-0.1, 0.12] as [number, number], p_adjusted: 0.8, equivalent: true };
const layerAt = (of: AtlasStore, i: number) => of.layers[i] as Layer;

describe('a verdict', () => {
  const result = (cliff: number, ci: [number, number], p: number, rest: Partial<ComparisonResult> = {}) =>
    ({ metric: 'natural-2afc', cliff, ci, p_adjusted: p, ...rest }) as ComparisonResult;

  test.each([
    ['basis', result(0.4, [0.2, 0.6], 0.001)],
    ['random', result(-0.4, [-0.6, -0.2], 0.001)],
    ['basis', result(0.1, [0.02, 0.14], 0.001, { equivalent: true })],
    ['same', result(0.01, [-0.12, 0.14], 0.8, { equivalent: true })],
    ['undecided', result(0.01, [-0.12, 0.14], 0.8)],
    ['undecided', result(0.01, [-0.12, 0.14], 0.8, { equivalent: null })],
    ['undecided', result(0.2, [0.01, 0.4], 0.06)],
    ['undecided', result(0.2, [-0.01, 0.4], 0.01)],
    ['ceiling', result(0, [-0.05, 0.05], 0.9, { metric: 'render-identity', meanA: 0.995, meanB: 0.991, equivalent: true })],
    ['absent', undefined],
  ] as const)('reads as %s', (expected, given) => {
    expect(verdict(given)).toBe(expected);
  });

  test('on a gate is “equal” only if shown so', () => {
    expect(gateWord(result(0.01, [-0.1, 0.1], 0.8, { equivalent: true }))).toBe('equal');
    expect(gateWord(result(0.01, [-0.1, 0.1], 0.8))).toBe('no difference shown');
  });

  test('of a layer is inconclusive where the second observer sees the opposite', () => {
    const changed = withRows([{ ...higher(0.4), second: -0.02 }, { ...higher(-0.4), second: -0.3 }, open]);
    expect(changed.layers.map((layer) => layerVerdict(changed, layer))).toEqual(['disagree', 'random', 'undecided']);
    expect(verdictSentence(changed, layerAt(changed, 0))).toContain('the opposite');
  });

  test('claims neither size nor equality that was not shown', () => {
    const changed = withRows([{ ...higher(0.11), equivalent: true }, same, open]);
    const sentences = changed.layers.map((layer) => verdictSentence(changed, layer));
    expect(sentences[0]).toContain('negligible in size');
    expect(sentences[1]).toContain('90% interval of δ lies within ±0.147');
    expect(sentences[2]).toContain('not evidence of equality');
    const rectified = { ...layerAt(changed, 0), layer: { ...layerAt(changed, 0).layer, tap: 'after' as const } };
    expect(verdictSentence(changed, rectified)).toContain('random weights');
  });

  test('rests on figures that are said', () => {
    expect(answerSentence({ meanA: 0.678, meanB: 0.6014 } as ComparisonResult)).toMatch(
      /in 67\.8% of trials; for a random direction, in 60\.1%\.$/,
    );
  });
});

describe('the one-line answer', () => {
  test('counts every layer, with the size of what was found', () => {
    expect(headline(withRows([higher(0.31), higher(0.45), open]))).toBe(
      'Shown half of the images that a direction responds to most, an observer recognises the other half more often for channels than for random directions in 2 of 3 layers (δ\u00a0+0.31 to +0.45); no difference is shown in 1.',
    );
    expect(headline(withRows([higher(-0.2), same, same]))).toMatch(
      /more often for random directions than for channels in 1 of 3 layers \(δ\u00a0−0\.20\); equally often, but for a negligible difference, in 2\.$/,
    );
    expect(headline(withRows([open, open, { ...higher(0.3), second: -0.1 }]))).toBe(
      'Whether an observer recognises channels’ images more often than random directions’ is open: no difference is shown in 2 of 3 layers; two observers disagree in 1.',
    );
  });

  test('names a control that failed, and layers whose tap favours the axes', () => {
    const changed = withRows([higher(0.31), higher(0.45), open]);
    const comparison = { ...changed.comparison, controls: [{ id: 'C2', title: '', passes_if: '', pass: false, values: {} }] } as Comparison;
    expect(headline({ ...changed, comparison })).toMatch(/A control failed \(C2\): read this with care\.$/);
    const layers = changed.layers.map((layer) => ({ ...layer, layer: { ...layer.layer, tap: 'after' as const } }));
    expect(headline({ ...changed, layers })).toContain('2 layers of these are read after the non-linearity');
  });

  test('says so where nothing answers the question', () => {
    const { comparison: _, ...bare } = store;
    expect(headline(bare)).toBe('Not compared yet.');
    expect(headline({ ...bare, atlas: { ...bare.atlas, complete: false } })).toContain('Still being rendered');
    expect(headline(older)).toBe('Compared by its renders only, which does not answer whether channels are special.');
  });
});

describe('the rows', () => {
  test('are found by metric and observer', () => {
    const layer = layerAt(store, 0);
    expect(headlineOf(store, layer)?.observer).toBe('o1');
    expect(resultOf(store, layer, HEADLINE)).toBe(headlineOf(store, layer));
    expect(secondOf(store, layer)?.observer).toBe('o2');
    expect(secondOf(older, layerAt(older, 0))).toBeUndefined();
  });

  test('all stand in a family, the planned before the exploratory', () => {
    const groups = families(store);
    expect(groups.map(({ role }) => role)).toEqual(['headline', 'secondary', 'sensitivity', 'gate', 'exploratory']);
    expect(groups.flatMap(({ rows }) => rows)).toHaveLength(33);
    expect(groups[1]?.rows.slice(0, 4).map(({ result, layer }) => `${result.metric} ${layer.slug}`)).toEqual([
      'natural-2afc expanded-conv-depthwise',
      'natural-2afc expanded-conv-3-expand',
      'natural-2afc expanded-conv-6-project',
      'other-tops-2afc expanded-conv-depthwise',
    ]);
    expect(families(older).map(({ role }) => role)).toEqual(['secondary', 'gate']);
  });

  test('say which of their arms is higher, and which test says so', () => {
    const row = { ...higher(0.4), metric: 'natural-2afc', armA: 'pca', armB: 'random', p_permutation: 0.01 } as ComparisonResult;
    expect(rowWord(row)).toBe('principal components higher');
    expect(testOf(row)).toEqual({ name: 'permutation', p: 0.01 });
    expect(testOf({ ...row, p_frame: 0.02, B: 199 })).toEqual({ name: '199 frames', p: 0.02 });
    expect(armUnits('rotated-0-4')).toBe('channels turned 40% of the way to random');
  });

  test('of a secondary measure have a page, where both arms have it', () => {
    const pages = metricPages([store, older]).map(({ params }) => `${params.atlas} ${params.metric}`);
    expect(pages).toEqual([...SECONDARY.map(({ id }) => `fixture-net ${id}`), 'fixture-older render-identity']);
  });
});

test('points are the units of an arm, and after them the directions that have no page', () => {
  const points = pointsOf(store, layerAt(store, 0), 'random', HEADLINE);
  expect(points.map(({ id, page }) => `${id} ${page}`)).toEqual([
    ...[0, 1, 2, 3, 4].map((i) => `random-${i} true`),
    ...[5, 6, 7, 8].map((i) => `random-${i} false`),
  ]);
  expect(points[6]?.title).toBe('Random direction 6');
});

describe('dissection', () => {
  test('lists concepts with the detectors of each arm, the best first, and nothing below the threshold', () => {
    const found = foundConcepts(store, layerAt(store, 0));
    const all = found.flatMap(({ basis, random }) => [...basis, ...random]);
    const arms = detectorCounts(store, layerAt(store, 0))?.rows ?? [];
    const counted = arms.filter(({ arm }) => arm !== 'rotated-1').reduce((sum, { detectors }) => sum + detectors, 0);
    expect(counted).toBeGreaterThan(5);
    expect(all).toHaveLength(counted);
    expect(all.every(({ value }) => value > 0.04)).toBe(true);
    for (const { basis } of found)
      expect(basis.map(({ value }) => value)).toEqual(basis.map(({ value }) => value).toSorted((a, b) => b - a));
    expect(arms.map(({ arm }) => arm)).toEqual(['basis', 'rotated-1', 'random']);
    expect(detectorCounts(older, layerAt(older, 0))).toBeUndefined();
  });

  test('has concepts in words', () => {
    expect(['grating-45-8', 'grating-150', 'grating-16px', 'line-arc-135-14'].map(conceptName)).toEqual([
      'grating 45°, 8 px',
      'grating 150°',
      'grating 16 px',
      'line arc 135 14',
    ]);
  });
});

test('values of a control are written whatever they are, and long lists are cut openly', () => {
  expect([0.00314, 12, null, 'none', [0.5, 1], { by_arm: 0.25 }].map(controlValue)).toEqual([
    '0.003',
    '12',
    '–',
    'none',
    '0.500, 1',
    'by arm: 0.250',
  ]);
  expect(controlValue(new Array(20).fill(1))).toBe('1, 1, 1, 1, 1, 1, 1, 1 … (20 in all)');
});

test('people’s answers are read where they are, and refused where they are wrong', async () => {
  expect(await readHuman(store)).toBeUndefined();
  await writeFile(join(store.folder, 'human.json'), JSON.stringify(makeHuman(store.slug)));
  expect((await readHuman(store))?.raters).toBe(12);
  await writeFile(join(store.folder, 'human.json'), JSON.stringify({ ...makeHuman(store.slug), raters: 'many' }));
  await expect(readHuman(store)).rejects.toThrow(/human\.json: expected a value of type number for raters, received "many"/);
});
