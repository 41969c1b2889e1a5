/** The pictures of a map: one of the whole for a page without scripts, and sheets of small tiles for the canvas. */
import { createHash } from 'node:crypto';
import { type AtlasStore, imageFile } from '../store/load-atlases.ts';
import type { Placed, ShownMap } from '../view/map.ts';
import type { PaintedPicture, PaintedTile } from './paint-tiles.ts';

/** Of a sheet: tiles a side, and the side of a tile in pixels. */
export const SHEET = { columns: 20, tile: 32 } as const;
/** The width of the whole in pixels, at most. */
export const WHOLE = 1600;
/** Units that have a tile on a sheet; the others come into view only where tiles are large enough for thumbnails. */
const ON_SHEETS = 6000;
/** Side of a tile of the whole in pixels: where its cells would be smaller, they are joined. */
const TILE = { least: 12, most: 104 } as const;

/** `m-…webp`: named by what they show. */
function named(kind: string, tiles: readonly PaintedTile[], rest: Omit<PaintedPicture, 'name' | 'tiles'>): PaintedPicture {
  const hash = createHash('sha256');
  for (const { source, left, top, round } of tiles) hash.update(`${source.slice(-69)} ${left} ${top} ${round} `);
  return { name: `${kind}-${hash.digest('hex').slice(0, 20)}.webp`, tiles, ...rest };
}

const isRound = ({ unit }: Placed) => unit.arm !== 'basis' && unit.arm !== 'basis-negative';

/** Sheets of tiles in the order of the map's list, 400 to a sheet. */
export function mapSheets(store: AtlasStore, { placed }: ShownMap): PaintedPicture[] {
  const { columns, tile } = SHEET;
  const sheets: PaintedPicture[] = [];
  for (let from = 0; from < Math.min(placed.length, ON_SHEETS); from += columns * columns) {
    const own = placed.slice(from, from + columns * columns);
    const tiles = own.flatMap((one, i) => {
      const image = one.unit.render?.image;
      const place = { left: (i % columns) * tile, top: Math.floor(i / columns) * tile, round: isRound(one) };
      return image ? [{ source: imageFile(store.folder, image), ...place }] : [];
    });
    sheets.push(named('s', tiles, { width: columns * tile, height: Math.ceil(own.length / columns) * tile, tile }));
  }
  return sheets;
}

/** The whole map on its own grid, cells joined where they would be too small: the picture, and how many units it shows. */
export function wholeMap(store: AtlasStore, { columns, rows, placed }: ShownMap): PaintedPicture & { shown: number } {
  let step = 1;
  while ((WHOLE * step) / columns < TILE.least) step *= 2;
  const across = Math.ceil(columns / step);
  const tile = Math.min(TILE.most, Math.floor(WHOLE / across));
  const cells = new Map<number, PaintedTile>();
  for (const one of placed) {
    const [column, row] = [Math.floor(one.column / step), Math.floor(one.row / step)];
    const image = one.unit.render?.image;
    if (!image || cells.has(row * across + column)) continue;
    cells.set(row * across + column, {
      source: imageFile(store.folder, image),
      left: column * tile,
      top: row * tile,
      round: isRound(one),
    });
  }
  const tiles = [...cells.values()];
  const size = { width: across * tile, height: Math.ceil(rows / step) * tile };
  return { ...named('w', tiles, { ...size, tile, edge: true }), shown: tiles.length };
}
