/** Where a unit's measures stand in both arms of its layer: sorted once a layer, looked up for each unit. */
import type { Measures, PublishedUnit } from '../../data/schema.ts';
import type { Layer, Unit } from '../store/load-atlases.ts';
import { MEASURES } from './facts.ts';

const PLACES = ['basis', 'random'] as const;
type Place = (typeof PLACES)[number];
type Sorted = Record<Place, Partial<Record<keyof Measures, Float64Array>>>;
type Measured = NonNullable<PublishedUnit['measures'][keyof Measures]>;

const known = new WeakMap<Layer, Sorted>();

/** Each measure that some unit of the layer has, with the share of each arm that lies lower. */
export function placeMeasures(layer: Layer, { measures }: Unit): PublishedUnit['measures'] {
  const sorted = known.get(layer) ?? sortLayer(layer);
  known.set(layer, sorted);
  const placed = MEASURES.flatMap((name): [keyof Measures, Measured][] => {
    const value = measures[name] ?? null;
    const [basis, random] = PLACES.map((arm) => sorted[arm][name]);
    if (value === null && !basis && !random) return [];
    return [[name, { value, basis: stand(basis, value), random: stand(random, value) }]];
  });
  return Object.fromEntries(placed);
}

function sortLayer({ units }: Layer): Sorted {
  const of = (arm: Place) => {
    const own = units.filter((unit) => unit.arm === arm);
    const columns = MEASURES.map((name) => [name, Float64Array.from(own.flatMap(({ measures }) => measures[name] ?? [])).sort()] as const);
    return Object.fromEntries(columns.filter(([, values]) => values.length > 0));
  };
  return { basis: of('basis'), random: of('random') };
}

function stand(values: Float64Array | undefined, value: number | null): Measured['basis'] {
  if (!values || value === null) return null;
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return { below: Number((low / values.length).toFixed(4)), of: values.length };
}
