/** The comparison on a real network with a planted answer: what is there is found, what is not is not, and everything is on record. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, comparison as comparisonSchema, unitRecord } from '../../data/schema.ts';
import { canonicalJson, sha256 } from '../../generator/batch/canonical.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { readAtlas } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { compareAtlas } from '../../generator/compare/compare.ts';
import { comparisonJsonSchema } from '../../generator/compare/comparison-file.ts';
import { benjaminiHochberg, holm } from '../../generator/compare/statistics/multiplicity.ts';
import { CHANNELS, DEAD, SIZE } from './planted-network.ts';
import { LEAST, makePlanted, type PlantedStore } from './planted-store.ts';

let planted: PlantedStore;
let result: Comparison;
beforeAll(async () => {
  planted = await makePlanted(['bank-relu', 'turned']);
  result = await compareAtlas(planted.request);
});

const layerOf = (id: string) => {
  const found = result.layers.find((layer) => layer.id === id);
  if (!found) throw new Error(`no layer ${id}`);
  return found;
};
const headlineOf = (id: string) => layerOf(id).results[0];
const recordsOf = async (folder: string, layer: string) =>
  (await readFile(`${folder}/layers/${layer}.jsonl`, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => unitRecord.parse(JSON.parse(line)));

describe('a planted difference', () => {
  it('is found, by the frame test and as an effect', () => {
    const row = headlineOf('bank-relu');
    expect(row).toMatchObject({ metric: 'natural-2afc', role: 'headline', observer: 'lab-gabor-1', images: 'folder-at-32' });
    expect(row).toMatchObject({ armA: 'basis', armB: 'random', nA: CHANNELS, nB: 32 * CHANNELS, excluded: 0, B: 199 });
    expect(row.meanA).toBeGreaterThan(0.75);
    expect(row.meanB).toBeLessThan(0.65);
    expect(row.cliff).toBeGreaterThan(0.5);
    expect(row.ci?.[0]).toBeGreaterThan(0);
    // Above all 199 frames, twice over two sides; twice over two layers.
    expect(row.p_frame).toBe(0.01);
    expect(row.p_frame_greater).toBe(0.005);
    expect(row.p_adjusted).toBe(0.02);
    expect(row.equivalent).toBe(false);
  });

  it('fades with the number of channels that a direction is spread over', () => {
    const sparse = ['sparse-2', 'sparse-4', 'sparse-8'].map(
      (arm) => layerOf('bank-relu').results.find(({ armA }) => armA === arm)?.cliff ?? Number.NaN,
    );
    expect(sparse[0]).toBeGreaterThan(sparse[1] + 0.1);
    expect(sparse[1]).toBeGreaterThan(sparse[2] + 0.1);
    const curve = layerOf('bank-relu').alpha_curve ?? [];
    expect(curve.map(({ alpha, n }) => [alpha, n])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1].map((alpha) => [alpha, CHANNELS]));
    expect(curve[0].natural_2afc).toBeCloseTo(headlineOf('bank-relu').meanA ?? 0, 6);
    expect(curve[5].natural_2afc).toBeLessThan(0.65);
  });

  it('is not found in the same layer, turned: there the basis is a set of random directions', () => {
    const row = headlineOf('turned');
    expect(row.p_adjusted).toBeGreaterThan(0.05);
    expect(row.ci?.[0]).toBeLessThan(0);
    expect(row.ci?.[1]).toBeGreaterThan(0);
    expect(layerOf('turned').results.filter(({ role, p_adjusted }) => role === 'secondary' && (p_adjusted ?? 1) < 0.05)).toEqual([]);
  });
});

describe('the rows', () => {
  const described = (id: string) =>
    layerOf(id).results.map(({ metric, armA, armB, role, family }) => `${metric} ${armA}/${armB} ${role} ${family}`);
  const pictures = ['other-tops-2afc', 'synthetic-2afc', 'render-top', 'render-identity'].map(
    (metric) => `${metric} basis/random secondary secondary`,
  );
  const sparse = [2, 4, 8].map((size) => `natural-2afc sparse-${size}/random secondary secondary`);
  const against = (...arms: string[]) => arms.map((arm) => `natural-2afc basis/${arm} sensitivity secondary`);
  const gates = ['attainment basis/random gate secondary', 'robustness basis/random gate secondary'];
  const found = (...arms: string[]) => arms.map((arm) => `natural-2afc ${arm}/random exploratory secondary`);
  const headline = 'natural-2afc basis/random headline headline';

  it('of a rectified layer are those planned for it, in their order', () => {
    const last = against('covariance', 'whitened', 'nonnegative', 'matched');
    expect(described('bank-relu')).toEqual([headline, ...pictures, ...sparse, ...last, ...gates, ...found('pca', 'nmf', 'kmeans')]);
  });

  it('of a linear layer have negative channels, and no arm that needs rectified values', () => {
    const negative = 'natural-2afc basis-negative/random secondary secondary';
    const last = against('covariance', 'whitened', 'matched');
    expect(described('turned')).toEqual([headline, ...pictures, negative, ...sparse, ...last, ...gates, ...found('pca', 'kmeans')]);
  });

  it('are adjusted by Holm over the headlines and by Benjamini–Hochberg over all others', () => {
    const rows = result.layers.flatMap(({ results }) => results);
    for (const [family, adjust, name] of [
      ['headline', holm, 'holm'],
      ['secondary', benjaminiHochberg, 'benjamini-hochberg'],
    ] as const) {
      const members = rows.filter((row) => row.family === family);
      const p = members.map((row) => row.p_frame ?? row.p_permutation);
      const tests = p.filter((value) => value !== null).length;
      expect(tests).toBeGreaterThan(1);
      expect(new Set(members.map((row) => row.adjust))).toEqual(new Set([`${name} over ${tests} tests`]));
      for (const [i, value] of adjust(p).entries()) {
        if (value === null) expect(members[i].p_adjusted).toBeNull();
        else expect(members[i].p_adjusted).toBeCloseTo(value, 6);
      }
    }
  });

  it('have the means of the records that they stand for', async () => {
    for (const { id, results } of result.layers) {
      const records = await recordsOf(planted.request.folder, id);
      const row = results.find(({ metric }) => metric === 'synthetic-2afc');
      const values = records.flatMap(({ arm, measures }) => (arm === 'basis' ? (measures?.synthetic_2afc ?? []) : []));
      expect(values).toHaveLength(CHANNELS);
      expect(row?.meanA).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / CHANNELS, 6);
    }
  });
});

describe('a constant channel', () => {
  it('is counted, scores chance, and has no attainment', () => {
    expect(result.layers.map(({ n_constant }) => n_constant)).toEqual([1, 0]);
    const dead = result.directions.find(({ layer, id }) => layer === 'bank-relu' && id === `channel-${DEAD}`);
    expect(dead).toMatchObject({ constant: true, sigma: 0, top: [], middle: [] });
    expect(dead?.scores).toMatchObject({ natural_2afc: 0.5, synthetic_2afc: 0.5, attainment: null, exceeds: null, robustness: null });
  });

  it('is at chance in the headline, which is also told without it', () => {
    const row = headlineOf('bank-relu');
    expect(row.without_constant?.excluded).toBe(1);
    expect(row.without_constant?.meanA).toBeCloseTo(((row.meanA ?? 0) * CHANNELS - 0.5) / (CHANNELS - 1), 6);
    expect(row.without_constant?.cliff).toBeGreaterThan(row.cliff ?? 1);
    expect(headlineOf('turned')).not.toHaveProperty('without_constant');
  });

  it('is excluded from that row, and counted there', () => {
    const row = layerOf('bank-relu').results.find(({ metric }) => metric === 'attainment');
    expect(row).toMatchObject({ nA: CHANNELS - 1, nB: 8, excluded: 1 });
    expect(result.limits.join(' ')).toContain('were excluded');
  });
});

describe('the file', () => {
  it('has a JSON schema, which is the one that is published', async () => {
    expect(JSON.parse(await readFile('data/comparison.schema.json', 'utf8'))).toEqual(JSON.parse(JSON.stringify(comparisonJsonSchema())));
  });

  it('is one that the schema takes, with the analysis plan that its hash stands for', async () => {
    const file = comparisonSchema.parse(JSON.parse(await readFile(`${planted.request.folder}/comparison.json`, 'utf8')));
    expect(file).toEqual(result);
    expect(sha256(canonicalJson(file.analysis))).toBe(file.analysis_sha256);
    expect(file.model).toMatchObject({ name: 'net', input: [3, SIZE, SIZE] });
    expect(file.images).toEqual([expect.objectContaining({ id: 'folder-at-32', kind: 'folder', n: LEAST, size: SIZE })]);
  });

  it('has a plan that was fixed before anything was scored: it names no figure, and plans every row', () => {
    const { rows, frames } = result.analysis as { rows: { metric: string; armA: string; armB: string; role: string }[]; frames: number };
    expect(frames).toBe(199);
    const planned = rows.map(({ metric, armA, armB, role }) => `${metric} ${armA}/${armB} ${role}`);
    for (const { metric, armA, armB, role } of result.layers.flatMap(({ results }) => results))
      expect(planned).toContain(`${metric} ${armA}/${armB} ${role}`);
  });

  it('has the measures of the records, direction by direction, and directions that were not rendered after them', async () => {
    for (const layer of ['bank-relu', 'turned']) {
      const records = await recordsOf(planted.request.folder, layer);
      expect(records).toHaveLength(CHANNELS + 8);
      const own = result.directions.filter((direction) => direction.layer === layer);
      expect(own.slice(0, records.length).map(({ id, scores }) => [id, scores])).toEqual(records.map(({ id, measures }) => [id, measures]));
      expect(own.slice(records.length).every(({ renders }) => renders === undefined)).toBe(true);
      expect(records.find(({ renders }) => renders.length === 1)?.measures?.render_identity).toBeNull();
    }
  });

  it('says where every vector lies, and the hash of those that were rendered', async () => {
    const files = new Map<string, Buffer>();
    expect(result.directions.length).toBeGreaterThan(1000);
    for (const { vector, renders } of result.directions) {
      if (!vector) throw new Error('no vector');
      const bytes = files.get(vector.file) ?? (await readFile(`${planted.request.folder}/${vector.file}`));
      files.set(vector.file, bytes);
      const own = bytes.subarray(vector.offset, vector.offset + 4 * CHANNELS);
      expect(own).toHaveLength(4 * CHANNELS);
      expect(vector.sha256).toBe(renders ? sha256(own) : undefined);
    }
  });

  it('tells a row of a frame by its place: of a matched direction only the frame is known', async () => {
    const own = result.directions.filter(({ layer }) => layer === 'turned');
    const vectors = new Float32Array(new Uint8Array(await readFile(`${planted.request.folder}/evidence/turned/vectors.f32`)).buffer);
    const frame = [...own.entries()].filter(([, direction]) => direction.arm === 'random' && direction.frame === 2);
    expect(frame.length).toBeGreaterThan(10);
    expect(new Set(frame.map(([, { row }]) => row)).size).toBe(frame.length);
    for (const [a] of frame)
      for (const [b] of frame) {
        let product = 0;
        for (let c = 0; c < CHANNELS; c++) product += vectors[a * CHANNELS + c] * vectors[b * CHANNELS + c];
        expect(product).toBeCloseTo(a === b ? 1 : 0, 5);
      }
    const matched = own.find(({ id }) => id === 'matched-3');
    const twin = own.find(({ arm, vector }) => arm === 'random' && vector?.sha256 === matched?.vector?.sha256);
    expect(matched).toMatchObject({ frame: twin?.frame });
    expect(matched).not.toHaveProperty('row');
  });

  it('names all of its evidence; beside it lies what is kept for further directions and for the next judging, and nothing else', async () => {
    const { folder } = planted.request;
    for (const { path, sha256: hash, bytes } of result.files ?? []) {
      const content = await readFile(`${folder}/${path}`);
      expect([sha256(content), content.length]).toEqual([hash, bytes]);
    }
    const there = await glob('evidence/**', { cwd: folder });
    const kept = ['bank-relu', 'turned'].flatMap((layer) =>
      ['judged.json', 'moments.f64', 'sample.f32'].map((name) => `evidence/${layer}/${name}`),
    );
    expect(there.sort()).toEqual([...(result.files ?? []).map(({ path }) => path), ...kept, 'evidence/index.json'].sort());
    expect((await verifyStore(folder)).findings).toEqual([]);
  });

  it('measures attainment from the published picture: the recorded score, standardised', async () => {
    const [record] = await recordsOf(planted.request.folder, 'turned');
    const known = result.directions.find(({ layer, id }) => layer === 'turned' && id === record.id);
    const scores = record.renders.map(({ score }) => ((score ?? Number.NaN) - (known?.mu ?? 0)) / (known?.sigma ?? 1));
    expect(known?.scores.attainment).toBeCloseTo(scores.reduce((sum, value) => sum + value, 0) / scores.length, 1);
  });
});

it('keeps the measures when the plan is run again', async () => {
  const { folder } = planted.request;
  const atlas = await readAtlas(folder);
  const before = await recordsOf(folder, 'turned');
  await runPlan({ plan: checkPlan(atlas?.plan, 'test'), folder, engine: openEngine(), runtime: { device: 'cpu', threads: 1 } });
  expect(await recordsOf(folder, 'turned')).toEqual(before);
});
