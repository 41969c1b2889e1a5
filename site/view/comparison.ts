/** Turns the rows of comparison.json into words that claim no more than they show. */
import type { ComparisonResult } from '../../data/schema.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { counted } from './metrics.ts';

/** |δ| below this is negligible by the usual reading of Cliff's δ (Romano 2006). */
export const NEGLIGIBLE = 0.147;
const ALPHA = 0.05;
/** Where both arms’ mean render identity reaches this, hardly a pair is left to tell them apart by. */
const CEILING = 0.99;

export type Verdict = 'basis' | 'random' | 'same' | 'ceiling' | 'undecided' | 'absent';

/** The result of basis against random by one metric, if the comparison has it. */
export function resultOf(store: AtlasStore, layer: Layer, metric: ComparisonResult['metric']): ComparisonResult | undefined {
  const results = store.comparison?.layers.find((one) => one.id === layer.slug)?.results ?? [];
  return results.find((one) => one.metric === metric && one.armA === 'basis' && one.armB === 'random');
}

/**
 * What a result shows. An arm is higher if the 95% interval of δ excludes zero and the adjusted p is below 0.05; the arms are the same only
 * if the whole interval is negligible (stricter than the 90% interval of an equivalence test); anything else is undecided. Where both arms are at the ceiling of
 * render identity, finding no difference says nothing.
 */
export function verdict(result: ComparisonResult | undefined): Verdict {
  if (!result?.ci || result.cliff === null) return 'absent';
  const [low, high] = result.ci;
  const p = result.p_adjusted ?? result.p_permutation ?? 1;
  if (p < ALPHA && low > 0) return 'basis';
  if (p < ALPHA && high < 0) return 'random';
  if (result.metric === 'render-identity' && Math.min(result.meanA ?? 0, result.meanB ?? 0) >= CEILING) return 'ceiling';
  return low > -NEGLIGIBLE && high < NEGLIGIBLE ? 'same' : 'undecided';
}

/** A verdict on render identity, in a few words. */
export const VERDICT_WORDS: Record<Verdict, string> = {
  basis: 'channels higher',
  random: 'random directions higher',
  same: 'no difference of note',
  ceiling: 'both at the ceiling',
  undecided: 'undecided',
  absent: 'not compared',
};

/** A verdict on a gate, where a difference is a warning and not a finding. */
export function gateWord(result: ComparisonResult | undefined): string {
  const found = verdict(result);
  if (found === 'same') return 'equal';
  if (found === 'absent') return 'not measured';
  if (found === 'undecided') return 'no difference shown';
  return found === 'basis' ? 'channels higher' : 'random higher';
}

/** The one-line answer of an atlas. */
export function headline(store: AtlasStore): string {
  if (!store.comparison) return store.atlas.complete ? 'Not compared yet.' : 'Still being rendered; the comparison comes last.';
  const found = store.layers.map((layer) => verdict(resultOf(store, layer, 'render-identity')));
  const n = (kind: Verdict) => found.filter((one) => one === kind).length;
  const compared = found.length - n('absent');
  if (compared === 0) return 'No layer has enough renders to compare.';
  const parts = [
    n('basis') ? `channels’ renders are told apart better than random directions’ in ${n('basis')}` : '',
    n('random') ? `random directions’ renders are told apart better than channels’ in ${n('random')}` : '',
    n('same') ? `no difference of note in ${n('same')}` : '',
    n('ceiling') ? `both arms at the measure’s ceiling, which leaves the question open, in ${n('ceiling')}` : '',
    n('undecided') ? `undecided in ${n('undecided')}` : '',
  ].filter(Boolean);
  const text = parts.join('; ').replace(/ in (\d+)/, ` in $1 of ${counted(compared, 'layer')}`);
  const unequal = store.layers.filter((layer, i) => (found[i] === 'basis' || found[i] === 'random') && gatesDiffer(store, layer)).length;
  const care = unequal ? ` In ${unequal} of these the arms were not optimised equally well, so the difference may come from that.` : '';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.${care}`;
}

/** Whether the arms of a layer were optimised equally well; if not, the headline of that layer needs care. */
export function gatesDiffer(store: AtlasStore, layer: Layer): boolean {
  return (['attainment', 'robustness'] as const).some((metric) => ['basis', 'random'].includes(verdict(resultOf(store, layer, metric))));
}
