/** The images of every unit's page: which, how far they drive it, and where in them it responds most. */
import type { Comparison, Example } from '../../data/schema.ts';
import type { Stages } from '../compare/evidence/gather.ts';
import { drawOrder } from '../measure/bands.ts';
import type { ImageSet } from '../measure/images/image-set.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { chooseExamples, NOTHING_SHOWN, type ShownImages } from './choose-examples.ts';
import { fieldBox } from './field-box.ts';
import { findPositions, imagesToSee, type Sought } from './find-positions.ts';
import { type PortrayedLayer, stackVectors } from './read-units.ts';
import { storeImages } from './show-images.ts';

export interface ExamplesRequest {
  readonly folder: string;
  readonly comparison: Comparison;
  readonly layers: readonly PortrayedLayer[];
  /** Ā of a layer by its slug, `[n,C]`. */
  readonly means: (slug: string) => Promise<Float32Array>;
  /** The images of a size, those of the comparison. */
  readonly openImages: (size: number) => Promise<ImageSet>;
  readonly model: Model;
  readonly runtime: Runtime;
  readonly stages: Stages;
  readonly signal?: AbortSignal;
}

/** A unit's images as its page has them. */
export interface UnitExamples {
  readonly top: Example[];
  readonly middle: Example[];
}

export interface FoundExamples {
  /** By the layer's place and the unit's. */
  readonly examples: readonly (readonly UnitExamples[])[];
  /** Different images, and the bytes of their files. */
  readonly images: number;
  readonly bytes: number;
}

/** Of all units. The images are written; nothing else is. */
export async function findExamples(request: ExamplesRequest): Promise<FoundExamples> {
  const { folder, layers, model, runtime, openImages, stages, signal } = request;
  const told = signal ? { signal } : {};
  const shown: ShownImages[][] = [];
  for (const layer of layers) shown.push(await chooseForLayer(request, layer));
  const examples: UnitExamples[][] = layers.map(() => []);
  const sizes = [...new Set(layers.map(({ layer }) => layer.render.size))];
  let [distinct, bytes] = [0, 0];
  for (const size of sizes) {
    const own = [...layers.keys()].filter((i) => layers[i].layer.render.size === size);
    const sought = own.map((i) => seek(layers[i], shown[i]));
    if (sought.every(({ wanted }) => wanted.size === 0)) {
      for (const i of own) examples[i] = shown[i].map(() => ({ top: [], middle: [] }));
      continue;
    }
    const images = await openImages(size);
    const total = imagesToSee({ model, images, sought });
    stages.begin(`Where the units of ${own.length} layers respond in ${total} images`, total);
    const found = await findPositions({ ...{ model, runtime, images, sought }, ...told, onProgress: stages.done });
    const numbers = [...new Set(sought.flatMap(({ wanted }) => [...wanted.keys()]))].sort((a, b) => a - b);
    stages.begin(`${numbers.length} images, made small`, numbers.length);
    const stored = await storeImages(folder, images, numbers, { ...told, onProgress: stages.done });
    distinct += numbers.length;
    bytes += stored.bytes;
    for (const [k, i] of own.entries()) {
      const { layer } = layers[i];
      const places = placesByUnit(sought[k], found[k].positions);
      examples[i] = shown[i].map((unit, u) => {
        const describe = ({ number, score }: ShownImages['top'][number]): Example => ({
          image: stored.hashes.get(number) ?? '',
          number,
          score,
          box: fieldBox(found[k].grid, layer.receptive_field, size, places.get(`${u} ${number}`) ?? 0),
        });
        return { top: unit.top.map(describe), middle: unit.middle.map(describe) };
      });
    }
  }
  return { examples, images: distinct, bytes };
}

async function chooseForLayer({ comparison, means }: ExamplesRequest, { layer, units }: PortrayedLayer): Promise<ShownImages[]> {
  const table = await means(layer.slug);
  const set = comparison.images.find(({ size }) => size === undefined || size === layer.render.size) ?? comparison.images[0];
  const compared = new Map(comparison.directions.flatMap((one) => (one.layer === layer.slug ? [[one.id, one] as const] : [])));
  let order: Uint32Array | undefined;
  const draw = () => {
    order ??= drawOrder(table.length / layer.shape[0], set.sha256);
    return order;
  };
  return units.map(({ record, vector }) => (vector ? chooseExamples(vector, table, draw, compared.get(record.id)) : NOTHING_SHOWN));
}

interface LayerSought extends Sought {
  /** The units that the directions are of, by number. */
  readonly owners: readonly number[];
}

/** Which rows are wanted at which image. */
function seek(layer: PortrayedLayer, shown: readonly ShownImages[]): LayerSought {
  const { rows, owners } = stackVectors(layer);
  const wanted = new Map<number, number[]>();
  for (const [row, u] of owners.entries())
    for (const { number } of [...shown[u].top, ...shown[u].middle]) wanted.set(number, [...(wanted.get(number) ?? []), row]);
  return { layer: layer.layer, directions: rows, wanted, owners };
}

/** Positions by the unit's number and the image's. */
function placesByUnit({ wanted, owners }: LayerSought, positions: ReadonlyMap<number, readonly number[]>): Map<string, number> {
  const places = new Map<string, number>();
  for (const [number, rows] of wanted)
    for (const [k, row] of rows.entries()) {
      const position = positions.get(number)?.[k];
      if (position !== undefined) places.set(`${owners[row]} ${number}`, position);
    }
  return places;
}
