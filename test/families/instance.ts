/** The exported instances of torchvision's families: their fixtures, and the files of one as a user would have them. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { sizeOf } from '../../generator/graph/tensor.ts';
import { fill } from './formula.ts';

const FOLDER = new URL('../fixtures/families/', import.meta.url).pathname;

const shape = z.array(z.number().int());
const norm = { norm: z.tuple([z.number(), z.number(), z.number(), z.number()]), epsilon: z.number() };
const Recipe = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('plain'), tensor: z.number(), shape }),
  z.object({ kind: z.literal('transposed'), tensor: z.number(), shape }),
  z.object({ kind: z.literal('fused weight'), tensor: z.number(), shape, ...norm }),
  z.object({ kind: z.literal('fused bias'), tensor: z.number(), shape, ...norm, bias: z.number().optional() }),
]);
/** Of a tensor, channels before positions: its length, its largest magnitude, values at fixed positions, projections on fixed directions. */
const figures = { l2: z.number(), max: z.number(), samples: z.array(z.number()), projections: z.array(z.number()) };
const Figures = z.object(figures);
const ReferenceLayer = z.object({
  /** Path of the module in PyTorch: `layer1.0`. */
  module: z.string(),
  layout: z.enum(['NCHW', 'NHWC', 'NLC', 'NC']),
  shape,
  /** `channelMeans` is `[N][C]`. */
  activations: z.object({ ...figures, channelMeans: z.array(z.array(z.number())) }),
  /** Of the mean over positions of a channel; `score` has one for each image. */
  gradients: z.array(z.object({ ...figures, channel: z.number(), score: z.array(z.number()) })),
  /** Variant → name of the value in its file: `/layer1/layer1.0/relu_1/Relu_output_0`. */
  values: z.record(z.string(), z.string()),
});
const Fixture = z.object({
  about: z.string(),
  size: z.number(),
  batch: z.number(),
  /** The tensor number of the input. */
  picture: z.number(),
  variants: z.array(z.string()),
  weightsSha256: z.string(),
  tensors: z.array(z.object({ name: z.string(), shape, scale: z.number(), offset: z.number() })),
  weights: z.array(Recipe),
  layers: z.array(ReferenceLayer),
});

export type Fixture = z.infer<typeof Fixture>;
export type Figures = z.infer<typeof Figures>;
export type ReferenceLayer = z.infer<typeof ReferenceLayer>;
type Recipe = z.infer<typeof Recipe>;

/** The families that have a fixture, in the alphabet's order. */
export function families(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace('.json', ''))
    .sort();
}

export function readFixture(family: string): Fixture {
  return Fixture.parse(JSON.parse(readFileSync(join(FOLDER, `${family}.json`), 'utf8')));
}

/** Writes `<family>-<variant>.onnx` of every variant, and the `weights.bin` that they share, into `folder`; returns the path by variant. */
export function writeInstance(family: string, fixture: Fixture, folder: string): Map<string, string> {
  const weights = fixture.weights.map((recipe) => bytesOf(make(recipe, fixture)));
  const whole = Buffer.concat(weights);
  const digest = createHash('sha256').update(whole).digest('hex');
  if (digest !== fixture.weightsSha256) throw new Error(`${family}: expected weights of SHA-256 ${fixture.weightsSha256}, made ${digest}`);
  writeFileSync(join(folder, 'weights.bin'), whole);
  return new Map(
    fixture.variants.map((variant) => {
      const name = `${family}-${variant}.onnx`;
      writeFileSync(join(folder, name), gunzipSync(readFileSync(join(FOLDER, `${name}.gz`))));
      return [variant, join(folder, name)];
    }),
  );
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** What the exporter made of a parameter, by the same arithmetic as externalise.py. */
function make(recipe: Recipe, { tensors }: Fixture): Float32Array {
  const tensor = (number: number) => fill(number, sizeOf(tensors[number].shape), tensors[number].scale, tensors[number].offset);
  if (recipe.kind === 'plain') return tensor(recipe.tensor);
  if (recipe.kind === 'transposed') {
    const [rows, columns] = recipe.shape;
    const values = tensor(recipe.tensor);
    return Float32Array.from(values, (_, i) => values[(i % columns) * rows + Math.floor(i / columns)]);
  }
  const [gamma, beta, mean, variance] = recipe.norm.map(tensor);
  const factor = Float64Array.from(gamma, (value, c) => value / Math.sqrt(variance[c] + recipe.epsilon));
  if (recipe.kind === 'fused weight') {
    const values = tensor(recipe.tensor);
    const each = values.length / factor.length;
    return Float32Array.from(values, (value, i) => value * factor[Math.floor(i / each)]);
  }
  const bias = recipe.bias === undefined ? undefined : tensor(recipe.bias);
  return Float32Array.from(beta, (value, c) => ((bias?.[c] ?? 0) - mean[c]) * factor[c] + value);
}
