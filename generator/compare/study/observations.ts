/** Answers as numbers: one value of one rater on one direction, and what raters made of each direction. */
import type { Human } from '../../../data/schema.ts';
import type { JudgedAnswer } from './read-ratings.ts';

/** One value of one rater on one direction. */
export interface CrossedObservation {
  readonly rater: string;
  /** Unique over layers: `expanded-conv-6-expand/channel-42`. */
  readonly direction: string;
  readonly value: number;
}

/** An answer that counts: of a rater who does, to a trial that is no catch. */
export interface Observation extends JudgedAnswer {
  readonly rater: string;
}

const MEASURES = {
  accuracy: ({ right }: Observation) => (right ? 1 : 0),
  nameable: ({ answer }: Observation) => answer.nameable,
  confidence: ({ answer }: Observation) => answer.confidence,
} as const;

/** What is measured of an answer: 0 or 1, 1 to 5, 1 to 3. */
export type Measure = keyof typeof MEASURES;

/** `expanded-conv-6-expand/channel-42` */
export const directionOf = ({ trial }: Observation): string => `${trial.layer}/${trial.direction}`;

export function crossed(observations: readonly Observation[], measure: Measure): CrossedObservation[] {
  return observations.map((one) => ({ rater: one.rater, direction: directionOf(one), value: MEASURES[measure](one) }));
}

/** The mean over answers; null of none. */
export function meanOf(observations: readonly CrossedObservation[]): number | null {
  return observations.length === 0 ? null : mean(observations.map(({ value }) => value));
}

/** The mean over answers of `a` minus that of `b`; null where either has none. */
export function differenceOfMeans(a: readonly CrossedObservation[], b: readonly CrossedObservation[]): number | null {
  const [meanA, meanB] = [a, b].map(meanOf);
  return meanA === null || meanB === null ? null : meanA - meanB;
}

/** Every direction by each kind of explanation that it was shown with: what raters made of it, and what they called it. */
export function describeDirections(observations: readonly Observation[]): Human['directions'] {
  const groups = Map.groupBy(observations, (one) => `${directionOf(one)} ${one.trial.kind}`);
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, group]) => {
    const { layer, direction, arm, kind } = group[0].trial;
    const over = (measure: Measure) => mean(group.map(MEASURES[measure]));
    const figures = { accuracy: over('accuracy'), nameable: over('nameable'), confidence: over('confidence') };
    return { layer, direction, arm, kind, answers: group.length, ...figures, words: countWords(group) };
  });
}

/** Lower-cased words by how many raters gave them, most first. */
function countWords(group: readonly Observation[]): Human['directions'][number]['words'] {
  const counts = new Map<string, number>();
  // One answer of a rater to a trial: a word that it says twice counts once.
  for (const { answer } of group)
    for (const word of new Set(answer.words.map((one) => one.toLowerCase()))) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, raters]) => ({ word, raters })).sort((a, b) => b.raters - a.raters || (a.word < b.word ? -1 : 1));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
