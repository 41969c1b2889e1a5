/** Units that a plan makes up: sums of channels, ways from one to another, given directions, a layer as a whole. */
import type { ChosenUnit, Plan, RenderSettings } from '../../data/schema.ts';
import { fault } from '../graph/errors.ts';
import type { Layer } from '../models/model.ts';
import { pinArray, readArray } from '../render/array-file.ts';
import type { PictureDirections, Unit } from './arms.ts';
import { firstSeeds } from './seeds.ts';

/** Where the units stand. */
export interface ChosenPlace {
  readonly plan: Plan;
  /** The plan's file, for messages. */
  readonly file: string;
  readonly layer: Layer;
  readonly settings: RenderSettings;
  /** A layer of the network by name or slug. */
  readonly find: (reference: string) => Layer;
}

type Term = Extract<ChosenUnit, { joint: unknown }>['joint'][number];

/** The units in the plan's order; `where` is their place in it, for messages. Throws for an id given twice and what a layer does not have. */
export function chosenUnits(place: ChosenPlace, units: readonly ChosenUnit[], where: string): Unit[] {
  return units.map((unit, index) => {
    const name = `${where}[${index}]`;
    if (units.findIndex(({ id }) => id === unit.id) !== index)
      throw wrong(place, 'an id that no other unit of the layer has', `${name}.id`, unit.id, 'Rename one of the two.');
    const others = [...new Set(termsOf(unit).flatMap((term) => otherLayer(place, term)?.name ?? []))];
    const pictures = picturesOf(place, unit, others, name);
    const count = 'interpolate' in unit ? unit.interpolate.pictures : (place.settings.group?.pictures ?? 1);
    if (place.settings.group && place.settings.group.pictures !== count)
      throw wrong(
        place,
        `${place.settings.group.pictures}, the pictures of a group`,
        `${name}.interpolate.pictures`,
        count,
        'Make them agree.',
      );
    return {
      id: unit.id,
      arm: 'chosen',
      index,
      direction: { kind: 'chosen', unit: 'direction' in unit ? { ...unit, direction: pinArray(unit.direction) } : unit },
      vector: pictures[0].direction,
      seeds: firstSeeds(place.plan, count),
      pictures: Array.from({ length: count }, (_, i) => pictures[i % pictures.length]),
      ...(others.length > 0 ? { others } : {}),
    };
  });
}

function termsOf(unit: ChosenUnit): readonly Term[] {
  if ('joint' in unit) return unit.joint;
  return 'interpolate' in unit ? [unit.interpolate.from, unit.interpolate.to] : [];
}

/** The layer of a term, unless it is the unit's own. */
function otherLayer({ layer, find }: ChosenPlace, term: Term): Layer | undefined {
  if (term.layer === undefined) return undefined;
  const found = find(term.layer);
  return found.name === layer.name ? undefined : found;
}

/** What each picture is of; one for all where they do not differ. */
function picturesOf(place: ChosenPlace, unit: ChosenUnit, others: readonly string[], name: string): PictureDirections[] {
  const channels = place.layer.shape[0];
  if ('whole' in unit) return [{ direction: new Float32Array(channels).fill(1 / channels), others: [] }];
  if ('direction' in unit) return [{ direction: readDirection(place, unit.direction, name), others: [] }];
  if ('joint' in unit)
    return [
      sum(
        place,
        unit.joint.map((term) => ({ term, share: 1 })),
        others,
        name,
      ),
    ];
  const { from, to, pictures } = unit.interpolate;
  return Array.from({ length: pictures }, (_, i) => {
    const t = i / (pictures - 1);
    return sum(
      place,
      [
        { term: from, share: 1 - t },
        { term: to, share: t },
      ],
      others,
      name,
    );
  });
}

function sum(
  place: ChosenPlace,
  parts: readonly { term: Term; share: number }[],
  others: readonly string[],
  name: string,
): PictureDirections {
  const layers = [place.layer, ...others.map((other) => place.find(other))];
  const rows = layers.map(({ shape }) => new Float32Array(shape[0]));
  for (const { term, share } of parts) {
    const other = otherLayer(place, term);
    const row = rows[other ? layers.findIndex((layer) => layer.name === other.name) : 0];
    if (term.channel >= row.length)
      throw wrong(
        place,
        `a channel from 0 to ${row.length - 1}`,
        `${name}, a term`,
        term,
        '"atlas layers MODEL" lists the channels of each layer.',
      );
    row[term.channel] += share * (term.weight ?? 1);
  }
  return { direction: rows[0], others: rows.slice(1) };
}

function readDirection(place: ChosenPlace, array: Parameters<typeof readArray>[0], name: string): Float32Array {
  const { data, shape } = readArray(array);
  const length = Math.hypot(...data);
  if (data.length !== place.layer.shape[0] || !(length > 0))
    throw wrong(
      place,
      `${place.layer.shape[0]} values, not all zero`,
      `${name}.direction`,
      shape,
      'It is a vector over the channels of the layer.',
    );
  return data.map((value) => value / length);
}

function wrong({ file }: ChosenPlace, expected: string, name: string, received: unknown, remedy: string): Error {
  return fault({ where: file, expected, name, received, remedy, exitCode: 2 });
}
