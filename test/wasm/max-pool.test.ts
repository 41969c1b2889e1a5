/** The loop by itself, in blocks of any processor, against the definition. */
import { expect, test } from 'vitest';
import { openPoolKernels, type PoolPlace, type PoolWindow, placePools, scratchRow } from '../../generator/wasm/max-pool.ts';
import { KernelMemory, Places } from '../../generator/wasm/memory.ts';

const [PLANES, ROWS, COLUMNS] = [3, 4, 5];

/** x and its gradient by those of the windows, `[planes, rows, columns, block]`, where no two values are equal. */
function byDefinition(window: PoolWindow, x: Float32Array, gradients: Float32Array): Float32Array {
  const { window: taps, stride, before, block } = window;
  const [height, width] = [stride * ROWS, stride * COLUMNS];
  const result = new Float32Array(x.length);
  for (let plane = 0; plane < PLANES; plane++)
    for (let row = 0; row < ROWS; row++)
      for (let column = 0; column < COLUMNS; column++)
        for (let lane = 0; lane < block; lane++) {
          let best = -1;
          for (let i = 0; i < taps; i++)
            for (let j = 0; j < taps; j++) {
              const [y, z] = [stride * row - before + i, stride * column - before + j];
              if (y < 0 || y >= height || z < 0 || z >= width) continue;
              const at = ((plane * height + y) * width + z) * block + lane;
              if (best < 0 || x[at] > x[best]) best = at;
            }
          if (!window.gated || x[best] > 0) result[best] += gradients[((plane * ROWS + row) * COLUMNS + column) * block + lane];
        }
  return result;
}

const WINDOWS = [
  { window: 2, stride: 2, before: 0 },
  { window: 3, stride: 2, before: 0 },
  { window: 3, stride: 2, before: 1 },
  { window: 3, stride: 1, before: 1 },
] as const;

test.each(
  WINDOWS.flatMap((window) => [4, 8, 16].flatMap((block) => [false, true].map((gated) => ({ ...window, block, gated })))),
)('windows of $window at stride $stride, $before before, in blocks of $block, gated: $gated', (window) => {
  const { stride, block } = window;
  const count = PLANES * ROWS * COLUMNS * block;
  const size = count * stride ** 2;
  const places = new Places();
  // Longer rows than these need, as another pool's may be.
  const scratch = placePools(scratchRow({ columns: COLUMNS, ...window }) + 16, places);
  const [value, gradient, result] = [size, count, size].map((numbers) => places.take(numbers));
  const memory = new KernelMemory(places);
  const run = openPoolKernels(scratch, memory);
  const place: PoolPlace = { ...window, value, gradient, result, rows: ROWS, columns: COLUMNS, planes: PLANES };
  // Whole numbers, whose sums are exact; of both signs, so that padding with zeros would show.
  for (const turn of [1, 2]) {
    const x = memory.floats(value, size).map((_, i) => (((i + turn) * 7919) % 104729) - 60000);
    const gradients = memory.floats(gradient, count).map((_, i) => ((i * 31 * turn) % 17) - 5);
    memory.floats(value, size).set(x);
    memory.floats(gradient, count).set(gradients);
    run(place);
    expect(memory.floats(result, size)).toEqual(byDefinition(window, x, gradients));
  }
  memory.dispose();
});
