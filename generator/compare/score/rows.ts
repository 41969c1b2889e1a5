/** From directions with arms and scores to the rows of a comparison. */
import type { ComparisonResult, Measures } from '../../../data/schema.ts';
import { RandomStream } from '../../render/random.ts';
import { ANALYSIS_SEED, EFFECT_FRAMES, type PlannedRow, TESTS } from '../analysis.ts';
import type { Clusters } from '../statistics/bca-bootstrap.ts';
import { permutationBrunnerMunzel } from '../statistics/brunner-munzel.ts';
import { cliffsDelta } from '../statistics/cliffs-delta.ts';
import type { FrameTest } from '../statistics/frame-test.ts';
import { mannWhitney } from '../statistics/mann-whitney.ts';
import { benjaminiHochberg, holm } from '../statistics/multiplicity.ts';
import { nearDuplicateInterval } from '../statistics/near-duplicates.ts';
import { signFlips } from '../statistics/sign-flips.ts';
import { effectOf, rounded, withoutConstant } from './effect.ts';
import { stored } from './score-layer.ts';

/** A direction as the tests see it. */
export interface ArmScore {
  readonly arm: string;
  readonly index: number;
  /** Of a random direction, the frame that it is a row of; directions of the others are independent. */
  readonly frame?: number;
  /** Renders that the plan has of it: without one it has no metric of renders to miss, with one no render identity. */
  readonly renders: number;
  readonly scores: Measures;
}

/** What the frame test of a layer gives beside its p: the M1 of the rows of some frames, `[frames][rows]`, and of as many channels. */
export interface FrameScores {
  readonly test: FrameTest;
  readonly channels: readonly number[];
  /** Those of them that are not constant, and so not at chance by definition. */
  readonly varying: readonly number[];
  readonly frames: readonly (readonly number[])[];
}

export interface LayerRows {
  readonly layer: string;
  readonly directions: readonly ArmScore[];
  /** For the headline. */
  readonly frames?: FrameScores;
  readonly images: string;
  /** Of the first observer, and of the second if there is one. */
  readonly observers: readonly string[];
  /** Near-duplicates among the directions of an arm, as groups of their places in `directions`. */
  readonly duplicates: ReadonlyMap<string, readonly (readonly number[])[]>;
}

/** Metrics that look at pictures of the direction. */
const NEED_RENDERS = new Map<keyof Measures, number>([
  ['render_identity', 2],
  ['synthetic_2afc', 1],
  ['render_top', 1],
  ['other_tops_2afc', 1],
  ['attainment', 1],
  ['robustness', 1],
]);
const BY_OBSERVER: readonly string[] = ['natural-2afc', 'other-tops-2afc', 'synthetic-2afc', 'render-top', 'render-identity'];

/** A planned row of a layer, without the adjustment of its p, which takes all layers: see {@link adjustRows}. Nothing where the layer lacks an arm or the measure. */
export function compareArms(planned: PlannedRow, layer: LayerRows): ComparisonResult | undefined {
  const [a, b] = [planned.armA, planned.armB].map((arm) => gather(layer, arm, planned.measure));
  if (a.eligible === 0 || b.eligible === 0 || (planned.second && layer.observers.length < 2)) return undefined;
  if (a.values.length + b.values.length === 0) return undefined;
  const seed = [ANALYSIS_SEED, layer.layer, planned.metric, planned.armA, planned.armB, ...(planned.second ? ['second'] : [])];
  const described = {
    metric: planned.metric,
    role: planned.role,
    ...(BY_OBSERVER.includes(planned.metric) ? { observer: layer.observers[planned.second ? 1 : 0] } : {}),
    ...(planned.metric === 'render-identity' ? {} : { images: layer.images }),
    armA: planned.armA,
    armB: planned.armB,
    excluded: a.eligible - a.values.length + b.eligible - b.values.length,
    p_adjusted: null,
    adjust: 'none',
    seed: seed.join(' '),
    exploratory: planned.role === 'exploratory',
  };
  if (planned.paired) return { ...described, ...comparePairs(planned, a, b, seed) };
  if (planned.role === 'headline' && layer.frames) return { ...described, ...compareFrames(planned, a, layer.frames, seed) };
  const groups = [planned.armA, planned.armB].map((arm) => layer.duplicates.get(arm));
  return { ...described, ...compareSamples(planned, a, b, seed, groups) };
}

interface Sample {
  readonly values: readonly number[];
  /** The number of each value's direction within the arm. */
  readonly indices: readonly number[];
  /** The place of each value's direction in the layer. */
  readonly places: readonly number[];
  readonly clusters: Clusters;
  readonly eligible: number;
}

/** An arm's values, in clusters of one frame each. */
function gather({ directions }: LayerRows, arm: string, measure: keyof Measures): Sample {
  const clusters = new Map<number, number[]>();
  const [values, indices, places]: [number[], number[], number[]] = [[], [], []];
  let eligible = 0;
  for (const [place, direction] of directions.entries()) {
    if (direction.arm !== arm || direction.renders < (NEED_RENDERS.get(measure) ?? 0)) continue;
    eligible++;
    const value = direction.scores[measure];
    if (value === null || value === undefined) continue;
    const frame = direction.frame ?? 0;
    clusters.set(frame, [...(clusters.get(frame) ?? []), value]);
    values.push(value);
    indices.push(direction.index);
    places.push(place);
  }
  return { values, indices, places, clusters: [...clusters.values()], eligible };
}

type Compared = Omit<ComparisonResult, 'metric' | 'role' | 'armA' | 'armB' | 'excluded' | 'p_adjusted' | 'adjust' | 'seed' | 'exploratory'>;

function compareSamples(
  planned: PlannedRow,
  a: Sample,
  b: Sample,
  seed: readonly string[],
  groups: readonly (readonly (readonly number[])[] | undefined)[],
): Compared {
  const effect = effectOf(planned, a.values, b.values, a.clusters, b.clusters, seed);
  const test = permutationBrunnerMunzel(a.values, b.values, new RandomStream(...seed, 'permutation'), TESTS.permutations);
  const enough = a.values.length > 1 && b.values.length > 1;
  const [ga, gb] = [a, b].map((sample, i) => groups[i] && regroup(sample, groups[i] ?? []));
  const near =
    enough && ga && gb && ga.length + gb.length < a.values.length + b.values.length
      ? nearDuplicateInterval(ga, gb, cliffsDelta, { stream: new RandomStream(...seed, 'near-duplicates'), draws: TESTS.resamples })
      : undefined;
  return {
    ...effect,
    ...(near === undefined ? {} : { ci_near_duplicates: near && rounded(near) }),
    p_permutation: stored(test.p),
    p_mann_whitney: enough ? stored(mannWhitney(a.values, b.values).p) : null,
    permutations: test.draws,
  };
}

/** The headline: the frame test for p, and the channels of that test against the rows of its first frames for the effect. */
function compareFrames(planned: PlannedRow, a: Sample, frameScores: FrameScores, seed: readonly string[]): Compared {
  const { test, channels, frames } = frameScores;
  const used = frames.slice(0, EFFECT_FRAMES);
  const effect = effectOf(planned, channels, used.flat(), [channels], used, seed);
  return {
    ...effect,
    ...withoutConstant(planned, frameScores, used.flat()),
    p_frame: stored(test.p),
    p_frame_greater: stored(test.pGreater),
    p_frame_less: stored(test.pLess),
    B: test.frames,
    p_permutation: null,
    permutations: 0,
    nA: Math.min(channels.length, a.values.length),
  };
}

function comparePairs(planned: PlannedRow, a: Sample, b: Sample, seed: readonly string[]): Compared {
  const partner = new Map(b.indices.map((index, i) => [index, b.values[i]]));
  const pairs = a.indices.flatMap((index, i) => {
    const value = partner.get(index);
    return value === undefined ? [] : [[a.values[i], value] as const];
  });
  const [left, right] = [pairs.map(([value]) => value), pairs.map(([, value]) => value)];
  const test = signFlips(
    pairs.map(([x, y]) => x - y),
    new RandomStream(...seed, 'signs'),
    TESTS.permutations,
  );
  return { ...effectOf(planned, left, right, [left], [right], seed), p_permutation: stored(test.p), permutations: test.draws };
}

/** A sample's values in groups of near-duplicates. */
function regroup({ values, places }: Sample, groups: readonly (readonly number[])[]): number[][] {
  const value = new Map(places.map((place, i) => [place, values[i]]));
  return groups.map((group) => group.flatMap((place) => value.get(place) ?? [])).filter((group) => group.length > 0);
}

/** The rows of all layers with their p-values adjusted: Holm over the headlines, Benjamini–Hochberg over the rest. The order is kept. */
export function adjustRows(layers: readonly (readonly ComparisonResult[])[]): ComparisonResult[][] {
  const rows = layers.flat();
  const families = [
    { family: 'headline', method: 'holm', adjust: holm, members: rows.filter(({ role }) => role === 'headline') },
    {
      family: 'secondary',
      method: 'benjamini-hochberg',
      adjust: benjaminiHochberg,
      members: rows.filter(({ role }) => role !== 'headline'),
    },
  ];
  const adjusted = new Map<ComparisonResult, ComparisonResult>();
  for (const { family, method, adjust, members } of families) {
    const p = adjust(members.map((row) => row.p_frame ?? row.p_permutation));
    const tests = p.filter((value) => value !== null).length;
    for (const [i, row] of members.entries())
      adjusted.set(row, { ...row, p_adjusted: stored(p[i]), adjust: `${method} over ${tests} tests`, family });
  }
  return layers.map((layer) => layer.map((row) => adjusted.get(row) ?? row));
}
