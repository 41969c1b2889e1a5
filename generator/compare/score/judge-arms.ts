/** The arms that every layer of a comparison has, judged: the frame test, the rows, the curve. */
import type { Measures } from '../../../data/schema.ts';
import { imageScores } from '../../measure/image-scores.ts';
import { DESCRIBED, FRAME_ROWS, PLANNED, TESTS } from '../analysis.ts';
import { channelSubset } from '../directions/basis.ts';
import type { LayerEvidence } from '../evidence/evidence.ts';
import { icc } from '../statistics/icc.ts';
import { correlations, effectiveNumber, linkNearDuplicates } from '../statistics/near-duplicates.ts';
import { type ScoredFrames, scoreFrames } from './frames.ts';
import { armScores, imagesId, type JudgedArms, type JudgeRequest, withConcepts } from './judged.ts';
import { compareArms, type LayerRows } from './rows.ts';
import { scoreBlindly } from './score-blindly.ts';
import { scoreConcepts, scoreCurve } from './score-concepts.ts';
import { type DirectionScore, stored } from './score-layer.ts';

/** Scores them without names, tests them against the random frames, and compares them arm by arm. */
export async function judgeArms(request: JudgeRequest): Promise<JudgedArms> {
  const { evidence, layer, observers } = request;
  const concepts = scoreConcepts(evidence);
  const blind = await scoreBlindly(request);
  const scores = withConcepts(evidence, blind, concepts);
  const frames = await testFrames(request, scores);
  const duplicates = nearDuplicates(evidence);
  const input: LayerRows = {
    layer: layer.slug,
    directions: armScores(evidence.directions, scores),
    frames,
    images: imagesId(evidence),
    observers,
    duplicates: duplicates.groups,
  };
  const attainments = scores
    .map(({ renders }) => renders.flatMap(({ attainment }) => attainment ?? []))
    .filter((values) => values.length > 1);
  return {
    scores,
    rows: PLANNED.flatMap((planned) => compareArms(planned, input) ?? []),
    part: {
      id: layer.slug,
      tap: layer.tap,
      C: layer.shape[0],
      HW: [layer.shape[1], layer.shape[2]],
      n_constant: evidence.directions.filter(({ arm }, d) => arm === 'basis' && scores[d].moments.constant).length,
      icc: stored(attainments.length > 1 ? icc(attainments) : null),
      n_eff: duplicates.effective,
      frame_test: {
        rows: frames.channels.length,
        statistic: Number(frames.test.statistic.toPrecision(7)),
        mean: Number(frames.test.null.mean.toPrecision(7)),
        deviation: Number(frames.test.null.deviation.toPrecision(7)),
        values: frames.list.map(({ mean }) => Number(mean.toPrecision(7))),
        frames: frames.list.map(({ index, sha256: hash }) => ({ index, sha256: hash })),
      },
      ...(concepts ? { dissection: { tau: concepts.tau, arms: concepts.arms } } : {}),
      alpha_curve: scoreCurve(evidence, scores, concepts),
      descriptive: describeArms(evidence, scores),
    },
  };
}

/** The frame test on the plan's seeded channels. */
async function testFrames(request: JudgeRequest, scores: readonly DirectionScore[]): Promise<ScoredFrames> {
  const { evidence, layer, weightsSha256, analysis, observers, seed, threads, signal, onProgress } = request;
  const channels = layer.shape[0];
  const subset = new Set(channelSubset({ seed, weightsSha256, layerName: layer.name, channels, tap: layer.tap, counts: {} }, FRAME_ROWS));
  const places = [...evidence.directions.keys()].filter(
    (d) => evidence.directions[d].arm === 'basis' && subset.has(evidence.directions[d].index),
  );
  const valuesOf = (some: readonly number[]) => some.flatMap((d) => scores[d].measures.natural_2afc ?? []);
  const images = evidence.images.embeddings.get(observers[0]);
  if (!images) throw new Error(`${layer.slug}: no evidence of the observer ${observers[0]}`);
  return scoreFrames({
    weightsSha256,
    layerName: layer.name,
    channels,
    means: evidence.means,
    images,
    seed: evidence.images.sha256,
    count: analysis.frames,
    basis: valuesOf(places),
    varying: valuesOf(places.filter((d) => !scores[d].moments.constant)),
    ...(threads ? { threads } : {}),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress } : {}),
  });
}

/** Directions of the confirmatory arms that respond almost alike, and how many there are in effect. */
function nearDuplicates({ directions, means }: LayerEvidence) {
  const groups = new Map<string, number[][]>();
  const effective: Record<string, number> = {};
  for (const arm of ['basis', 'random']) {
    const places = [...directions.keys()].filter((d) => directions[d].arm === arm);
    if (places.length < 2) continue;
    const images = means.length / directions[0].vector.length;
    const table = new Float64Array(images * places.length);
    for (const [k, d] of places.entries()) {
      const scores = imageScores(means, directions[d].vector);
      for (let x = 0; x < images; x++) table[x * places.length + k] = scores[x];
    }
    const matrix = correlations(table, places.length);
    effective[arm] = Number(effectiveNumber(matrix).toPrecision(5));
    groups.set(
      arm,
      linkNearDuplicates(matrix, TESTS.nearDuplicates).map((group) => group.map((k) => places[k])),
    );
  }
  return { groups, effective };
}

function describeArms({ directions }: LayerEvidence, scores: readonly DirectionScore[]) {
  return DESCRIBED.flatMap((measure: keyof Measures) =>
    ['basis', 'random'].flatMap((arm) => {
      const values = directions.flatMap((direction, d) => (direction.arm === arm ? (scores[d].measures[measure] ?? []) : []));
      if (values.length === 0) return [];
      const sorted = values.toSorted((a, b) => a - b);
      return [{ measure, arm, n: values.length, mean: stored(average(values)), median: stored(sorted[Math.floor(sorted.length / 2)]) }];
    }),
  );
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
