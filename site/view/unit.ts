/** What a unit's page and tile say: names, alternative texts, states, neighbours and where its measures stand. */
import type { Arm, AtlasLayer, Direction } from '../../data/schema.ts';
import { legible } from '../metadata/text.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { conceptName, DETECTOR_IOU } from './concepts.ts';
import { briefly, METRICS, type Metric, write } from './metrics.ts';

/** Names from model files can be any length and hold any sign; a page shows so much of one. */
export function shortName(name: string): string {
  return legible(name, 80);
}

/**
 * A layer's name for people: the parts of its name in the model file that its slug keeps, without the file's common prefix and bookkeeping.
 * `FeatureExtractor/MobilenetV2/expanded_conv_6/expand/BatchNorm/batchnorm/add_1` with slug `expanded-conv-6-expand` → `expanded_conv_6/expand`.
 * `/layer1/layer1.0/conv1/Conv_output_0`, as PyTorch exports it, with slug `layer1-0-conv1` → `layer1.0/conv1`. The slug itself where the name
 * does not hold it.
 */
export function layerTitle({ name, slug }: AtlasLayer): string {
  let rest = slug;
  const parts = name.replace(/_output_0$/, '').split('/');
  const kept = parts.filter((part, i) => {
    if (parts[i + 1]?.startsWith(`${part}.`)) return false;
    const word = part.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const fits = word !== '' && (rest === word || rest.startsWith(`${word}-`));
    if (fits) rest = rest.slice(word.length + 1);
    return fits;
  });
  return shortName(rest === '' ? kept.join('/') : slug);
}

/** `Channel 42`, `Channel 42, negative`, `Random direction 7`. */
export function unitTitle({ arm, record }: Unit): string {
  if (arm === 'random') return `Random direction ${record.index}`;
  if (arm === 'chosen') return record.id;
  return arm === 'basis' ? `Channel ${record.index}` : `Channel ${record.index}, negative`;
}

/** A name cut after its separators, where a line may break: `expanded_conv_3/expand` → `expanded_`, `conv_`, `3/`, `expand`. */
export function nameParts(name: string): string[] {
  return shortName(name).split(/(?<=[/_.:])(?=.)/);
}

const STATES: Record<Unit['state'], string> = {
  ok: '',
  flat: 'flat',
  diverged: 'diverged',
  failed: 'failed',
  missing: 'not rendered yet',
};

/** The short word on a tile that is not well: `flat`, `failed`; empty for one that is. */
export const stateWord = (unit: Unit) => STATES[unit.state];

/** What became of the render, in a sentence; empty if it went well. */
export function stateSentence({ state, render }: Unit): string {
  if (state === 'flat')
    return 'The picture stayed almost flat: optimisation found nothing that drives this direction. It is shown as it is.';
  if (state === 'diverged') return 'Optimisation diverged: a value stopped being finite, so there is no picture to trust.';
  if (state === 'failed')
    return `The render failed${render?.message ? `: ${legible(render.message, 300)}` : ''}. The next run of the plan tries again.`;
  return state === 'missing' ? 'This unit is in the plan and has not been rendered yet.' : '';
}

/** `channel 42 of expanded_conv_6/expand, attainment 5.1 σ`: what is known of a picture, for whoever does not see it. */
export function altText(unit: Unit, layer: Layer): string {
  const title = unitTitle(unit);
  const said = unit.state === 'ok' ? briefly(unit.measures) : STATES[unit.state];
  return `${title.charAt(0).toLowerCase()}${title.slice(1)} of ${layerTitle(layer.layer)}, ${said}`;
}

/** A sentence on how the direction is defined. */
export function directionSentence(direction: Direction, channels: number): string {
  if (direction.kind === 'channel') {
    return `A one-hot vector: ${direction.sign === 1 ? 'plus' : 'minus'} one at channel ${direction.channel}, zero at the other ${channels - 1}.`;
  }
  if (direction.kind === 'chosen') return `Made up by the plan: ${JSON.stringify(direction.unit)}.`;
  return `Row ${direction.row} of frame ${direction.frame}: a ${channels} × ${channels} orthogonal matrix drawn uniformly (Haar) with a seed that belongs to the network’s weights and this layer, so the direction never changes. Length one, like a channel’s.`;
}

const places = new WeakMap<Layer, Map<Unit, number>>();

/** The units before and after one, over both arms, in the layer's order. */
export function neighbours(layer: Layer, unit: Unit): { previous?: Unit; next?: Unit } {
  const place = places.get(layer) ?? new Map(layer.units.map((one, i) => [one, i]));
  places.set(layer, place);
  const at = place.get(unit) ?? -1;
  const [previous, next] = [layer.units[at - 1], at < 0 ? undefined : layer.units[at + 1]];
  return { ...(previous ? { previous } : {}), ...(next ? { next } : {}) };
}

/** The values of a metric in one arm of a layer, with their units; those without one are left out. */
export function valuesOf(layer: Layer, arm: Arm, metric: Metric): { unit: Unit; value: number }[] {
  return layer.units.flatMap((unit) => {
    const value = unit.measures[metric.field];
    return unit.arm === arm && value !== null && value !== undefined ? [{ unit, value }] : [];
  });
}

/** A measure of a unit and where it stands. */
export interface Standing {
  metric: Metric;
  value: number | null;
  text: string;
  /** `above 63% of 96 channels and 71% of 64 random directions`; empty without a value. */
  place: string;
  basis: readonly number[];
  random: readonly number[];
}

/** A measure's values in both arms of a layer, smallest first: the same arrays for every unit. */
interface Spread {
  readonly known: boolean;
  readonly basis: readonly number[];
  readonly random: readonly number[];
}

const spreads = new WeakMap<Layer, Map<string, Spread>>();

function spreadOf(layer: Layer, metric: Metric): Spread {
  const ofLayer = spreads.get(layer) ?? new Map<string, Spread>();
  spreads.set(layer, ofLayer);
  let spread = ofLayer.get(metric.field);
  if (!spread) {
    const sorted = (arm: Arm) =>
      valuesOf(layer, arm, metric)
        .map(({ value }) => value)
        .sort((a, b) => a - b);
    const known = layer.units.some(({ measures }) => typeof measures[metric.field] === 'number');
    spread = { known, basis: sorted('basis'), random: sorted('random') };
    ofLayer.set(metric.field, spread);
  }
  return spread;
}

/** Some measures of a unit among both arms of its layer; those that no direction of the layer has are left out. */
export function standings(layer: Layer, unit: Unit, metrics: readonly Metric[] = METRICS): Standing[] {
  return metrics.flatMap((metric) => {
    const value = unit.measures[metric.field] ?? null;
    const { known, basis, random } = spreadOf(layer, metric);
    if (!known) return [];
    const place = value === null ? '' : `above ${below(basis, value, 'channels')} and ${below(random, value, 'random directions')}`;
    return [{ metric, value, text: write(metric, value), place, basis, random }];
  });
}

/** `63% of 96 channels`: how many of some values, smallest first, are less than one. */
function below(sorted: readonly number[], value: number, name: string): string {
  if (sorted.length === 0) return `none of 0 ${name}`;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return `${Math.round((100 * low) / sorted.length)}% of ${sorted.length} ${name}`;
}

/** Whether the renders beat every image, in a sentence with a space after it; empty where that was not measured. */
export function exceedSentence({ measures: { exceeds }, record }: Unit): string {
  if (exceeds === null) return '';
  if (record.renders.length === 1) return exceeds === 1 ? 'The render scores above every image. ' : 'Some image scores above the render. ';
  return `${Math.round(exceeds * record.renders.length)} of ${record.renders.length} renders score above every image. `;
}

/** The concept that a unit matches best, in a sentence with a space after it; empty where it was not dissected. */
export function conceptSentence({ concept, measures: { dissection } }: Unit): string {
  if (concept === undefined || dissection === null || dissection === undefined) return '';
  const detector = dissection > DETECTOR_IOU ? '' : ', too little to be called a detector';
  return `Best concept: ${conceptName(concept)}${detector}. `;
}

/** Every other start of the same direction, by seed; empty for most units, which have one. */
export function otherSeeds({ record, render }: Unit) {
  return record.renders.filter((other) => other !== render).toSorted((a, b) => a.seed - b.seed);
}

/** The same channel driven the other way, where the atlas has it. */
export function opposite(store: AtlasStore, layer: Layer, unit: Unit): Unit | undefined {
  if (unit.arm === 'random' || unit.arm === 'chosen') return undefined;
  const id = unit.arm === 'basis' ? `${unit.id}-negative` : unit.id.replace(/-negative$/, '');
  return findUnit(store, layer.slug, id)?.unit;
}

/** A unit with its layer, as a link needs both. */
export interface Place {
  readonly layer: Layer;
  readonly unit: Unit;
}

const indices = new WeakMap<AtlasStore, Map<string, Place>>();

/** A unit of an atlas by layer and id; undefined where the atlas has none. */
export function findUnit(store: AtlasStore, layer: string, id: string): Place | undefined {
  let index = indices.get(store);
  if (!index) {
    index = new Map(store.layers.flatMap((one) => one.units.map((unit) => [`${one.slug} ${unit.id}`, { layer: one, unit }])));
    indices.set(store, index);
  }
  return index.get(`${layer} ${id}`);
}

/** How many units an atlas has. */
export function unitCount(store: AtlasStore): number {
  return store.layers.reduce((sum, layer) => sum + layer.units.length, 0);
}
