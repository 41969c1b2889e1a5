/** Which picture files the site has, and their names: pure functions that the pages and the emitter share, so that neither tells the other. */
import { createHash } from 'node:crypto';
import { ARMS, type Arm } from '../../data/schema.ts';
import { type AtlasStore, imageFile, type Layer, type Unit } from '../store/load-atlases.ts';

/** Side of a tile of a layer's grid, in pixels of the file (shown at 76 to 96 CSS pixels; the original serves dense screens). */
export const THUMBNAIL = 96;
/** Digits of the SHA-256 in a file name: 80 bits, so that a page of a thousand pictures stays light. */
const DIGITS = 20;

/** A picture file of the site: its name under `i/`, and what it is made of. */
export interface Picture {
  /** `0123456789abcdef0123-96.webp` */
  name: string;
  /** Side of a tile in pixels; null copies the original. */
  tile: number | null;
  columns: number;
  /** Source files, row by row; an undefined one leaves its tile empty. */
  sources: (string | undefined)[];
}

/** The file of an original: content-addressed, copied as it is. */
export const originalName = (sha256: string) => `${sha256.slice(0, DIGITS)}.webp`;
/** The file of a grid's tile. */
export const thumbnailName = (sha256: string) => `${sha256.slice(0, DIGITS)}-${THUMBNAIL}.webp`;

/** Shapes of a layer's mosaic; the small version is for phones, and for narrow columns of plain screens. */
export const MOSAIC = { columns: 6, rows: 4, tile: THUMBNAIL, small: 64 } as const;

/** A mosaic of one arm of a layer: evenly spaced units of all it has, by index, so nothing is picked for its looks. */
export function mosaic(
  store: AtlasStore,
  layer: Layer,
  arm: Arm,
): (Picture & { width: number; height: number; shown: Unit[]; small: Picture }) | undefined {
  const all = layer.units.filter((unit) => unit.arm === arm);
  if (all.length === 0) return undefined;
  const columns = Math.min(MOSAIC.columns, all.length);
  const rows = Math.min(MOSAIC.rows, Math.floor(all.length / columns));
  const n = columns * rows;
  const shown = Array.from({ length: n }, (_, i) => all[Math.floor((i * all.length) / n)]).filter((unit) => unit !== undefined);
  const sources = shown.map((unit) => (unit.render?.image ? imageFile(store.folder, unit.render.image) : undefined));
  const name = `m-${createHash('sha256')
    .update(`${columns} ${shown.map((unit) => unit.render?.image).join(' ')}`)
    .digest('hex')
    .slice(0, DIGITS)}`;
  const small = { name: `${name}-${MOSAIC.small}.webp`, tile: MOSAIC.small, columns, sources };
  const size = { width: columns * MOSAIC.tile, height: rows * MOSAIC.tile };
  return { name: `${name}.webp`, tile: MOSAIC.tile, columns, sources, ...size, shown, small };
}

/** Every picture file of the site, each name once. */
export function allPictures(stores: readonly AtlasStore[]): Map<string, Picture> {
  const pictures = new Map<string, Picture>();
  const add = (picture: Picture) => pictures.set(picture.name, picture);
  for (const store of stores) {
    for (const layer of store.layers) {
      for (const arm of ARMS) {
        const picture = mosaic(store, layer, arm);
        if (picture) add(picture);
        if (picture) add(picture.small);
      }
      for (const { image } of layer.units.flatMap((unit) => unit.record.renders)) {
        if (!image) continue;
        const sources = [imageFile(store.folder, image)];
        add({ name: originalName(image), tile: null, columns: 1, sources });
        add({ name: thumbnailName(image), tile: THUMBNAIL, columns: 1, sources });
      }
      const copied = layer.units.flatMap(({ record: { renders, diverse = [] } }) => [
        ...renders.flatMap(({ frames }) => frames?.image ?? []),
        ...diverse.flatMap(({ image }) => image ?? []),
      ]);
      for (const image of copied) add({ name: originalName(image), tile: null, columns: 1, sources: [imageFile(store.folder, image)] });
      for (const { top, middle } of layer.portraits.values())
        for (const { image } of [...top, ...middle])
          add({ name: originalName(image), tile: null, columns: 1, sources: [imageFile(store.folder, image)] });
    }
  }
  return pictures;
}

/** The originals of an atlas's renders and diverse pictures, by name: all that the page of an edition shows. */
export function rendersOf(store: AtlasStore): [string, Picture][] {
  const renders = store.layers.flatMap((layer) => layer.units.flatMap(({ record }) => [...record.renders, ...(record.diverse ?? [])]));
  return renders.flatMap(({ image }) => {
    if (!image) return [];
    const name = originalName(image);
    return [[name, { name, tile: null, columns: 1, sources: [imageFile(store.folder, image)] }]];
  });
}
