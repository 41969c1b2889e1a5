/** What a network wants of its pixels, in a line: a reader who renders again needs it, and a guess that was wrong shows here. */
import type { Atlas } from '../../data/schema.ts';

const COLOURS = ['red', 'green', 'blue'];

/** `0 to 1; red × 4.37 − 2.12, green × 4.46 − 2.04, blue × 4.44 − 1.80`, `0 to 1, × 2 − 1` where all colours are treated alike. */
export function pixelText({ scale, offset, order }: Atlas['model']['preprocess']): string {
  const steps = scale.map((factor, i) => step(factor, offset[i] ?? 0));
  const alike = new Set(steps).size === 1;
  const named = steps.map((text, i) => `${steps.length === 3 ? COLOURS[i] : `channel ${i}`}${text}`);
  const sums = alike ? (steps[0] ? `,${steps[0]}` : '') : `; ${named.join(', ')}`;
  return `0 to 1${sums}${order === 'BGR' ? ', blue first in the file' : ''}`;
}

/** ` × 2 − 1`; empty for a pixel that stays as it is. */
function step(factor: number, shift: number): string {
  const times = factor === 1 ? '' : ` × ${written(factor)}`;
  return shift === 0 ? times : `${times} ${shift < 0 ? '−' : '+'} ${written(Math.abs(shift))}`;
}

function written(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
