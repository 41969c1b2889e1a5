/** What a unit's page shows of its portrait: the units that it names, the words beside weights, the shades of a kernel. */
import type { Connection, Example, Near } from '../../data/schema.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { findUnit, layerTitle, type Place, shortName, unitTitle } from './unit.ts';

/** The near units that the atlas still has, nearest first. */
export function nearUnits(store: AtlasStore, near: readonly Near[]): (Place & { similarity: number })[] {
  return near.flatMap(({ layer, id, similarity }) => {
    const place = findUnit(store, layer, id);
    return place ? [{ ...place, similarity }] : [];
  });
}

/** `channel 42`, and of which layer where it is another's: `channel 42 of expanded_conv_3/expand`. */
export function placeTitle({ layer, unit }: Place, own: Layer): string {
  const title = unitTitle(unit);
  const lower = title.charAt(0).toLowerCase() + title.slice(1);
  return layer === own ? lower : `${lower} of ${layerTitle(layer.layer)}`;
}

/** `42` of the page's own layer; of another what tells it apart, and the number: `10/expand 313`. */
export function shortPlace({ layer, unit }: Place, own: Layer): string {
  const number = unit.arm === 'chosen' ? unit.id : String(unit.record.index);
  if (layer === own) return number;
  const [name, other] = [layerTitle(layer.layer), layerTitle(own.layer)];
  let shared = 0;
  while (shared < name.length && name[shared] === other[shared]) shared++;
  // From the last separator on that both have.
  const start = name.slice(0, shared).search(/[^/_.:]*$/);
  return `${name.slice(start)} ${number}`;
}

/** Percent of the picture, a digit: an attribute of an SVG of 100 by 100. */
const percent = (fraction: number) => Number((100 * fraction).toFixed(1));

/** The field of an example in percent, and whether cutting it out shows more than the whole picture does. */
export function fieldOf({ box }: Example): { x: number; y: number; width: number; height: number; worthCutting: boolean } {
  const [x = 0, y = 0, width = 100, height = 100] = box.map(percent);
  return { x, y, width, height, worthCutting: width * height < 60 * 60 };
}

/** `MobilenetV2/expanded_conv_5/output`, or the layer's own title where the atlas has it. */
export function valueTitle(store: AtlasStore, { value, layer }: Connection): string {
  const known = store.layers.find(({ slug }) => slug === layer);
  return known ? layerTitle(known.layer) : shortName(value.replace(/^FeatureExtractor\//, '').replace(/_output_0$/, ''));
}

/** `Conv, twice`, `Conv and Add`: the operators in between, each once. */
export function throughText(through: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const operator of through) counts.set(operator, (counts.get(operator) ?? 0) + 1);
  const parts = [...counts].map(([operator, n]) => (n === 1 ? operator : `${n} × ${operator}`));
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** Steps in which a kernel's cells are shaded. */
const SHADES = 5;

/**
 * A kernel's cells as SVG paths, one for each sign and shade: how strong they are beside the strongest, from 0 to 1. Cells are one by one, a
 * little apart; zeros are left out.
 */
export function kernelPaths(kernel: readonly number[], width: number): { negative: boolean; strength: number; path: string }[] {
  const most = Math.max(...kernel.map(Math.abs));
  const paths = new Map<number, string>();
  for (const [i, value] of kernel.entries()) {
    const shade = most === 0 ? 0 : Math.sign(value) * Math.round((SHADES * Math.abs(value)) / most);
    if (shade !== 0) paths.set(shade, `${paths.get(shade) ?? ''}M${(i % width) + 0.1} ${Math.floor(i / width) + 0.1}h.8v.8h-.8z`);
  }
  return [...paths].map(([shade, path]) => ({ negative: shade < 0, strength: Math.abs(shade) / SHADES, path }));
}
