/** The scorer: from a layer's evidence to measures of every direction. It knows no direction by name and no arm, and runs no network. */
import type { Measures } from '../../../data/schema.ts';
import { attainment } from '../../measure/attainment.ts';
import { imageScores } from '../../measure/image-scores.ts';
import { type DirectionScores, openImageScorer } from '../../measure/image-scores-engine.ts';
import { monosemanticity } from '../../measure/monosemanticity.ts';
import { otherTopsTwoAfc } from '../../measure/other-tops-2afc.ts';
import { CONSTANT_RANGE, type DirectionMoments, dot } from '../../measure/pooled-rows.ts';
import { renderIdentity } from '../../measure/render-identity.ts';
import { renderTop } from '../../measure/render-top.ts';
import { excessKurtosis, participationRatio } from '../../measure/response-shape.ts';
import { robustness } from '../../measure/robustness.ts';
import type { Rows } from '../../measure/rows.ts';
import { prepareSelectivity, type Selectivity } from '../../measure/selectivity.ts';
import { syntheticTwoAfc } from '../../measure/synthetic-2afc.ts';
import { countTops, type TopItem } from '../../measure/top-counts.ts';
import { columnCovariance, columnMeans } from '../directions/products.ts';

/** A direction without its name. */
export interface OpaqueDirection {
  /** Says nothing about the direction: a hash. */
  readonly id: string;
  /** Which arm, as a number that says nothing about it. */
  readonly group: number;
  /** Unit vector, `[C]`. */
  readonly vector: Float32Array;
  /** Its pictures by seed: a row of the arrays over pictures; nothing where a render failed. */
  readonly pictures: readonly (number | undefined)[];
  /** Scores of the first picture, transformed; none without one. */
  readonly transformed: readonly number[];
  /** Whether it gets every measure. Where there are thousands that nobody looks at one by one, M1 is all that is asked of them. */
  readonly inFull: boolean;
}

export interface ScoreRequest {
  readonly directions: readonly OpaqueDirection[];
  readonly channels: number;
  /** Ā, `[n,C]`. */
  readonly means: Float32Array;
  /** ã, `[pictures,C]`. */
  readonly seen: Float32Array;
  /** φ of the images and of the pictures: of the first observer, then of the second where there is one. */
  readonly observers: readonly { readonly images: Rows; readonly pictures: Rows }[];
  /** The SHA-256 of the image set. */
  readonly seed: string;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface DirectionScore {
  readonly moments: DirectionMoments;
  /** All but M3, which is scored from counts. */
  readonly measures: Measures;
  /** By picture, in the order of `pictures`: the score, and whether it is above every image's. */
  readonly renders: readonly { readonly score: number | null; readonly exceeds: boolean | null; readonly attainment: number | null }[];
  readonly top: readonly number[];
  readonly middle: readonly number[];
}

/** Scores by opaque id. What a direction gets does not depend on the order they are given in. */
export async function scoreLayer(request: ScoreRequest): Promise<Map<string, DirectionScore>> {
  const { channels, means, observers } = request;
  const directions = request.directions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const [first, second] = observers;
  const natural = await scoreNatural(request, directions, first.images);
  const other = second ? await scoreNatural(request, directions, second.images) : undefined;
  const layer = { mean: columnMeans(means, channels), covariance: columnCovariance(means, channels) };
  const selectivity = layer.covariance.some((value) => value !== 0) ? prepareSelectivity(layer.mean, layer.covariance) : undefined;
  const items = directions.map((direction, d): TopItem & { hasPictures: boolean } => ({
    group: direction.group,
    top: natural.top.subarray(d * natural.t, (d + 1) * natural.t),
    constant: natural.constant[d] === 1,
    hasPictures: direction.pictures.some((row) => row !== undefined),
  }));
  // The tops of the arms that were rendered: the others are too alike to be anybody's distractors.
  const counts = countTops(
    items.filter(({ hasPictures }) => hasPictures),
    means.length / channels,
  );
  const looks = (direction: OpaqueDirection) =>
    direction.pictures.map((row) => (row === undefined ? undefined : rowOf(first.pictures, row)));
  const identity = renderIdentity(
    directions.map(({ group, pictures }, d) => ({ group, renders: pictures.length > 1 ? looks(directions[d]) : [] })),
  );
  const result = new Map<string, DirectionScore>();
  for (const [d, direction] of directions.entries()) {
    request.signal?.throwIfAborted();
    if (!direction.inFull) {
      result.set(direction.id, scoreInBrief(direction, layer, { m1: natural.m1[d], constant: items[d].constant, second: other?.m1[d] }));
      continue;
    }
    const scores = imageScores(means, direction.vector);
    const moments = momentsOf(scores);
    const item = items[d];
    const middle = natural.middle.subarray(d * natural.t, (d + 1) * natural.t);
    const bands = { top: item.top, middle, constant: item.constant };
    const pictures = looks(direction).filter((look) => look !== undefined);
    const renders = scoreRenders(direction, request, moments);
    const tasks = item.hasPictures
      ? {
          other_tops_2afc: stored(otherTopsTwoAfc(item, scores, counts, first.images)),
          synthetic_2afc: stored(syntheticTwoAfc(bands, first.images, pictures)),
          render_top: stored(renderTop(item, pictures, counts, first.images)),
          selectivity: stored(selectivityOf(direction, request, selectivity)),
        }
      : {};
    result.set(direction.id, {
      moments,
      renders,
      top: item.constant ? [] : [...item.top],
      middle: item.constant ? [] : [...middle],
      measures: {
        attainment: stored(mean(renders.flatMap(({ attainment: value }) => value ?? []))),
        exceeds: stored(mean(renders.flatMap(({ exceeds }) => (exceeds === null ? [] : [Number(exceeds)])))),
        robustness: stored(steadiness(direction, renders, moments)),
        render_identity: stored(identity[d]),
        natural_2afc: stored(natural.m1[d]),
        ...(other ? { natural_2afc_second: stored(other.m1[d]) } : {}),
        ...tasks,
        kurtosis: stored(excessKurtosis(scores)),
        participation_ratio: stored(participationRatio(direction.vector)),
        monosemanticity: stored(monosemanticity(scores, first.images)),
      },
    });
  }
  return result;
}

/** M1, with mean and deviation from the layer's own. */
function scoreInBrief(
  { vector, pictures }: OpaqueDirection,
  layer: { readonly mean: Float64Array; readonly covariance: Float64Array },
  { m1, constant, second }: { m1: number; constant: boolean; second: number | undefined },
): DirectionScore {
  const channels = vector.length;
  let variance = 0;
  for (let i = 0; i < channels; i++) variance += vector[i] * dot(vector, layer.covariance, i * channels);
  const [mu, sigma] = [dot(vector, layer.mean, 0), Math.sqrt(Math.max(0, variance))];
  return {
    moments: { mu, sigma, min: Number.NaN, max: Number.NaN, constant },
    renders: pictures.map(() => ({ score: null, exceeds: null, attainment: null })),
    top: [],
    middle: [],
    measures: {
      ...{ attainment: null, exceeds: null, robustness: null, render_identity: null },
      natural_2afc: stored(m1),
      ...(second === undefined ? {} : { natural_2afc_second: stored(second) }),
    },
  };
}

/** M1 of all directions by one observer. */
async function scoreNatural(request: ScoreRequest, directions: readonly OpaqueDirection[], embeddings: Rows): Promise<DirectionScores> {
  const { means, channels, seed, threads, signal } = request;
  const scorer = await openImageScorer({ means, channels, embeddings, seed, ...(threads ? { threads } : {}) });
  const vectors = new Float32Array(directions.length * channels);
  for (const [d, { vector }] of directions.entries()) vectors.set(vector, d * channels);
  try {
    return await scorer.score(vectors, signal ? { signal } : {});
  } finally {
    await scorer.dispose();
  }
}

/** Of all images' scores. */
function momentsOf(scores: Float64Array): DirectionMoments {
  let [sum, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const score of scores) {
    sum += score;
    min = Math.min(min, score);
    max = Math.max(max, score);
  }
  const mu = sum / scores.length;
  let squares = 0;
  for (const score of scores) squares += (score - mu) ** 2;
  return { mu, sigma: Math.sqrt(squares / (scores.length - 1)), min, max, constant: max - min < CONSTANT_RANGE };
}

function scoreRenders({ pictures, vector }: OpaqueDirection, { seen, channels }: ScoreRequest, moments: DirectionMoments) {
  return pictures.map((row) => {
    if (row === undefined) return { score: null, exceeds: null, attainment: null };
    const score = dot(vector, seen, row * channels);
    return { score: stored(score), ...attainment(score, moments) };
  });
}

function steadiness({ transformed }: OpaqueDirection, renders: DirectionScore['renders'], moments: DirectionMoments): number | null {
  const score = renders.find((render) => render.score !== null)?.score;
  return score === undefined || score === null ? null : robustness(score, transformed, moments);
}

function selectivityOf(
  { pictures, vector }: OpaqueDirection,
  { seen, channels }: ScoreRequest,
  selectivity: Selectivity | undefined,
): number | null {
  const row = pictures.find((one) => one !== undefined);
  if (row === undefined || !selectivity) return null;
  return selectivity.of(vector, seen.subarray(row * channels, (row + 1) * channels));
}

function rowOf({ rows, dimension }: Rows, row: number): Float32Array {
  return rows.subarray(row * dimension, (row + 1) * dimension);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A number as the store keeps it: seven digits, so that what is computed from the file is what was computed from memory; null if not finite. */
export function stored(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(7));
}
