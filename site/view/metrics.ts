/** What each measure is called, how it is written, and what it says; one table for every page. */
import type { ComparisonResult, Measures } from '../../data/schema.ts';

/** A measure as the pages show it. */
export interface Metric {
  /** The field of a unit's measures. */
  readonly field: 'attainment' | 'robustness' | 'render_identity';
  /** Its name in comparison.json. */
  readonly id: ComparisonResult['metric'];
  readonly label: string;
  readonly digits: number;
  /** Follows a value: ` σ`. */
  readonly suffix: string;
  /** The value that chance gives, if there is one. */
  readonly chance?: number;
  /** A sentence for the reader. */
  readonly about: string;
}

export const METRICS: readonly Metric[] = [
  {
    field: 'render_identity',
    id: 'render-identity',
    label: 'Render identity',
    digits: 3,
    suffix: '',
    chance: 0.5,
    about:
      'How surely an observer that never saw the network tells two renders of this direction, from different starts, from renders of other directions. Chance is 0.5.',
  },
  {
    field: 'attainment',
    id: 'attainment',
    label: 'Attainment',
    digits: 1,
    suffix: ' σ',
    about:
      'How far the render drives the direction above its mean over the images, in their standard deviations. It says how well optimisation went, not how clear the picture is.',
  },
  {
    field: 'robustness',
    id: 'robustness',
    label: 'Robustness',
    digits: 2,
    suffix: '',
    about: 'The share of the score that survives shifts, turns, scaling, blur and noise the optimiser did not see.',
  },
];

/** `5.1 σ`, `0.93`, `–` for none. A minus sign is a minus sign. */
export function write(metric: Metric, value: number | null): string {
  return value === null ? '–' : number(value, metric.digits) + metric.suffix;
}

/** `−0.30`: fixed digits, with a real minus, and never `−0.00`. */
export function number(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** `+0.30`, `−0.12`, `0.00`. */
export function signed(value: number, digits: number): string {
  const text = number(value, digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** `0.003`, `< 0.001`. */
export function probability(p: number | null): string {
  if (p === null) return '–';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** `1 unit`, `1,200 units`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** The first few words of a measure set, for alternative texts: `attainment 5.1 σ`. */
export function briefly(measures: Measures): string {
  return measures.attainment === null ? 'not measured' : `attainment ${number(measures.attainment, 1)} σ`;
}
