/** The comparison of the fixture store: real means and Cliff's δ of its made-up measures, with a rough interval, for the page to show. */
import { createHash } from 'node:crypto';
import { type AtlasLayer, type Comparison, type ComparisonResult, comparison, type Measures, type UnitRecord } from '../../data/schema.ts';

const hash = (content: string) => createHash('sha256').update(content).digest('hex');
const FIELDS = { 'render-identity': 'render_identity', attainment: 'attainment', robustness: 'robustness' } as const;

/** A valid `comparison.json` over the units of each layer. */
export function makeComparison(layers: readonly AtlasLayer[], units: ReadonlyMap<string, readonly UnitRecord[]>): Comparison {
  return comparison.parse({
    schema: 'basis-comparison/1',
    run_id: 'fixture',
    created: '2026-03-04T05:06:07.000Z',
    plan_sha256: hash('plan'),
    analysis_sha256: hash('analysis'),
    software: { atlas: '0.1.0' },
    model: { name: 'Fixture network', weights_sha256: hash('weights') },
    observers: [{ id: 'o1', about: 'Hand-built: colour histograms and Gabor energies.' }],
    images: [{ id: 'generated-1', kind: 'generated', n: 512, sha256: hash('images') }],
    layers: layers.map((layer) => ({
      id: layer.slug,
      tap: layer.tap,
      C: layer.shape[0],
      HW: [layer.shape[1], layer.shape[2]],
      n_constant: 0,
      icc: 0.71,
      results: (Object.keys(FIELDS) as (keyof typeof FIELDS)[]).map((metric) => compare(metric, units.get(layer.slug) ?? [])),
    })),
    directions: [...units].flatMap(([layer, records]) =>
      records.map((record) => ({
        id: record.id,
        layer,
        arm: record.arm,
        mu: 0.1,
        sigma: 0.9,
        constant: false,
        scores: record.measures as Measures,
      })),
    ),
    limits: [
      'One network is a claim about one network.',
      'The images are generated: they speak for low and middle levels, not for objects.',
      'Whether independent renders look alike is a property of the pictures, not of how a person would read them.',
    ],
  });
}

function compare(metric: keyof typeof FIELDS, records: readonly UnitRecord[]): ComparisonResult {
  const values = (arm: string) =>
    records.filter((record) => record.arm === arm).flatMap((record) => record.measures?.[FIELDS[metric]] ?? []);
  const [a, b] = [values('basis'), values('random')];
  const mean = (list: number[]) => (list.length ? list.reduce((sum, value) => sum + value, 0) / list.length : null);
  const wins = a.flatMap((x) => b.map((y) => (x > y ? 1 : x === y ? 0.5 : 0))).reduce((sum: number, value) => sum + value, 0);
  const defined = a.length > 0 && b.length > 0;
  const share = defined ? wins / (a.length * b.length) : null;
  const cliff = share === null ? null : 2 * share - 1;
  const half = 1.96 * Math.sqrt((1 / Math.max(1, a.length) + 1 / Math.max(1, b.length)) / 3);
  const [meanA, meanB] = [mean(a), mean(b)];
  const p = cliff === null ? null : Math.max(0.0001, Math.exp(-4 * Math.abs(cliff / half)));
  return {
    metric,
    role: metric === 'render-identity' ? 'secondary' : 'gate',
    ...(metric === 'render-identity' ? { observer: 'o1' } : { images: 'generated-1' }),
    armA: 'basis',
    armB: 'random',
    nA: a.length,
    nB: b.length,
    excluded: records.length - a.length - b.length,
    meanA,
    meanB,
    delta_points: meanA === null || meanB === null ? null : (meanA - meanB) * (metric === 'attainment' ? 1 : 100),
    A: share,
    cliff,
    ci: cliff === null ? null : [Math.max(-1, cliff - half), Math.min(1, cliff + half)],
    ci_method: 'made up',
    p_permutation: p,
    permutations: 9999,
    p_adjusted: p === null ? null : Math.min(1, p * 3),
    adjust: 'benjamini-hochberg',
    seed: 'fixture',
    exploratory: false,
  };
}
