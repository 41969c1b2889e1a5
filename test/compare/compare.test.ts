import { readdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, comparison as comparisonSchema, unitRecord } from '../../data/schema.ts';
import { canonicalJson, sha256 } from '../../generator/batch/canonical.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { type CompareRequest, compareAtlas } from '../../generator/compare/compare.ts';
import { standInModel } from '../batch/stand-in-engine.ts';
import { temporaryFolder } from '../temporary.ts';
import { CHANNELS, type PlantedKind, plantedEngine, SIZE } from './planted-engine.ts';

const PLAN = checkPlan(
  {
    atlas: 'planted',
    model: 'stand-in',
    layers: ['bank'],
    arms: { basis: 'every', random: 16 },
    seeds: { count: 3, subset: 12 },
    render: { size: SIZE },
  },
  'test',
);

async function makeStore(kind: PlantedKind): Promise<CompareRequest> {
  const folder = temporaryFolder('compare');
  const engine = plantedEngine(kind);
  await runPlan({ plan: PLAN, folder, engine });
  const [model, runtime] = [await engine.openModel('stand-in'), await engine.openRuntime({})];
  return { folder, model, runtime, openProbe: engine.openProbe, images: 40 };
}

const recordsOf = async (folder: string) =>
  (await readFile(`${folder}/layers/bank.jsonl`, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => unitRecord.parse(JSON.parse(line)));

describe('comparing an atlas with a planted difference', () => {
  let request: CompareRequest;
  let result: Comparison;
  const seen: { done: number; total: number }[] = [];
  beforeAll(async () => {
    request = await makeStore('planted');
    result = await compareAtlas({ ...request, onProgress: (state) => seen.push(state) });
  });

  it('finds it: channels’ renders look alike, random directions’ do not', () => {
    const row = result.layers[0].results.find(({ metric }) => metric === 'render-identity');
    expect(row).toMatchObject({ role: 'secondary', observer: 'lab-gabor-1', armA: 'basis', armB: 'random', nA: 12, nB: 12, excluded: 0 });
    expect(row?.cliff).toBeGreaterThan(0.9);
    expect(row?.meanA).toBeGreaterThan(0.9);
    expect(row?.ci?.[0]).toBeGreaterThan(0.6);
    expect(row?.p_adjusted).toBeLessThan(0.01);
    expect(row?.p_adjusted).toBeGreaterThanOrEqual(row?.p_permutation ?? 1);
  });

  it('has a row for each metric, gates marked as gates', () => {
    expect(result.layers[0].results.map(({ metric, role }) => `${metric} ${role}`)).toEqual([
      'render-identity secondary',
      'attainment gate',
      'robustness gate',
    ]);
  });

  it('excludes and counts the constant channel where it has no value', () => {
    expect(result.layers[0].n_constant).toBe(1);
    const dead = result.directions.find(({ id }) => id === `channel-${CHANNELS - 1}`);
    expect(dead).toMatchObject({ constant: true, sigma: 0, scores: { attainment: null, exceeds: null, robustness: null } });
    const attainment = result.layers[0].results[1];
    expect(attainment).toMatchObject({ nA: 11, nB: 16, excluded: 1, images: 'dead-leaves-1-at-32' });
  });

  it('writes the measures into every record, and the same into the comparison', async () => {
    const records = await recordsOf(request.folder);
    expect(records).toHaveLength(28);
    expect(result.directions.map(({ id, scores }) => [id, scores])).toEqual(records.map(({ id, measures }) => [id, measures]));
    const single = records.find(({ renders }) => renders.length === 1);
    expect(single?.measures?.render_identity).toBeNull();
  });

  it('measures attainment from the published picture: it is the recorded score, standardised', async () => {
    const [record] = await recordsOf(request.folder);
    const known = result.directions[0];
    const scores = record.renders.map(({ score }) => ((score ?? Number.NaN) - known.mu) / known.sigma);
    expect(known.scores.attainment).toBeCloseTo(scores.reduce((sum, value) => sum + value, 0) / 3, 3);
  });

  it('writes a file that the schema takes, with the analysis plan that its hash stands for', async () => {
    const file = comparisonSchema.parse(JSON.parse(await readFile(`${request.folder}/comparison.json`, 'utf8')));
    expect(file).toEqual(result);
    expect(sha256(canonicalJson(file.analysis))).toBe(file.analysis_sha256);
    expect(file.limits.join(' ')).toContain('not a measure of whether people can say');
  });

  it('reports every picture that the network sees', () => {
    const { done, total } = seen[seen.length - 1];
    expect(done).toBe(total);
    expect(total).toBe(40 + 24 * 3 + 4 + 28 * 8);
  });

  it('comes to the same bytes when repeated, whatever the batch, and leaves no file behind', async () => {
    const before = await readFile(`${request.folder}/comparison.json`, 'utf8');
    const lines = await readFile(`${request.folder}/layers/bank.jsonl`, 'utf8');
    await compareAtlas({ ...request, batch: 5 });
    expect(await readFile(`${request.folder}/comparison.json`, 'utf8')).toBe(before);
    expect(await readFile(`${request.folder}/layers/bank.jsonl`, 'utf8')).toBe(lines);
    expect((await readdir(request.folder)).toSorted()).toEqual(['atlas.json', 'comparison.json', 'directions', 'images', 'layers']);
  });

  it('keeps the measures when the plan is run again', async () => {
    await runPlan({ plan: PLAN, folder: request.folder, engine: plantedEngine('planted') });
    for (const { measures } of await recordsOf(request.folder)) expect(measures).toBeDefined();
  });
});

it('finds nothing where there is nothing: with both arms drawn alike the interval of δ covers 0', async () => {
  const { layers } = await compareAtlas(await makeStore('null'));
  const rows = layers[0].results.filter(({ metric }) => metric !== 'robustness');
  expect(rows).toHaveLength(2);
  for (const { ci, p_adjusted } of rows) {
    expect(ci?.[0]).toBeLessThan(0);
    expect(ci?.[1]).toBeGreaterThan(0);
    expect(p_adjusted).toBeGreaterThan(0.05);
  }
});

it('says where render identity is at its ceiling, which is no evidence of equality', async () => {
  const { layers, limits } = await compareAtlas(await makeStore('alike'));
  expect(layers[0].results[0]).toMatchObject({ meanA: 1, meanB: 1, cliff: 0, p_permutation: 1 });
  expect(layers[0].results[0].ci_method).toContain('all resamples are equal');
  expect(limits.join('\n')).toContain('bank: render identity is at its ceiling in both arms (basis 1.000, random 1.000)');
});

describe('a store that cannot be compared', () => {
  it('is one without an atlas', async () => {
    const folder = temporaryFolder('compare');
    const request = await makeStore('null');
    await expect(compareAtlas({ ...request, folder })).rejects.toThrow(`${folder}: expected an atlas for atlas.json, received nothing`);
  });

  it('is one of another network', async () => {
    const request = await makeStore('null');
    const model = standInModel('cd'.repeat(32));
    await expect(compareAtlas({ ...request, model })).rejects.toThrow(`expected the network with weights ${'ab'.repeat(32)} for stand-in`);
  });

  it('is one whose directions are not those of its records', async () => {
    const request = await makeStore('null');
    await writeFile(`${request.folder}/directions/bank.f32`, new Uint8Array(16 * CHANNELS * 4));
    await expect(compareAtlas(request)).rejects.toThrow(/directions\/bank\.f32: expected the vector with hash [0-9a-f]{64} for random-0/);
  });

  it('is one with a picture that is no picture', async () => {
    const request = await makeStore('null');
    const [{ renders }] = await recordsOf(request.folder);
    const hash = renders[0].image ?? '';
    await writeFile(`${request.folder}/images/${hash.slice(0, 2)}/${hash}.webp`, 'torn');
    await expect(compareAtlas(request)).rejects.toThrow('expected an image that can be decoded for picture');
  });

  it('stops when asked to, and writes no comparison', async () => {
    const request = await makeStore('null');
    await expect(compareAtlas({ ...request, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    expect(await readdir(request.folder)).not.toContain('comparison.json');
  });
});
