/** What each measure is called, how it is written, and what it says; one table for every page. */
import type { ComparisonResult, Measures, MetricId } from '../../data/schema.ts';
import { number } from './numbers.ts';

/** A measure as the pages show it. */
export interface Metric {
  /** The field of a unit's measures. */
  readonly field: keyof Measures;
  /** Its name in comparison.json, and in the address of its page; none for what is only described. */
  readonly id?: MetricId;
  readonly label: string;
  readonly digits: number;
  /** What a value is multiplied by before it is written or drawn: 100 for a share. */
  readonly factor: 1 | 100;
  /** Follows a value: ` σ`. */
  readonly suffix: string;
  /** The value that chance gives, if there is one. */
  readonly chance?: number;
  /** As the second observer sees it. */
  readonly second?: boolean;
  /** A sentence for the reader. */
  readonly about: string;
}

const share = { digits: 1, factor: 100, suffix: '%', chance: 0.5 } as const;
/** What shows whether both arms were optimised equally well. */
export const GATES: readonly MetricId[] = ['attainment', 'robustness'];
const plain = { factor: 1, suffix: '' } as const;

/** The answer to the question: M1. */
export const HEADLINE: Metric = {
  ...share,
  field: 'natural_2afc',
  id: 'natural-2afc',
  label: 'Recognition',
  about:
    'Shown half of the images that a direction responds to most, how often an observer that never saw the network picks one of the other half over a middling image. Chance is 50%.',
};

/** Every measure that is compared, as a reader should meet them. */
export const METRICS: readonly Metric[] = [
  HEADLINE,
  {
    ...share,
    field: 'natural_2afc_second',
    id: 'natural-2afc',
    second: true,
    label: 'Recognition, second observer',
    about: 'The same task, judged by another network.',
  },
  {
    ...share,
    field: 'other_tops_2afc',
    id: 'other-tops-2afc',
    label: 'Recognition among others’ images',
    about: 'The same task, but the wrong images are those that other directions respond to most. Chance is 50%.',
  },
  {
    ...share,
    field: 'synthetic_2afc',
    id: 'synthetic-2afc',
    label: 'Recognition from renders',
    about: 'Shown the direction’s renders instead, how often the observer picks a top image over a middling one. Chance is 50%.',
  },
  {
    ...share,
    field: 'render_top',
    id: 'render-top',
    label: 'Renders like their images',
    about: 'How surely the renders are more like this direction’s top images than like other directions’. Chance is 50%.',
  },
  {
    ...share,
    field: 'render_identity',
    id: 'render-identity',
    label: 'Render identity',
    about:
      'How surely the observer tells two renders of this direction, from different starts, from renders of other directions. Chance is 50%.',
  },
  {
    ...plain,
    field: 'dissection',
    id: 'dissection',
    label: 'Concept match',
    digits: 3,
    about:
      'Overlap (IoU) of where the direction responds with where its best concept is, chosen on the even images and scored on the odd ones. A detector is above 0.04.',
  },
  {
    field: 'attainment',
    id: 'attainment',
    label: 'Attainment',
    digits: 1,
    factor: 1,
    suffix: ' σ',
    about:
      'How far the render drives the direction above its mean over the images, in their standard deviations. It says how well optimisation went, not how clear the picture is.',
  },
  {
    ...plain,
    field: 'robustness',
    id: 'robustness',
    label: 'Robustness',
    digits: 2,
    about: 'The share of the score that survives shifts, turns, scaling, blur and noise the optimiser did not see.',
  },
];

/** Measures that are described and not tested. */
export const DESCRIBED: readonly Metric[] = [
  {
    ...plain,
    field: 'selectivity',
    label: 'Selectivity',
    digits: 3,
    about: 'How much of what the render excites is this direction and no other, given how the layer varies. 0 to 1.',
  },
  {
    ...plain,
    field: 'kurtosis',
    label: 'Kurtosis',
    digits: 1,
    about: 'Excess kurtosis of the responses over the images: high where they are rare and strong.',
  },
  {
    ...plain,
    field: 'participation_ratio',
    label: 'Participation ratio',
    digits: 1,
    about: 'How many channels the direction is spread over: one for a channel, by definition.',
  },
  {
    ...plain,
    field: 'monosemanticity',
    label: 'Monosemanticity',
    digits: 3,
    about: 'How alike the images that excite the direction are, weighted by its response.',
  },
];

/** Measures with a page of every direction: those of evidence beside the headline. */
export const SECONDARY: readonly Metric[] = METRICS.filter(({ id, second }) => id && !second && !GATES.includes(id) && id !== HEADLINE.id);

/** The table's entry for a row of a comparison. */
export function metricOf({ metric }: Pick<ComparisonResult, 'metric'>): Metric {
  return METRICS.find(({ id }) => id === metric) ?? HEADLINE;
}

/** `5.1 σ`, `67.8%`, `–` for none. A minus sign is a minus sign. */
export function write(metric: Metric, value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : number(value * metric.factor, metric.digits) + metric.suffix;
}

/** The first few words of a measure set, for alternative texts: `recognition 67.8%`. */
export function briefly(measures: Measures): string {
  const { natural_2afc: recognition, attainment } = measures;
  if (recognition !== null && recognition !== undefined) return `recognition ${write(HEADLINE, recognition)}`;
  return attainment === null ? 'not measured' : `attainment ${number(attainment, 1)} σ`;
}
