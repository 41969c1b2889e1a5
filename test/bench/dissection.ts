/**
 * Both passes over the images, and the levels between them: `node test/bench/dissection.ts [images] [threads]`. The default model at 128 px, seven
 * layers of 144 to 576 channels, 6·C + 128 directions each; images and masks are stripes and rectangles made beforehand, so that their making is not in it.
 */
import { availableParallelism } from 'node:os';
import { countConcepts } from '../../generator/measure/dissection/count-concepts.ts';
import { scoreDissection } from '../../generator/measure/dissection/score.ts';
import type { ImageSet } from '../../generator/measure/images/image-set.ts';
import { quantiles } from '../../generator/measure/passes/quantiles.ts';
import { readActivations } from '../../generator/measure/passes/read-activations.ts';
import { openModel } from '../../generator/models/open.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';

const [n = 600, threads = availableParallelism()] = process.argv.slice(2).map(Number);
const SIZE = 128;
const LAYERS = [2, 3, 5, 7, 9, 11, 12].map((block) => `expanded-conv-${block}-expand`);

/** 64 images, over and over: six striped rectangles on noise, each with a concept of four kinds of 131. */
function stripedImages(): ImageSet {
  const concepts = Array.from({ length: 131 }, (_, k) => ({ id: `concept-${k}`, category: `category-${Math.floor((k + 4) / 15)}` }));
  const made = Array.from({ length: 64 }, (_, index) => {
    const stream = new RandomStream('bench-dissection', index);
    const pixels = Uint8Array.from({ length: 3 * SIZE * SIZE }, () => 100 + stream.below(40));
    const cell = new Uint8Array(SIZE * SIZE);
    const lists = [[stream.below(11)]];
    for (let r = 1; r <= 6; r++) {
      lists.push([stream.below(11), 11 + stream.below(40), 51 + stream.below(40), 91 + stream.below(40)]);
      const colours = [0, 1].map(() => [0, 1, 2].map(() => stream.below(256)));
      const [height, width, period, slant] = [12 + stream.below(30), 12 + stream.below(30), 2 + stream.below(8), stream.below(3)];
      const [top, left] = [stream.below(SIZE - height), stream.below(SIZE - width)];
      for (let y = top; y < top + height; y++)
        for (let x = left; x < left + width; x++) {
          cell[y * SIZE + x] = r;
          pixels.set(colours[Math.floor((x + slant * y) / period) % 2], 3 * (y * SIZE + x));
        }
    }
    return { picture: { size: SIZE, pixels }, labels: { cell, concepts: lists } };
  });
  const of = (index: number) => made[index % made.length];
  return {
    id: 'stripes',
    kind: 'generated',
    n,
    size: SIZE,
    sha256: '0'.repeat(64),
    concepts,
    picture: async (index) => of(index).picture,
    labels: async (index) => of(index).labels,
  };
}

const figures: Record<string, number> = {};

/** Seconds of the clock and of the processors. */
async function time<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  figures[`${name}_s`] = (performance.now() - start) / 1000;
  figures[`${name}_cpu_s`] = (user + system) / 1e6;
  return result;
}

const model = await openModel('coco-ssd-mobilenet-v2');
const runtime = openOnnxRuntime({ threads });
const images = stripedImages();
const read = await time('pass_one', () => readActivations({ model, runtime, layers: LAYERS, images, batch: 8 }));
const layers = [...read].map(([layer, activations]) => {
  const { channels } = activations;
  const stream = new RandomStream('bench-directions', layer);
  const directions = Float32Array.from({ length: (6 * channels + 128) * channels }, () => stream.normal() / Math.sqrt(channels));
  return { layer, activations, directions };
});
const ready = await time('levels', async () => {
  const all = [];
  for (const { layer, activations, directions } of layers)
    all.push({ layer, directions, levels: await quantiles({ runtime, activations, directions }) });
  return all;
});
const counts = await time('pass_two', () => countConcepts({ model, layers: ready, images, threads }));
const scores = await time('scores', () => counts.map(scoreDissection));
const directions = scores.reduce((sum, { directions: all }) => sum + all.length, 0);
const peak = (process.resourceUsage().maxRSS * 1024) / 2 ** 20;
process.stdout.write(`${JSON.stringify({ images: n, threads, layers: LAYERS.length, directions, ...figures, peak_mib: peak }, null, 1)}\n`);
