/** Turns the headline of a comparison into words that claim no more than it shows. */
import type { ComparisonResult } from '../../data/schema.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { GATES, HEADLINE, type Metric, write } from './metrics.ts';
import { counted, signed } from './numbers.ts';

/** |δ| below this is negligible by the usual reading of Cliff's δ (Romano 2006). */
export const NEGLIGIBLE = 0.147;
const ALPHA = 0.05;
/** Where both arms’ mean render identity reaches this, hardly a pair is left to tell them apart by. */
const CEILING = 0.99;

/** `basis`: arm A is higher; `random`: arm B is; `disagree`: the observers contradict each other. */
export type Verdict = 'basis' | 'random' | 'same' | 'ceiling' | 'undecided' | 'disagree' | 'absent';

/** What the comparison says of a layer, if it has it. */
export function comparedLayer(store: AtlasStore, layer: Layer) {
  return store.comparison?.layers.find((one) => one.id === layer.slug);
}

/** The result of basis against random by one metric, if the comparison has it. */
export function resultOf(store: AtlasStore, layer: Layer, metric: Metric): ComparisonResult | undefined {
  const first = store.comparison?.observers[0]?.id;
  return comparedLayer(store, layer)?.results.find(
    (one) =>
      one.metric === metric.id &&
      one.armA === 'basis' &&
      one.armB === 'random' &&
      (metric.second ?? false) === (one.observer !== undefined && one.observer !== first),
  );
}

/** The row that answers the question for a layer; none in an atlas that was compared by its renders only. */
export function headlineOf(store: AtlasStore, layer: Layer): ComparisonResult | undefined {
  return comparedLayer(store, layer)?.results.find((one) => one.role === 'headline');
}

/** The headline as the second observer sees it. */
export function secondOf(store: AtlasStore, layer: Layer): ComparisonResult | undefined {
  const headline = headlineOf(store, layer);
  return headline && resultOf(store, layer, { ...HEADLINE, second: true });
}

/**
 * What a row shows. An arm is higher if the adjusted p is below 0.05 and the 95% interval of δ lies on its side of zero; there is no
 * difference only if the row was found equivalent; anything else is undecided. At the ceiling of render identity both arms being alike says
 * nothing.
 */
export function verdict(result: ComparisonResult | undefined): Verdict {
  if (!result?.ci || result.cliff === null) return 'absent';
  const [low, high] = result.ci;
  const p = result.p_adjusted ?? 1;
  if (p < ALPHA && low > 0) return 'basis';
  if (p < ALPHA && high < 0) return 'random';
  if (result.metric === 'render-identity' && Math.min(result.meanA ?? 0, result.meanB ?? 0) >= CEILING) return 'ceiling';
  return result.equivalent === true ? 'same' : 'undecided';
}

/** What the headline shows of a layer: a difference that the second observer sees the other way round is none. */
export function layerVerdict(store: AtlasStore, layer: Layer): Verdict {
  const [found, second] = [verdict(headlineOf(store, layer)), secondOf(store, layer)?.cliff ?? undefined];
  const sign = found === 'basis' ? 1 : found === 'random' ? -1 : 0;
  return sign !== 0 && second !== undefined && second * sign <= 0 ? 'disagree' : found;
}

/** A verdict on the headline, in a few words. */
export const VERDICT_WORDS: Record<Verdict, string> = {
  basis: 'Channels higher',
  random: 'Random directions higher',
  same: 'Equivalent: no difference of note',
  ceiling: 'Both at the ceiling',
  undecided: 'No difference shown',
  disagree: 'Inconclusive: the observers disagree',
  absent: 'Not compared',
};

/** What a layer's headline rests on, in a sentence a reader can check. */
export function answerSentence(result: ComparisonResult): string {
  const [a, b] = [write(HEADLINE, result.meanA), write(HEADLINE, result.meanB)];
  return `Shown half of the images a channel responds to most, the observer picks one of the other half in ${a} of trials; for a random direction, in ${b}.`;
}

/** What the verdict of a layer leaves open, in a sentence. */
export function verdictSentence(store: AtlasStore, layer: Layer): string {
  const [found, result] = [layerVerdict(store, layer), headlineOf(store, layer)];
  const negligible = result?.equivalent === true;
  const after =
    found === 'basis' && layer.layer.tap === 'after'
      ? ' It is read after its non-linearity, which favours the axes by itself: only the excess over the same network with random weights would count.'
      : '';
  if (found === 'basis' || found === 'random')
    return `The difference is beyond what random frames show${negligible ? ', and negligible in size' : ''}.${after}`;
  if (found === 'same') return `Whatever difference there is, it is negligible: the 90% interval of δ lies within ±${NEGLIGIBLE}.`;
  if (found === 'disagree') return 'The second observer sees the opposite, so neither is believed.';
  if (found === 'undecided') return 'That is not evidence of equality: the interval allows differences that would matter.';
  return '';
}

/** A verdict on a gate, where a difference is a warning and not a finding. */
export function gateWord(result: ComparisonResult | undefined): string {
  const found = verdict(result);
  if (found === 'same') return 'equal';
  if (found === 'absent') return 'not measured';
  if (found === 'basis' || found === 'random') return found === 'basis' ? 'channels higher' : 'random higher';
  return 'no difference shown';
}

/** Whether the arms of a layer are known to be optimised unequally; if so, what looks at renders needs care there. */
export function gatesDiffer(store: AtlasStore, layer: Layer): boolean {
  const results = comparedLayer(store, layer)?.results.filter(({ metric }) => GATES.includes(metric)) ?? [];
  return results.some((one) => ['basis', 'random'].includes(verdict(one)));
}

/** The controls that did not pass, by id. */
export function failedControls(store: AtlasStore): string[] {
  return (store.comparison?.controls ?? []).filter(({ pass }) => pass === false).map(({ id }) => id);
}

/** The one-line answer of an atlas. */
export function headline(store: AtlasStore): string {
  if (!store.comparison) return store.atlas.complete ? 'Not compared yet.' : 'Still being rendered; the comparison comes last.';
  const rows = store.layers.map((layer) => ({ layer, found: layerVerdict(store, layer), result: headlineOf(store, layer) }));
  const compared = rows.filter(({ found }) => found !== 'absent');
  if (compared.length === 0)
    return store.comparison.layers.length > 0 && rows.every(({ result }) => !result)
      ? 'Compared by its renders only, which does not answer whether channels are special.'
      : 'No layer has enough directions to compare.';
  const of = (kind: Verdict) => compared.filter(({ found }) => found === kind);
  const all = compared.length === 2 ? 'both layers' : `all ${counted(compared.length, 'layer')}`;
  const total = (n: number) => (n === compared.length && n > 1 ? all : `${n} of ${counted(compared.length, 'layer')}`);
  const found = [
    of('basis').length ? `more often for channels than for random directions in ${total(of('basis').length)} ${effects(of('basis'))}` : '',
    of('random').length
      ? `more often for random directions than for channels in ${total(of('random').length)} ${effects(of('random'))}`
      : '',
    of('same').length ? `equally often, but for a negligible difference, in ${total(of('same').length)}` : '',
  ].filter(Boolean);
  const open = [
    of('undecided').length ? `no difference is shown in ${total(of('undecided').length)}` : '',
    of('disagree').length ? `two observers disagree in ${total(of('disagree').length)}` : '',
  ].filter(Boolean);
  const lead = 'Shown half of the images that a direction responds to most, an observer recognises the other half';
  const text = found.length
    ? [`${lead} ${found.join('; ')}`, ...open].join('; ')
    : `Whether an observer recognises channels’ images more often than random directions’ is open: ${open.join('; ')}`;
  return `${shorten(text, compared.length)}.${careOf(store, of('basis'))}`;
}

/** The number of layers is said once. */
function shorten(text: string, layers: number): string {
  const once = ` of ${counted(layers, 'layer')}`;
  const at = text.indexOf(once);
  return at < 0 ? text : text.slice(0, at + once.length) + text.slice(at + once.length).replaceAll(once, '');
}

function effects(rows: readonly { result?: ComparisonResult | undefined }[]): string {
  const all = rows.flatMap(({ result }) => result?.cliff ?? []).toSorted((a, b) => Math.abs(a) - Math.abs(b));
  const [low, high] = [all[0] ?? 0, all.at(-1) ?? 0].map((value) => signed(value, 2));
  return low === high ? `(δ\u00a0${low})` : `(δ\u00a0${low} to ${high})`;
}

function careOf(store: AtlasStore, basis: readonly { layer: Layer }[]): string {
  const after = basis.filter(({ layer }) => layer.layer.tap === 'after').length;
  const failed = failedControls(store);
  return [
    after
      ? ` ${counted(after, 'layer')} of these ${after === 1 ? 'is' : 'are'} read after the non-linearity, which favours the axes by itself.`
      : '',
    failed.length ? ` ${failed.length === 1 ? 'A control' : 'Controls'} failed (${failed.join(', ')}): read this with care.` : '',
  ].join('');
}
