/** Draws one of the line features beside the regions, in a window that has no outline of its own. */
import type { RandomStream } from '../../../render/random.ts';
import { type Canvas, type Paint, paletteOf, type Sprite } from './canvas.ts';
import type { Swatch } from './colours.ts';
import { conceptIndex } from './concepts.ts';
import { type Kernel, parameters, smoothStep } from './kernel.ts';
import {
  arcSkeleton,
  arcSolid,
  arcStroke,
  armParameters,
  armSkeleton,
  armStroke,
  CLEAR,
  chooseLine,
  cornerSolid,
  GONE,
  halfPlane,
  LABELLED,
  type Line,
} from './lines.ts';

/** Paints a feature where there is room, as region `region`; returns its concept, or nothing if there was no room. */
export function paintLine(canvas: Canvas, stream: RandomStream, pair: readonly Swatch[], region: number): number | undefined {
  const line = chooseLine(stream.uniform());
  const turn = ((line.turn ?? stream.between(0, 360)) * Math.PI) / 180;
  const solid = line.solid && stream.uniform() < 0.4;
  const p = parameters(canvas.pixel, line.radius, 0, ...armParameters(line, stream.between(2.2, 3.6)));
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  const sprite = canvas.sprite(line.kind === 'arc' ? arcSkeleton : armSkeleton, p, line.length + 2 * GONE, cos, sin);
  const centre = canvas.place(sprite, CLEAR, stream);
  if (centre < 0) return undefined;
  // An edge's light side has its direction; other features are light or dark alike.
  const light = pair[0].lab[0] > pair[1].lab[0];
  const colours = line.kind === 'edge' && light ? [pair[1], pair[0]] : pair;
  const paint = { fill: inkOf(line, solid), p, cos, sin, palette: paletteOf(colours) };
  paintWindow(canvas, sprite, centre, paint, region);
  return conceptIndex(`line-${line.name}`);
}

function inkOf({ kind }: Line, solid: boolean): Kernel {
  if (kind === 'edge') return halfPlane;
  if (kind === 'arc') return solid ? arcSolid : arcStroke;
  return solid ? cornerSolid : armStroke;
}

/** The fill is a distance here: ink, the second colour, within it. */
function paintWindow(canvas: Canvas, { side, distance }: Sprite, centre: number, paint: Paint, region: number): void {
  const half = side >> 1;
  const { size, pixel } = canvas;
  const { fill, p, cos, sin, palette } = paint;
  const cx = centre % size;
  const cy = Math.floor(centre / size);
  for (let j = 0, i = 0; j < side; j++) {
    for (let k = 0; k < side; k++, i++) {
      const x = cx - half + k;
      const y = cy - half + j;
      const clear = 1 - smoothStep(CLEAR, GONE, distance[i]);
      if (clear <= 0 || x < 0 || y < 0 || x >= size || y >= size) continue;
      const dx = (k - half) * pixel;
      const dy = (j - half) * pixel;
      const t = Math.min(1, Math.max(0, 0.5 - fill(dx * cos - dy * sin, dx * sin + dy * cos, p) / pixel));
      const at = y * size + x;
      for (let c = 0; c < 3; c++) {
        const value = palette[c] + (palette[3 + c] - palette[c]) * t;
        canvas.colour[3 * at + c] += (value - canvas.colour[3 * at + c]) * clear;
      }
      if (distance[i] <= LABELLED) canvas.region[at] = region;
    }
  }
}
