/** A network with a planted answer, and images to see it by: what a layer has to be like for its basis to win, and for it not to. */
import { mkdir, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { PlanFile } from '../../data/schema.ts';
import { writeOnnx } from '../../generator/compile/onnx-writer.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { INPUT } from '../../generator/models/model.ts';
import { RandomStream } from '../../generator/render/random.ts';

export const SIZE = 32;
/** Gratings that images show and channels look for: six orientations, two wavelengths. */
const GRATINGS = 12;
/** Channels after them: where a bright disc is, across, down, and from the other sides. */
const PLACES = 4;
/** The last channel, which is always zero. */
export const DEAD = GRATINGS + PLACES;
export const CHANNELS = DEAD + 1;
const KERNEL = 9;
const INNER = SIZE - KERNEL + 1;
/** How much more the channels of places vary than those of gratings. */
const PLACE_GAIN = 60;

const gratingOf = (index: number) => ({ angle: (Math.PI * (index % 6)) / 6, frequency: (2 * Math.PI) / (index < 6 ? 4 : 8) });

/**
 * Writes the network. In `bank-relu` most channels look for a grating, which the hand-built observer sees, and a few that vary far more say where the
 * disc is, which it does not: a channel is mostly one or the other, a random direction always mostly places. There the basis wins. `turned` is that
 * layer under a random rotation: its basis is a set of random directions of the same space, and the null holds. `mute` is zero throughout.
 * Another `gain` makes another network of the same answer.
 */
export async function writePlantedNetwork(file: string, gain = 1): Promise<string> {
  const builder = new GraphBuilder();
  builder.input(INPUT, { dtype: 'float32', shape: [1, 3, SIZE, SIZE] });
  const conv = (x: string, name: string, shape: number[], values: Float32Array) =>
    builder.add(
      'Conv',
      [x, builder.constant(float32(shape, values))],
      { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 },
      { outputs: [name] },
    );
  const seen = builder.add('Relu', [conv(INPUT, 'bank', [CHANNELS, 3, KERNEL, KERNEL], filters(gain))], {});
  const weighted = builder.add('Mul', [seen, builder.constant(float32([1, CHANNELS, INNER, INNER], ramps()))], {});
  const relu = builder.add('Relu', [weighted], {}, { outputs: ['bank-relu'] });
  const turned = conv(relu, 'turned', [CHANNELS, CHANNELS, 1, 1], rotation());
  const mute = conv(turned, 'mute', [4, CHANNELS, 1, 1], new Float32Array(4 * CHANNELS));
  await writeFile(file, writeOnnx(builder.build([builder.add('GlobalAveragePool', [mute], {}, { outputs: ['logits'] })])));
  return file;
}

/** A Gabor filter for each grating, the mean of the colours for each place, nothing for the last, `[C,3,9,9]`. */
function filters(gain: number): Float32Array {
  const area = KERNEL * KERNEL;
  return Float32Array.from({ length: CHANNELS * 3 * area }, (_, i) => {
    const channel = Math.floor(i / (3 * area));
    const [x, y] = [(i % KERNEL) - (KERNEL >> 1), Math.floor((i % area) / KERNEL) - (KERNEL >> 1)];
    if (channel === DEAD) return 0;
    if (channel >= GRATINGS) return x === 0 && y === 0 ? (gain * PLACE_GAIN) / 3 : 0;
    const { angle, frequency } = gratingOf(channel);
    const wave = Math.cos(frequency * (x * Math.cos(angle) + y * Math.sin(angle)));
    return (gain * wave * Math.exp(-(x * x + y * y) / 10)) / 30;
  });
}

/** What each position counts: from 0 to 1 across or down in the channels of places, 1 in the others, `[C,24,24]`. */
function ramps(): Float32Array {
  return Float32Array.from({ length: CHANNELS * INNER * INNER }, (_, i) => {
    const place = Math.floor(i / (INNER * INNER)) - GRATINGS;
    if (place < 0 || place >= PLACES) return 1;
    const along = (place % 2 === 0 ? i % INNER : Math.floor(i / INNER) % INNER) / (INNER - 1);
    return place < 2 ? along : 1 - along;
  });
}

/** Gram–Schmidt on normal draws: rows of a random rotation, but for the determinant's sign. */
function rotation(): Float32Array {
  const stream = new RandomStream('planted-network', 'rotation');
  const rows: number[][] = [];
  while (rows.length < CHANNELS) {
    let row = Array.from({ length: CHANNELS }, () => stream.normal());
    for (const known of rows) {
      const along = row.reduce((sum, value, i) => sum + value * known[i], 0);
      row = row.map((value, i) => value - along * known[i]);
    }
    const length = Math.hypot(...row);
    rows.push(row.map((value) => value / length));
  }
  return Float32Array.from(rows.flat());
}

/** Writes `n` pictures as PNG: one of the gratings, strong, under faint ones, and a disc somewhere. */
export async function writeImages(folder: string, n: number): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (let index = 0; index < n; index++) {
    const name = `${folder}/${String(index).padStart(4, '0')}.png`;
    await sharp(drawImage(index), { raw: { width: SIZE, height: SIZE, channels: 3 } })
      .png()
      .toFile(name);
  }
  return folder;
}

function drawImage(index: number): Uint8Array {
  const stream = new RandomStream('planted-images', index);
  const own = stream.below(GRATINGS);
  const waves = Array.from({ length: GRATINGS }, (_, k) => ({
    ...gratingOf(k),
    strength: k === own ? stream.between(25, 60) : stream.between(0, 4),
    phase: stream.between(0, 2 * Math.PI),
  }));
  const [left, top] = [stream.between(8, SIZE - 8), stream.between(8, SIZE - 8)];
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  for (let i = 0; i < SIZE * SIZE; i++) {
    const [x, y] = [i % SIZE, Math.floor(i / SIZE)];
    const sum = waves.reduce(
      (total, { angle, frequency, strength, phase }) =>
        total + strength * Math.sin(frequency * (x * Math.cos(angle) + y * Math.sin(angle)) + phase),
      0,
    );
    const value = Math.hypot(x - left, y - top) < 4 ? 255 : Math.max(0, Math.min(200, 110 + sum));
    pixels.fill(value, 3 * i, 3 * i + 3);
  }
  return pixels;
}

/** A plan for it: two starts, two steps. */
export function plantedPlan(model: string, layers: PlanFile['layers'], compare: PlanFile['compare']): PlanFile {
  return {
    atlas: 'planted',
    model,
    preprocess: { range: [0, 1], mean: [0.5], std: [0.5] },
    layers,
    arms: { basis: 'every', random: 8 },
    seeds: { count: 2, subset: 8 },
    render: { size: SIZE, steps: 2 },
    ...(compare ? { compare } : {}),
  };
}
