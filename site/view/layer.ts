/** What a layer is, in words, and the few numbers its tiles carry for sorting. */
import { ARMS, type Arm, type AtlasLayer } from '../../data/schema.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { METRICS } from './metrics.ts';

/** Whether a layer is a vector, such as the class logits. */
const isVector = ({ shape: [, height, width] }: AtlasLayer) => height * width === 1;

/** Where the score is read, in a sentence. */
export function tapSentence(layer: AtlasLayer): string {
  const { tap, nonlinearity, operator } = layer;
  const name = nonlinearity ? `the ${nonlinearity}` : 'its non-linearity';
  if (tap === 'before') return `Read before ${name}, so the non-linearity itself does not favour the axes.`;
  if (tap === 'after')
    return `Read after ${name}. A non-linearity acts axis by axis, so even untrained networks can seem to prefer their axes here.`;
  if (isVector(layer))
    return 'A vector that no non-linearity follows. If it is what the network answers, each of its axes is a class that it was taught.';
  if (operator === 'Conv')
    return 'A linear bottleneck: no non-linearity follows, so nothing ties the network to these axes. The basis is not expected to win here.';
  return 'No non-linearity is applied to this value itself: what its axes mean, they have from what goes into it.';
}

/** `before ReLU6`, `after ReLU6`, `linear bottleneck`. */
export function tapWord(layer: AtlasLayer): string {
  const { tap, nonlinearity, operator } = layer;
  if (tap !== 'linear') return `${tap} ${nonlinearity ?? 'its non-linearity'}`;
  return operator === 'Conv' && !isVector(layer) ? 'linear bottleneck' : 'at no non-linearity';
}

/** `144 × 56 × 56`, `128 × 65 tokens`, `1000 channels` of a vector; `name` is what these are. */
export function extents(layer: AtlasLayer): { name: string; text: string } {
  const [channels, height] = layer.shape;
  if (layer.layout === 'NTC') return { name: 'Channels × tokens', text: `${channels} × ${height} tokens` };
  if (isVector(layer)) return { name: 'A vector of', text: `${channels} channels` };
  return { name: 'Channels × height × width', text: layer.shape.join(' × ') };
}

/** What one position sees of the picture: `59 px`, `the whole picture`. A vector's one position sees what the network does. */
export function fieldText({ receptive_field, render: { size } }: AtlasLayer): string {
  return receptive_field >= size ? 'the whole picture' : `${receptive_field} px`;
}

/** The arms a layer has units of, with them, in the order of the schema. */
export function armsOf(layer: Layer): { arm: Arm; units: Unit[] }[] {
  return ARMS.map((arm) => ({ arm, units: layer.units.filter((unit) => unit.arm === arm) })).filter(({ units }) => units.length > 0);
}

/** What tiles can be sorted by, in the order of their keys: every measure that is compared, and the score of the render. */
export const SORTS: readonly { readonly id: string; readonly label: string; readonly value: (unit: Unit) => number | null | undefined }[] =
  [
    ...METRICS.map(({ field, label }) => ({
      id: field.replaceAll('_', '-'),
      label: label.charAt(0).toLowerCase() + label.slice(1),
      value: ({ measures }: Unit) => measures[field],
    })),
    { id: 'score', label: 'score of the render', value: ({ render }) => render?.score },
  ];

/** What some unit of a layer has a value of, with its place in the key. */
export function sortsOf(layer: Layer): { place: number; id: string; label: string }[] {
  return SORTS.flatMap(({ id, label, value }, place) =>
    layer.units.some((unit) => typeof value(unit) === 'number') ? [{ place, id, label }] : [],
  );
}

/** `.678,,.62,,,,,5.123`: a unit's values as {@link SORTS} has them, to four digits, empty where undefined; the layer page's script sorts by them. */
export function sortKey(unit: Unit): string {
  return SORTS.map(({ value }) => value(unit) ?? '')
    .map((value) => (value === '' ? '' : String(Number(value.toPrecision(4))).replace(/^(-?)0\./, '$1.')))
    .join()
    .replace(/,+$/, '');
}

/** The concepts that units of a layer match best, those of most units first; their numbers are what tiles carry. */
export function conceptsOf(layer: Layer): { id: string; units: number }[] {
  const groups = Map.groupBy(
    layer.units.flatMap(({ concept }) => concept ?? []),
    (concept) => concept,
  );
  return [...groups].map(([id, all]) => ({ id, units: all.length })).sort((a, b) => b.units - a.units || (a.id < b.id ? -1 : 1));
}

/** How many units of a layer did not render well, for the filter and the text above the grid. */
export function troubled(layer: Layer): number {
  return layer.units.filter((unit) => unit.state !== 'ok').length;
}

/** Units that the plan has and the store lacks so far. */
export function missing({ layer, units }: Layer): number {
  const planned = ARMS.reduce((sum, arm) => sum + ((layer.units as Partial<Record<Arm, number>>)[arm] ?? 0), 0);
  return Math.max(0, planned - units.length);
}

/** The layers beside one, by depth. */
export function layerNeighbours(store: AtlasStore, layer: Layer): { shallower?: Layer; deeper?: Layer } {
  const at = store.layers.indexOf(layer);
  const [shallower, deeper] = [store.layers[at - 1], store.layers[at + 1]];
  return { ...(shallower ? { shallower } : {}), ...(deeper ? { deeper } : {}) };
}
