/** Masks of concepts, for tests. */
import type { Labels } from '../../../generator/measure/images/image-set.ts';

/** The pixels, in order, all of whose neighbours within `margin` have the concept too. */
export function eroded({ cell, concepts }: Labels, size: number, concept: number, margin = 0): number[] {
  const has = concepts.map((list) => list.includes(concept));
  if (!has.includes(true)) return [];
  const kept: number[] = [];
  for (let y = margin; y < size - margin; y++) {
    next: for (let x = margin; x < size - margin; x++) {
      for (let dy = -margin; dy <= margin; dy++)
        for (let dx = -margin; dx <= margin; dx++) if (!has[cell[(y + dy) * size + x + dx]]) continue next;
      kept.push(y * size + x);
    }
  }
  return kept;
}

/** Parts of a mask that hang together (over sides and corners), largest first. */
export function components(mask: readonly number[], size: number): number[][] {
  const left = new Set(mask);
  const parts: number[][] = [];
  for (const start of mask) {
    if (!left.delete(start)) continue;
    const part = [start];
    for (let k = 0; k < part.length; k++) {
      for (const step of [-size - 1, -size, -size + 1, -1, 1, size - 1, size, size + 1])
        if (left.delete(part[k] + step)) part.push(part[k] + step);
    }
    parts.push(part);
  }
  return parts.sort((a, b) => b.length - a.length);
}
