/** Paints small versions of pictures at places of a larger one that is clear elsewhere. */
import pLimit from 'p-limit';
import sharp from 'sharp';

export interface PaintedTile {
  source: string;
  left: number;
  top: number;
  /** Rounded, as random directions are. */
  round: boolean;
}

export interface PaintedPicture {
  name: string;
  width: number;
  height: number;
  /** Side of a tile in pixels. */
  tile: number;
  tiles: readonly PaintedTile[];
  /** Whether tiles have an edge in the colour of their arm, one that does for a light and a dark page. */
  edge?: boolean;
}

/** Share of a side that a rounded tile's corners take. */
const ROUNDING = 0.3;
const EDGES = { square: [74, 112, 222], round: [206, 104, 36] } as const;

/** A picture as WebP bytes. Its rows are written by hand: sharp's own compositing takes time that grows with the square of the tiles. */
export async function paintTiles({ width, height, tile, tiles, edge = false }: PaintedPicture): Promise<Buffer> {
  const pixels = new Uint8Array(width * height * 4);
  const inside = Array.from({ length: tile * tile }, (_, i) => depth((i % tile) + 0.5, Math.floor(i / tile) + 0.5, tile));
  const limit = pLimit(4);
  const paint = async ({ source, left, top, round }: PaintedTile) => {
    const from = await sharp(source).resize(tile, tile).removeAlpha().raw().toBuffer();
    const [red, green, blue] = round ? EDGES.round : EDGES.square;
    const line = Math.max(1, tile / 16);
    for (const [i, within] of inside.entries()) {
      if (round && within < 0) continue;
      const to = ((top + Math.floor(i / tile)) * width + left + (i % tile)) * 4;
      const onEdge = edge && (round ? within < line : Math.floor(i / tile) >= tile - line);
      pixels[to] = onEdge ? red : (from[i * 3] ?? 0);
      pixels[to + 1] = onEdge ? green : (from[i * 3 + 1] ?? 0);
      pixels[to + 2] = onEdge ? blue : (from[i * 3 + 2] ?? 0);
      pixels[to + 3] = 255;
    }
  };
  await Promise.all(tiles.map((one) => limit(() => paint(one))));
  return sharp(pixels, { raw: { width, height, channels: 4 } })
    .webp({ quality: 74, alphaQuality: 60, smartSubsample: true })
    .toBuffer();
}

/** How far a point lies within a rounded square of a side; below zero outside. */
function depth(x: number, y: number, side: number): number {
  const radius = ROUNDING * side;
  const [dx, dy] = [x, y].map((at) => Math.abs(at - side / 2) - side / 2 + radius);
  const beyond = Math.hypot(Math.max(0, dx ?? 0), Math.max(0, dy ?? 0)) + Math.min(0, Math.max(dx ?? 0, dy ?? 0));
  return radius - beyond;
}
