/** Every row of a comparison, in families, for the table that leaves nothing out. */
import type { ComparisonResult } from '../../data/schema.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { armUnits } from './arms.ts';
import { comparedLayer, verdict } from './comparison.ts';

/** The roles in the order of their weight, and what each is for. */
const FAMILIES: readonly { role: ComparisonResult['role']; title: string; about: string }[] = [
  { role: 'headline', title: 'Headline', about: 'Chosen beforehand as the answer.' },
  { role: 'secondary', title: 'Secondary', about: 'Planned; stands beside the headline.' },
  { role: 'sensitivity', title: 'Sensitivity', about: 'Planned; whether the answer depends on how random directions are drawn.' },
  { role: 'gate', title: 'Gates', about: 'Planned; whether the arms were optimised equally well. No evidence of interpretability.' },
  { role: 'exploratory', title: 'Exploratory', about: 'Not planned as a test: no claim rests on it.' },
];

export interface ShownRow {
  readonly layer: Layer;
  readonly result: ComparisonResult;
}

export interface Family {
  readonly role: ComparisonResult['role'];
  readonly title: string;
  readonly about: string;
  /** `holm over 4 tests` */
  readonly adjust: string;
  readonly rows: readonly ShownRow[];
}

const question = ({ metric, armA, armB, observer }: ComparisonResult) => `${metric} ${armA} ${armB} ${observer ?? ''}`;

/** Whether two rows ask the same of two layers. */
export function sameQuestion(a: ComparisonResult | undefined, b: ComparisonResult): boolean {
  return a !== undefined && question(a) === question(b);
}

/** All rows of a comparison by family; within one by metric and arms, so that a question's layers stand together. */
export function families(store: AtlasStore): Family[] {
  const rows = store.layers.flatMap((layer) => (comparedLayer(store, layer)?.results ?? []).map((result) => ({ layer, result })));
  const order = [...new Set(rows.map(({ result }) => question(result)))];
  return FAMILIES.flatMap(({ role, ...named }) => {
    const own = rows.filter(({ result }) => (result.exploratory ? 'exploratory' : result.role) === role);
    own.sort((a, b) => order.indexOf(question(a.result)) - order.indexOf(question(b.result)));
    const adjust = [...new Set(own.map(({ result }) => result.adjust))].join('; ');
    return own.length ? [{ role, ...named, adjust, rows: own }] : [];
  });
}

/** `holm over 4 tests` → `Holm over 4 tests`: methods are called after people. */
export function adjustWords(adjust: string): string {
  return adjust.replace('benjamini-hochberg', 'Benjamini–Hochberg').replace('holm', 'Holm');
}

/** What a row shows, in a few words that name its arms. */
export function rowWord(result: ComparisonResult): string {
  const found = verdict(result);
  if (found === 'basis' || found === 'random') return `${armUnits(found === 'basis' ? result.armA : result.armB)} higher`;
  return { same: 'equivalent', ceiling: 'both at the ceiling', undecided: 'no difference shown', disagree: '', absent: 'not computed' }[
    found
  ];
}

/** The test behind a row's p: `frame`, `permutation`, `sign flips`. */
export function testOf(result: ComparisonResult): { name: string; p: number | null } {
  if (result.p_frame !== undefined) return { name: `${result.B ?? 0} frames`, p: result.p_frame };
  return { name: result.armB === 'matched' ? 'sign flips' : 'permutation', p: result.p_permutation };
}
