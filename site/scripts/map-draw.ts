/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Draws the map's tiles on its canvas: from sheets where they are small, from thumbnails where they are large. */
import type { Size } from './map-plane.ts';

/** A unit as it is drawn. */
export interface Drawn {
  readonly order: number;
  readonly arm: string;
  readonly image: string;
}

export interface TilePlace {
  readonly unit: Drawn;
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** In the middle, where Enter leads. */
  readonly chosen: boolean;
}

export interface Brush {
  /** Clears the canvas for a size in CSS pixels. */
  begin(size: Size): void;
  draw(place: TilePlace): void;
}

/** Tiles wider than this, in pixels of the screen, are drawn from thumbnails. */
const SHEET_REACHES = 40;
const ROUNDING = 0.3;

/** A brush for a canvas. `again` is called when a picture that was missing has come. */
export function makeBrush(canvas: HTMLCanvasElement, again: () => void): Brush {
  const context = canvas.getContext('2d');
  const { images = '', sheets = '', columns = '20', tile = '32' } = canvas.dataset;
  const names = sheets.split(' ').filter(Boolean);
  const [across, small] = [Number(columns), Number(tile)];
  const pictures = new Map<string, HTMLImageElement>();
  const picture = (name: string) => {
    let image = pictures.get(name);
    if (!image) {
      image = new Image();
      image.addEventListener('load', again);
      image.src = images + name;
      pictures.set(name, image);
    }
    return image.complete && image.naturalWidth > 0 ? image : undefined;
  };
  let ratio = 1;
  let colours = { b: '', n: '', r: '', raised: '', ink: '' };

  function begin({ width, height }: Size): void {
    ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    const style = getComputedStyle(canvas);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    colours = { b: colour('b'), n: colour('n'), r: colour('r'), raised: colour('raised'), ink: colour('ink') };
    context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    context?.clearRect(0, 0, width, height);
  }

  function draw({ unit, left, top, side, chosen }: TilePlace): void {
    if (!context) return;
    const gap = side > 24 ? side * 0.04 : 0.5;
    // On whole pixels of the screen, so that small tiles are sharp and all of one size.
    const [x, y] = [left + gap, top + gap].map((at) => Math.round(at * ratio) / ratio) as [number, number];
    const inner = Math.max(1, Math.floor((side - 2 * gap) * ratio)) / ratio;
    const round = unit.arm === 'r';
    const colour = unit.arm === 'r' ? colours.r : unit.arm === 'n' ? colours.n : colours.b;
    const sheet = names[Math.floor(unit.order / across ** 2)];
    const near = side * ratio > SHEET_REACHES || sheet === undefined;
    const large = near && unit.image ? picture(unit.image) : undefined;
    const coarse = !large && sheet ? picture(sheet) : undefined;
    if (large) {
      context.save();
      context.beginPath();
      context.roundRect(x, y, inner, inner, round ? inner * ROUNDING : 0);
      context.clip();
      context.drawImage(large, x, y, inner, inner);
      context.restore();
    } else if (coarse && unit.image) {
      const place = unit.order % across ** 2;
      context.drawImage(coarse, (place % across) * small, Math.floor(place / across) * small, small, small, x, y, inner, inner);
    } else {
      context.fillStyle = unit.image ? colours.raised : colour;
      context.beginPath();
      context.roundRect(x, y, inner, inner, round ? inner * ROUNDING : 0);
      context.fill();
    }
    edge({ x, y, inner, round, colour });
    if (chosen) {
      context.strokeStyle = colours.ink;
      context.lineWidth = 3;
      context.strokeRect(x - 2, y - 2, inner + 4, inner + 4);
    }
  }

  function edge({ x, y, inner, round, colour }: { x: number; y: number; inner: number; round: boolean; colour: string }): void {
    if (!context) return;
    const thick = Math.min(3, Math.max(1, inner / 14));
    if (!round) {
      context.fillStyle = colour;
      context.fillRect(x, y + inner - thick, inner, thick);
      return;
    }
    context.strokeStyle = colour;
    context.lineWidth = thick;
    context.beginPath();
    context.roundRect(x + thick / 2, y + thick / 2, inner - thick, inner - thick, inner * ROUNDING);
    context.stroke();
  }

  return { begin, draw };
}
