/** What the ratings say: accuracy and words by arm, layer and direction, agreement between raters, and how sure the differences are. */
import { EXPLANATIONS, type ExplanationKind, type Human, STUDY_RULES } from '../../../data/schema.ts';
import { RandomStream } from '../../render/random.ts';
import {
  type CrossedObservation,
  crossed,
  describeDirections,
  differenceOfMeans,
  directionOf,
  type Measure,
  meanOf,
  type Observation,
} from './observations.ts';
import type { ImportedRatings, JudgedAnswer } from './read-ratings.ts';

/** The statistics that the analysis is handed. */
export interface StudyStatistics {
  /**
   * Krippendorff's α (Krippendorff 2011, "Computing Krippendorff's alpha-reliability"). `values[trial][rater]`, null where a rater has no value.
   * Null where α is undefined: fewer than two raters, or values that are all the same.
   */
  agreement(values: readonly (readonly (number | null)[])[], level: 'nominal' | 'ordinal'): number | null;
  /**
   * 95% interval of {@link differenceOfMeans} with raters and directions both resampled: directions within their arm, raters once for both arms, since
   * a rater judges both. So neither answers nor raters alone count as n. Null where it is undefined.
   */
  interval(a: readonly CrossedObservation[], b: readonly CrossedObservation[], stream: RandomStream): readonly [number, number] | null;
  /** How the interval is made, for readers: `two-way bootstrap, 4,999 draws`. */
  readonly method: string;
}

/** Analyses what counts; catch trials are left out of every figure. `seed` names the bootstrap's draws. */
export function analyseRatings(imported: ImportedRatings, statistics: StudyStatistics, seed: string): Human {
  const { study, studySha256, sittings, files, excluded } = imported;
  const observations: Observation[] = sittings.flatMap(({ rater, answers }) =>
    answers.filter(({ trial }) => !trial.catch).map((judged) => ({ rater, ...judged })),
  );
  const groups = groupsOf(imported);
  return {
    schema: 'basis-human/1',
    atlas: study.atlas,
    study_sha256: studySha256,
    key_sha256: study.key_sha256,
    rules: { ...STUDY_RULES, seconds: [...STUDY_RULES.seconds] },
    files,
    excluded,
    raters: sittings.length,
    seed,
    agreement: agree(imported, statistics),
    accuracy: groups.flatMap(({ layer, kind, arms }) =>
      arms.map((arm) => summarise(observations.filter(within({ layer, kind, arm })), { layer, kind, arm })),
    ),
    differences: groups.flatMap((group) => compareArms(observations, group, statistics, seed)),
    directions: describeDirections(observations),
  };
}

interface Group {
  /** A slug, or `all`. */
  readonly layer: string;
  readonly kind: ExplanationKind;
  readonly arms: readonly string[];
}

/** The layers, then all of them, by each kind of explanation: from the key, so that what nobody rated is a row without a figure, not a missing row. */
function groupsOf({ key }: ImportedRatings): Group[] {
  const arms = [...new Set(key.trials.map(({ arm }) => arm))].sort();
  const slugs = [...new Set(key.trials.map(({ layer }) => layer))].sort();
  const layers = slugs.length > 1 ? [...slugs, 'all'] : slugs;
  const kinds = EXPLANATIONS.filter((kind) => key.trials.some((trial) => trial.kind === kind));
  return layers.flatMap((layer) => kinds.map((kind) => ({ layer, kind, arms })));
}

function within({ layer, kind, arm }: { layer: string; kind: ExplanationKind; arm: string }): (one: Observation) => boolean {
  return ({ trial }) => (layer === 'all' || trial.layer === layer) && trial.kind === kind && trial.arm === arm;
}

function summarise(
  observations: readonly Observation[],
  place: { layer: string; kind: ExplanationKind; arm: string },
): Human['accuracy'][number] {
  const over = (measure: Measure) => meanOf(crossed(observations, measure));
  return {
    ...place,
    directions: new Set(observations.map(directionOf)).size,
    answers: observations.length,
    accuracy: over('accuracy'),
    nameable: over('nameable'),
    confidence: over('confidence'),
  };
}

/** Every arm against those after it. */
function compareArms(
  observations: readonly Observation[],
  { layer, kind, arms }: Group,
  { interval, method }: StudyStatistics,
  seed: string,
): Human['differences'] {
  const pairs = arms.flatMap((armA, i) => arms.slice(i + 1).map((armB) => ({ armA, armB })));
  return pairs.flatMap(({ armA, armB }) =>
    (['accuracy', 'nameable'] as const).map((measure) => {
      const [a, b] = [armA, armB].map((arm) => crossed(observations.filter(within({ layer, kind, arm })), measure));
      const difference = differenceOfMeans(a, b);
      const stream = new RandomStream(seed, 'study', layer, kind, measure, armA, armB);
      const ci = difference === null ? null : interval(a, b, stream);
      return { layer, kind, measure, armA, armB, difference, ci: ci && [ci[0], ci[1]], ci_method: method };
    }),
  );
}

/** On the trials that every sitting has. */
function agree({ key, sittings }: ImportedRatings, { agreement }: StudyStatistics): Human['agreement'] {
  const shared = key.trials.filter((trial) => trial.shared).map(({ id }) => id);
  const answers = sittings.map((sitting) => new Map(sitting.answers.map(({ answer }) => [answer.trial, answer])));
  const table = (value: (answer: JudgedAnswer['answer']) => number) =>
    shared.map((id) =>
      answers.map((given) => {
        const answer = given.get(id);
        return answer ? value(answer) : null;
      }),
    );
  const counts = { trials: shared.length, raters: sittings.length };
  return [
    {
      measure: 'choice',
      level: 'nominal',
      ...counts,
      alpha: agreement(
        table(({ choice }) => (choice === 'left' ? 0 : 1)),
        'nominal',
      ),
    },
    {
      measure: 'nameable',
      level: 'ordinal',
      ...counts,
      alpha: agreement(
        table(({ nameable }) => nameable),
        'ordinal',
      ),
    },
  ];
}
