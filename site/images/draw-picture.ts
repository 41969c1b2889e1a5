/** Makes one picture file: a copy, a small version or a mosaic. Made once: kept under node_modules/.cache/ by its name, which is its content's. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { type PaintedPicture, paintTiles } from './paint-tiles.ts';
import type { Picture } from './pictures.ts';

/** Raise when the drawing changes, so that no old file is used. */
const VERSION = 1;
const CACHE = join('node_modules', '.cache', `basis-atlas-pictures-${VERSION}`);

/** The bytes of a picture of the site, WebP. */
export async function drawPicture(picture: Picture | PaintedPicture): Promise<Buffer> {
  if ('tiles' in picture) return keep(picture.name, () => paintTiles(picture));
  const { tile } = picture;
  return tile === null ? readFile(picture.sources[0] ?? '') : keep(picture.name, () => compose(picture, tile));
}

async function keep(name: string, draw: () => Promise<Buffer>): Promise<Buffer> {
  const kept = join(CACHE, name);
  if (existsSync(kept)) return readFile(kept);
  const bytes = await draw();
  await mkdir(CACHE, { recursive: true });
  const temporary = `${kept}.${process.pid}.tmp`;
  await writeFile(temporary, bytes);
  await rename(temporary, kept);
  return bytes;
}

async function compose({ sources, columns }: Picture, tile: number): Promise<Buffer> {
  const only = sources[0];
  if (sources.length === 1 && only) return sharp(only).resize(tile, tile).webp({ quality: 78, smartSubsample: true }).toBuffer();
  const tiles = await Promise.all(
    sources.map(async (source, i) => {
      if (!source) return [];
      const input = await sharp(source).resize(tile, tile).removeAlpha().raw().toBuffer();
      const raw = { width: tile, height: tile, channels: 3 } as const;
      return [{ input, raw, left: (i % columns) * tile, top: Math.floor(i / columns) * tile }];
    }),
  );
  const size = { width: columns * tile, height: Math.ceil(sources.length / columns) * tile };
  return sharp({ create: { ...size, channels: 3, background: '#808080' } })
    .composite(tiles.flat())
    .webp({ quality: 74, smartSubsample: true })
    .toBuffer();
}
