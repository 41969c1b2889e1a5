/** A layer with known answers: a linear filter bank over pixels, in place of a network. */
import type { Layer } from '../../generator/models/model.ts';
import { RandomStream } from '../../generator/render/random.ts';
import type { Probe } from '../../generator/render/renderer.ts';

/** Channel c is the sum of `filters[c]`, `[3·size·size]`, times the picture's values in [0,1], plus `offset`. */
export function filterBank(filters: readonly Float32Array[], size: number, { batch = 4, offset = 0 } = {}): Probe {
  const layer: Layer = {
    name: 'Bank/Conv',
    slug: 'bank-conv',
    tap: 'linear',
    operator: 'Conv',
    shape: [filters.length, 1, 1],
    receptiveField: size,
    stride: 1,
  };
  return {
    layer,
    batch,
    async pooled(images, count) {
      const length = 3 * size * size;
      const out = new Float32Array(count * filters.length);
      for (let i = 0; i < count; i++) {
        for (const [c, filter] of filters.entries()) {
          let sum = offset;
          for (let p = 0; p < length; p++) sum += filter[p] * images[i * length + p];
          out[i * filters.length + c] = sum;
        }
      }
      return out;
    },
    async dispose() {},
  };
}

/** Gaussian filters, named. */
export function randomFilters(count: number, size: number): Float32Array[] {
  return Array.from({ length: count }, (_, c) => {
    const stream = new RandomStream('filter-bank', c);
    return Float32Array.from({ length: 3 * size * size }, () => stream.normal() / size);
  });
}
