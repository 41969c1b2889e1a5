/** A generated picture to try things on: leaves that hide one another, which have the scale-free statistics of natural images. */

import { type NoiseTile, noiseTile, sampleTile } from '../../generator/measure/noise-tile.ts';
import type { Picture } from '../../generator/measure/picture.ts';
import { RandomStream } from '../../generator/render/random.ts';

/** Goes into the name of every draw: raise it when the same index would give other pixels. */
export const DEAD_LEAVES = 'dead-leaves-1';

const TILE_SIDE = 256;
const TILE_EXPONENTS = [0.5, 1, 1, 1.4];
/** Share of images that are noise alone, and of those with few leaves on noise; the others are leaves all over. */
const NOISE_SHARE = 0.12;
const SPARSE_SHARE = 0.18;
const GREY_AXIS = [0.26, 0.27, 0.27];
const BLUE_YELLOW_AXIS = [0.09, 0, -0.09];
const GREEN_PURPLE_AXIS = [0.02, -0.05, 0.03];

type Colour = readonly [number, number, number];
/** A texture placed in the plane: which tile, and the map from pixels to tile pixels. */
interface Texture {
  readonly tile: NoiseTile;
  readonly map: readonly [number, number, number, number, number, number];
  readonly dark: Colour;
  readonly light: Colour;
  readonly contrast: number;
}

/**
 * Image `index` of the set, at any size: the composition scales with it.
 *
 * The dead leaves model (Matheron 1968; Lee, Mumford and Huang, "Occlusion models for natural images", IJCV 41, 2001): discs at uniform places
 * with p(r) ∝ r⁻³, which makes the picture scale-invariant, laid front to back until nothing shows through. A third of the images bend the
 * discs to ellipses or rounded boxes. Each leaf is painted with noise of amplitude 1/f^α between two colours near the image's palette, whose
 * spread lies along the colour axes of natural images (Ruderman, Cronin and Chiao 1998, as tabulated by Lucid), and lit from one side.
 *
 * Pitfall: such images have edges, occlusion, texture and colour, but no objects: they stand for natural images at low and middle levels only.
 */
export function deadLeaves(index: number, size: number): Picture {
  const stream = new RandomStream(DEAD_LEAVES, index);
  const canvas = new Canvas(size, stream.between(0, 2 * Math.PI), stream.between(0.05, 0.3));
  const palette = drawPalette(stream);
  const kind = stream.uniform();
  if (kind >= NOISE_SHARE) {
    const bend = stream.uniform();
    const look = { stretch: bend < 0.35 ? stream.between(1.3, 3) : 1, power: bend < 0.15 ? stream.between(3, 8) : 2 };
    const smallest = stream.between(0.012, 0.05);
    const largest = stream.between(0.25, 0.6);
    const most = kind < NOISE_SHARE + SPARSE_SHARE ? 3 + stream.below(40) : 4000;
    for (let leaf = 0; leaf < most && canvas.open > 0; leaf++) {
      const radius = drawRadius(stream, smallest, largest) * size;
      const angle = stream.between(0, 2 * Math.PI);
      const texture = drawTexture(stream, palette, size);
      canvas.paint(stream.between(-0.2, 1.2) * size, stream.between(-0.2, 1.2) * size, radius, angle, look.stretch, look.power, texture);
    }
  }
  canvas.fill(drawTexture(stream, palette, size));
  return canvas.develop();
}

/** Inverse of the distribution function of p(r) ∝ r⁻³ on [smallest, largest]. */
function drawRadius(stream: RandomStream, smallest: number, largest: number): number {
  const tail = smallest ** -2;
  return (tail - stream.uniform() * (tail - largest ** -2)) ** -0.5;
}

const asColour = ([red, green, blue]: readonly number[]): Colour => [red, green, blue];

type Palette = () => Colour;

/** Colours of one image: two to four centres, each with a spread along the natural colour axes. */
function drawPalette(stream: RandomStream): Palette {
  const vivid = stream.between(0.4, 3.4);
  const brightness = stream.between(0.32, 0.62);
  const spread = stream.between(0.25, 0.8);
  const draw = (scale: number): Colour => {
    const g = stream.normal() * scale * 0.75;
    const b = stream.normal() * scale * vivid;
    const p = stream.normal() * scale * vivid;
    return asColour([0, 1, 2].map((c) => g * GREY_AXIS[c] + b * BLUE_YELLOW_AXIS[c] + p * GREEN_PURPLE_AXIS[c]));
  };
  const centres = Array.from({ length: 2 + stream.below(3) }, () => draw(1).map((v) => v + brightness));
  return () => {
    const centre = centres[stream.below(centres.length)];
    const step = draw(spread);
    return [centre[0] + step[0], centre[1] + step[1], centre[2] + step[2]];
  };
}

let tiles: readonly NoiseTile[] | undefined;

function drawTexture(stream: RandomStream, palette: Palette, size: number): Texture {
  tiles ??= TILE_EXPONENTS.map((exponent, i) => noiseTile(TILE_SIDE, exponent, new RandomStream(DEAD_LEAVES, 'tile', i)));
  const tile = tiles[stream.below(tiles.length)];
  const zoom = (TILE_SIDE / size) * 0.5 * 2 ** stream.between(-1.5, 0.5);
  const stretch = stream.uniform() < 0.3 ? stream.between(2, 7) : 1;
  const angle = stream.between(0, Math.PI);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const map = [
    (zoom / stretch) * cos,
    (zoom / stretch) * sin,
    stream.between(0, TILE_SIDE),
    -zoom * sin,
    zoom * cos,
    stream.between(0, TILE_SIDE),
  ] as const;
  return { tile, map, dark: palette(), light: palette(), contrast: stream.uniform() < 0.2 ? 0.05 : stream.between(0.1, 0.45) };
}

/** Paints front to back: `#clear` is how much of a pixel still shows what lies behind. */
class Canvas {
  readonly #size: number;
  readonly #colour: Float32Array;
  readonly #clear: Float32Array;
  readonly #light: readonly [number, number];
  /** Pixels that are not yet hidden. */
  open: number;

  constructor(size: number, lightAngle: number, lightStrength: number) {
    this.#size = size;
    this.#colour = new Float32Array(size * size * 3);
    this.#clear = new Float32Array(size * size).fill(1);
    this.#light = [Math.cos(lightAngle) * lightStrength, Math.sin(lightAngle) * lightStrength];
    this.open = size * size;
  }

  /** A leaf at (`cx`,`cy`): the superellipse |u/a|^power + |v/b|^power ≤ 1 with the area's radius `radius`, antialiased over a pixel. */
  paint(cx: number, cy: number, radius: number, angle: number, stretch: number, power: number, texture: Texture): void {
    const size = this.#size;
    const [a, b] = [radius * Math.sqrt(stretch), radius / Math.sqrt(stretch)];
    const reach = power === 2 ? a + 1 : Math.hypot(a, b) + 1;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const [x0, x1] = [Math.max(0, Math.floor(cx - reach)), Math.min(size - 1, Math.ceil(cx + reach))];
    const [y0, y1] = [Math.max(0, Math.floor(cy - reach)), Math.min(size - 1, Math.ceil(cy + reach))];
    for (let y = y0; y <= y1; y++) {
      for (let x = x0; x <= x1; x++) {
        const pixel = y * size + x;
        if (this.#clear[pixel] === 0) continue;
        const [dx, dy] = [x - cx, y - cy];
        const u = (dx * cos + dy * sin) / a;
        const v = (dy * cos - dx * sin) / b;
        const norm = power === 2 ? Math.sqrt(u * u + v * v) : (Math.abs(u) ** power + Math.abs(v) ** power) ** (1 / power);
        const cover = Math.min(1, (1 - norm) * b + 0.5);
        if (cover > 0) this.#mix(pixel, x, y, cover, 1 + (dx * this.#light[0] + dy * this.#light[1]) / radius, texture);
      }
    }
  }

  /** What lies behind all leaves: its two colours are kept apart in lightness, so that an image of noise alone is never flat. */
  fill(texture: Texture): void {
    const [dark, light] = [-0.15, 0.15].map((shift, i) => [texture.dark, texture.light][i].map((v) => v * 0.8 + 0.1 + shift));
    const deep = { ...texture, contrast: Math.max(0.3, texture.contrast), dark: asColour(dark), light: asColour(light) };
    for (let y = 0, pixel = 0; y < this.#size; y++) {
      for (let x = 0; x < this.#size; x++, pixel++) if (this.#clear[pixel] > 0) this.#mix(pixel, x, y, 1, 1, deep);
    }
  }

  #mix(pixel: number, x: number, y: number, cover: number, light: number, texture: Texture): void {
    const { map, dark, light: bright } = texture;
    const t = 0.5 + texture.contrast * sampleTile(texture.tile, map[0] * x + map[1] * y + map[2], map[3] * x + map[4] * y + map[5]);
    const weight = this.#clear[pixel] * cover;
    for (let c = 0; c < 3; c++) this.#colour[pixel * 3 + c] += weight * light * (dark[c] + (bright[c] - dark[c]) * t);
    const left = this.#clear[pixel] - weight;
    this.#clear[pixel] = left < 1 / 256 ? 0 : left;
    if (this.#clear[pixel] === 0) this.open--;
  }

  develop(): Picture {
    const pixels = new Uint8Array(this.#colour.length);
    for (let i = 0; i < pixels.length; i++) pixels[i] = Math.round(255 * Math.min(1, Math.max(0, this.#colour[i])));
    return { size: this.#size, pixels };
  }
}
