/** Rows of the fixture's comparison: real means and Cliff's δ of its made-up measures, with a rough interval, for the page to show. */
import type { ComparisonResult, Measures } from '../../data/schema.ts';

/** A direction as the rows see it. */
export interface Scored {
  readonly arm: string;
  readonly scores: Partial<Measures>;
}

const M1 = { metric: 'natural-2afc', field: 'natural_2afc', observer: 'o1' } as const;
const AGAINST = { armA: 'basis', armB: 'random' } as const;

/** Rows as the analysis plans them; an older comparison has those that need no images. */
const PLANNED = [
  { ...M1, ...AGAINST, role: 'headline' },
  { ...M1, ...AGAINST, field: 'natural_2afc_second', observer: 'o2', role: 'secondary' },
  { metric: 'other-tops-2afc', field: 'other_tops_2afc', observer: 'o1', ...AGAINST, role: 'secondary' },
  { metric: 'synthetic-2afc', field: 'synthetic_2afc', observer: 'o1', ...AGAINST, role: 'secondary' },
  { metric: 'render-top', field: 'render_top', observer: 'o1', ...AGAINST, role: 'secondary' },
  { metric: 'render-identity', field: 'render_identity', observer: 'o1', ...AGAINST, role: 'secondary' },
  { metric: 'dissection', field: 'dissection', ...AGAINST, role: 'secondary' },
  { ...M1, armA: 'basis', armB: 'matched', role: 'sensitivity' },
  { metric: 'attainment', field: 'attainment', ...AGAINST, role: 'gate' },
  { metric: 'robustness', field: 'robustness', ...AGAINST, role: 'gate' },
  { ...M1, armA: 'pca', armB: 'random', role: 'exploratory' },
] as const satisfies readonly (Pick<ComparisonResult, 'metric' | 'armA' | 'armB' | 'role'> & {
  field: keyof Measures;
  observer?: string;
})[];

/** The rows of a layer; those that no direction has values for are left out. */
export function makeRows(directions: readonly Scored[], frameMeans: readonly number[]): ComparisonResult[] {
  return PLANNED.flatMap((planned) => {
    const values = (arm: string) => directions.filter((one) => one.arm === arm).flatMap(({ scores }) => scores[planned.field] ?? []);
    const [a, b] = [values(planned.armA), values(planned.armB)];
    return a.length + b.length === 0 ? [] : [makeRow(planned, a, b, frameMeans)];
  });
}

function makeRow(
  { field: _, ...planned }: (typeof PLANNED)[number],
  a: readonly number[],
  b: readonly number[],
  frameMeans: readonly number[],
): ComparisonResult {
  const mean = (list: readonly number[]) => (list.length ? list.reduce((sum, value) => sum + value, 0) / list.length : null);
  const wins = a.flatMap((x) => b.map((y) => (x > y ? 1 : x === y ? 0.5 : 0))).reduce((sum: number, value) => sum + value, 0);
  const cliff = a.length && b.length ? (2 * wins) / (a.length * b.length) - 1 : null;
  const half = 1.96 * Math.sqrt((1 / Math.max(1, a.length) + 1 / Math.max(1, b.length)) / 3);
  const ends = (width: number): [number, number] | null =>
    cliff === null ? null : [Math.max(-1, cliff - width), Math.min(1, cliff + width)];
  const ci90 = ends(half * 0.84);
  const [meanA, meanB] = [mean(a), mean(b)];
  const beyond = (way: 1 | -1) => (1 + frameMeans.filter((value) => way * (value - (meanA ?? 0)) >= 0).length) / (frameMeans.length + 1);
  const framed = planned.role === 'headline';
  const p =
    cliff === null
      ? null
      : framed
        ? Math.min(1, 2 * Math.min(beyond(1), beyond(-1)))
        : Math.max(0.0001, Math.exp(-4 * Math.abs(cliff / half)));
  return {
    ...planned,
    ...(planned.metric === 'render-identity' ? {} : { images: 'generated-1' }),
    nA: a.length,
    nB: b.length,
    excluded: 0,
    meanA,
    meanB,
    delta_points: meanA === null || meanB === null ? null : (meanA - meanB) * (planned.role === 'gate' ? 1 : 100),
    A: cliff === null ? null : (cliff + 1) / 2,
    cliff,
    ci: ends(half),
    ci_method: 'made up',
    ci90,
    equivalent: ci90 && Math.max(-ci90[0], ci90[1]) < 0.147,
    ...(framed ? { p_frame: p ?? 1, p_frame_greater: beyond(1), p_frame_less: beyond(-1), B: frameMeans.length } : {}),
    p_permutation: framed ? null : p,
    permutations: framed ? 0 : 9999,
    p_adjusted: p === null ? null : Math.min(1, p * 3),
    adjust: framed ? 'holm over 3 tests' : 'benjamini-hochberg over 30 tests',
    family: framed ? 'headline' : 'secondary',
    seed: 'fixture',
    exploratory: planned.role === 'exploratory',
  };
}
