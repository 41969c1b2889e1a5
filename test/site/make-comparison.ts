/** The comparison of the fixture store, in every part that the page shows. */
import { createHash } from 'node:crypto';
import { type AtlasLayer, type Comparison, comparison, type Measures, type UnitRecord } from '../../data/schema.ts';
import { CONCEPTS, measureAll } from './make-measures.ts';
import { bell, drawFrom } from './make-picture.ts';
import { makeRows } from './make-rows.ts';

const hash = (content: string) => createHash('sha256').update(content).digest('hex');
/** Random directions that are compared and have no page, and directions of arms that never have. */
const PAGELESS = [
  { arm: 'random', n: 4 },
  { arm: 'matched', n: 8 },
  { arm: 'pca', n: 5 },
] as const;
const FRAMES = 199;
const ALPHAS = [0, 0.2, 0.4, 0.6, 0.8, 1];

type Compared = Comparison['directions'][number];

/** A valid `comparison.json` over the units of each layer; `older`: as it was before images were looked at. */
export function makeComparison(
  layers: readonly AtlasLayer[],
  units: ReadonlyMap<string, readonly UnitRecord[]>,
  older = false,
): Comparison {
  const directions = new Map(layers.map(({ slug }) => [slug, makeDirections(slug, units.get(slug) ?? [], older)]));
  return comparison.parse({
    schema: 'basis-comparison/1',
    run_id: 'fixture',
    created: '2026-03-04T05:06:07.000Z',
    plan_sha256: hash('plan'),
    analysis_sha256: hash('analysis'),
    software: { atlas: '0.1.0' },
    model: { name: 'Fixture network', weights_sha256: hash('weights') },
    observers: [
      { id: 'o1', about: 'Hand-built: colour histograms and Gabor energies.' },
      ...(older ? [] : [{ id: 'o2', about: 'Another network.', weights_sha256: hash('observer') }]),
    ],
    images: [{ id: 'generated-1', kind: 'generated', n: 512, sha256: hash('images') }],
    layers: layers.map((layer, depth) => describeLayer(layer, directions.get(layer.slug) ?? [], depth, older)),
    directions: [...directions.values()].flat(),
    ...(older ? {} : { analysis: { schema: 'basis-analysis/2', headline: 'mean M1' }, controls: makeControls(), files: makeFiles(layers) }),
    limits: [
      'One network is a claim about one network.',
      'The images are generated: they speak for low and middle levels, not for objects.',
      'Whether independent renders look alike is a property of the pictures, not of how a person would read them.',
    ],
  });
}

function makeDirections(layer: string, records: readonly UnitRecord[], older: boolean): Compared[] {
  const describe = (id: string, arm: string, place: number, scores: Measures): Compared => ({
    ...{ id, layer, arm, mu: 0.1, sigma: 0.9, constant: false, scores },
    ...(older || arm === 'pca' || arm === 'matched' ? {} : { concept: CONCEPTS[(place * 7) % CONCEPTS.length] }),
  });
  const pageless = older ? [] : PAGELESS;
  const first = records.filter(({ arm }) => arm === 'random').length;
  return [
    ...records.map((record, place) => describe(record.id, record.arm, place, record.measures as Measures)),
    ...pageless.flatMap(({ arm, n }, group) =>
      Array.from({ length: n }, (_, i) =>
        describe(`${arm}-${arm === 'random' ? first + i : i}`, arm, i, measureAll(false, 900_000 + group * 1000 + i, [])),
      ),
    ),
  ];
}

function describeLayer(layer: AtlasLayer, directions: readonly Compared[], depth: number, older: boolean) {
  const draw = drawFrom(4242 + depth);
  const frames = Array.from({ length: FRAMES }, () => 0.62 + bell(draw) * 0.015);
  const channels = directions.filter(({ arm }) => arm === 'basis').flatMap(({ scores }) => scores.natural_2afc ?? []);
  const statistic = channels.reduce((sum, value) => sum + value, 0) / Math.max(1, channels.length);
  const images = {
    n_eff: { basis: 6.1, random: 5.2 },
    frame_test: {
      ...{ rows: channels.length, statistic, mean: 0.62, deviation: 0.015, values: frames },
      frames: frames.map((_, index) => ({ index, sha256: hash(`${layer.slug} frame ${index}`) })),
    },
    dissection: {
      tau: 0.0044,
      arms: {
        basis: countDetectors(directions, 'basis'),
        random: countDetectors(directions, 'random'),
        'rotated-1': countDetectors(directions, 'random'),
      },
    },
    alpha_curve: ALPHAS.map((alpha) => ({
      ...{ alpha, n: layer.shape[0], natural_2afc: 0.8 - 0.17 * alpha, detectors: 9, concepts: Math.round(5 - 3 * alpha), alone: 2 },
      detectors_calibrated: 11,
    })),
  };
  return {
    ...{ id: layer.slug, tap: layer.tap, C: layer.shape[0], HW: [layer.shape[1], layer.shape[2]], n_constant: 0, icc: 0.71 },
    results: makeRows(directions, frames),
    ...(older ? {} : images),
  };
}

function countDetectors(directions: readonly Compared[], arm: string) {
  const own = directions.filter((one) => one.arm === arm);
  const found = own.filter(({ scores }) => (scores.dissection ?? 0) > 0.04).map(({ concept }) => concept);
  const alone = found.filter((concept) => found.filter((other) => other === concept).length === 1);
  return {
    units: own.length,
    detectors: found.length,
    concepts: new Set(found).size,
    alone: alone.length,
    detectors_calibrated: own.length,
  };
}

function makeControls() {
  return [
    {
      id: 'C0',
      title: 'Arm labels shuffled 200 times',
      passes_if: 'mean δ within ±.02',
      pass: true,
      values: { mean_cliff: 0.0031, below_05: 9 },
    },
    {
      id: 'C4',
      title: 'The explanation reused as the query',
      passes_if: 'at least .95',
      pass: true,
      values: { by_arm: { basis: 0.991, random: 0.987 } },
    },
    { id: 'C2', title: 'Random weights', passes_if: 'the interval covers 0 in 90% of 20 networks', pass: null, values: {} },
  ];
}

function makeFiles(layers: readonly AtlasLayer[]) {
  return layers.map(({ slug }) => ({ path: `evidence/${slug}/vectors.f32`, sha256: hash(slug), bytes: 123_456 }));
}
