/** What an observer sees in every unit's first render: from the comparison's evidence, and for chosen units, which no comparison looks at, by asking it. */
import { z } from 'zod';
import { slug } from '../../data/schema.ts';
import { imageFile } from '../batch/store.ts';
import { partNames } from '../compare/evidence/keep-activations.ts';
import { renderParts } from '../compare/evidence/look-at-renders.ts';
import { fileName } from '../compare/evidence/observer-parts.ts';
import type { Parts } from '../compare/evidence/parts.ts';
import { fault } from '../graph/errors.ts';
import { normalise } from '../measure/observers/image-observer.ts';
import { openLabGabor } from '../measure/observers/lab-gabor.ts';
import { readPicture } from '../measure/picture.ts';
import type { Rows } from '../measure/rows.ts';
import type { PortrayedLayer } from './read-units.ts';

export interface LooksRequest {
  readonly folder: string;
  readonly parts: Pick<Parts, 'read'>;
  readonly layers: readonly PortrayedLayer[];
  /** The id of the comparison's first observer, the hand-built one. */
  readonly observer: string;
  /** Of the observer, where chosen units have to be looked at. */
  readonly threads: number;
  readonly signal?: AbortSignal;
}

/** A unit by its layer's place and its own. */
export interface UnitPlace {
  readonly layer: number;
  readonly unit: number;
}

/** Rows of length one, and whose they are: units without a picture have none. */
export interface Looks extends Rows {
  readonly owners: readonly UnitPlace[];
}

/** Of a feature, all of which lie between 0 and 1: below this it is rounding that varies. */
const LEAST_DEVIATION = 1e-6;

const labels = z.object({ directions: z.array(z.object({ id: slug })) });

/**
 * In the order of the layers and their units. Every feature is standardised over the units (mean 0, deviation 1), each row then brought to length one: as
 * they come, all features are positive and every cosine is nearly 1.
 *
 * The hand-built observer looks, also where there is a network beside it, because it tells renders apart better: on the committed atlas the nearest of 5,000
 * renders is another of the same unit for 88% (standardised or not; 35% by the network as it comes, 60% standardised), and in each layer for more.
 * It sees no objects: where renders show such, alike is what has their colours and textures.
 *
 * Throws where the evidence is not there, or is of other renders. */
export async function readLooks({ folder, parts, layers, observer, threads, signal }: LooksRequest): Promise<Looks> {
  const found = new Map<string, Float32Array>();
  const asked: { readonly key: string; readonly image: string }[] = [];
  let dimension = 0;
  for (const [l, { layer, units }] of layers.entries()) {
    const rows = await parts.read(`${renderParts(layer.slug).look(observer)}`, 'f32');
    const known = labels.parse(await parts.read(partNames(layer.slug).labels, 'json'));
    const records = new Map(units.map(({ record }) => [record.id, record]));
    const pictures = known.directions.map(({ id }) => records.get(id)?.renders.filter(({ image }) => image !== undefined).length ?? 0);
    const count = pictures.reduce((sum, number) => sum + number, 0);
    if (count > 0) dimension = rows.length / count;
    if (!Number.isInteger(dimension))
      throw fault({
        where: folder,
        expected: `what ${observer} sees of ${count} pictures`,
        name: `the evidence "${layer.slug}/pictures-${fileName(observer)}"`,
        received: `${rows.length} values`,
        remedy: 'Run "atlas compare": it looks at the pictures that are there.',
      });
    let at = 0;
    for (const [d, { id }] of known.directions.entries()) {
      if (pictures[d] > 0) found.set(`${l} ${id}`, rows.subarray(at * dimension, (at + 1) * dimension));
      at += pictures[d];
    }
    for (const { record } of units) {
      const image = record.renders.find((render) => render.image !== undefined)?.image;
      if (record.arm === 'chosen' && image) asked.push({ key: `${l} ${record.id}`, image });
    }
  }
  if (asked.length > 0) await askObserver({ folder, observer, threads, signal }, asked, found);
  const owners = layers.flatMap(({ units }, layer) =>
    units.flatMap(({ record }, unit) => (found.has(`${layer} ${record.id}`) ? [{ layer, unit }] : [])),
  );
  const table = new Float32Array(owners.length * dimension);
  for (const [r, { layer, unit }] of owners.entries())
    table.set(found.get(`${layer} ${layers[layer].units[unit].record.id}`) ?? [], r * dimension);
  standardise(table, dimension);
  return { rows: table, dimension, owners };
}

/** Columns to mean 0 and deviation 1 (to 0 where they do not vary), then rows to length one, in place. */
function standardise(table: Float32Array, dimension: number): void {
  const count = table.length / dimension;
  for (let i = 0; i < dimension; i++) {
    let [sum, squares] = [0, 0];
    for (let at = i; at < table.length; at += dimension) sum += table[at];
    const mean = sum / count;
    for (let at = i; at < table.length; at += dimension) squares += (table[at] - mean) ** 2;
    const deviation = Math.sqrt(squares / count);
    const scale = deviation > LEAST_DEVIATION ? 1 / deviation : 0;
    for (let at = i; at < table.length; at += dimension) table[at] = (table[at] - mean) * scale;
  }
  for (let at = 0; at < table.length; at += dimension) normalise(table.subarray(at, at + dimension));
}

async function askObserver(
  {
    folder,
    observer: id,
    threads,
    signal,
  }: Pick<LooksRequest, 'folder' | 'observer' | 'threads'> & { readonly signal: AbortSignal | undefined },
  asked: readonly { readonly key: string; readonly image: string }[],
  found: Map<string, Float32Array>,
): Promise<void> {
  const observer = await openLabGabor({ threads });
  try {
    if (observer.id !== id)
      throw fault({
        where: folder,
        expected: `a comparison whose first observer is ${observer.id}`,
        name: 'comparison.json',
        received: id,
        remedy: 'Run "atlas compare" again: the observer has another version by now.',
      });
    const pictures = async function* () {
      for (const { image } of asked) yield readPicture(`${folder}/${imageFile(image)}`);
    };
    const rows = await observer.embed(pictures(), asked.length, signal ? { signal } : {});
    for (const [i, { key }] of asked.entries()) found.set(key, rows.subarray(i * observer.dimension, (i + 1) * observer.dimension));
  } finally {
    await observer.dispose();
  }
}
