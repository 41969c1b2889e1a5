/** Checking an import: a layer's activations, a score and its gradient for a given picture, and whether finite differences agree. */
import { differentiate } from '../gradient/differentiate.ts';
import { fault } from '../graph/errors.ts';
import { float32, float32Data, type Tensor } from '../graph/tensor.ts';
import { findLayer } from '../models/layers.ts';
import { INPUT, type Model } from '../models/model.ts';
import type { Program, Runtime } from '../runtime/runtime.ts';
import { addScore, DIRECTIONS, MASK, objectiveMask } from './objective.ts';
import { beginNetwork, coloursOf } from './programs.ts';

export interface CheckRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  /** Name or slug. */
  readonly layer: string;
  /** `[colours,H,W]` or `[N,colours,H,W]`, three colours for most networks; {@link waves} at the model's size if left out. */
  readonly input?: Tensor<'float32'>;
  /** The input is in the network's own range, not in [0,1]. */
  readonly raw?: boolean;
  /** Channel 0 if neither is given. */
  readonly channel?: number;
  /** `[C]`, used as it is. */
  readonly direction?: Tensor<'float32'>;
}

export interface CheckResult {
  layer: string;
  /** `[C,H,W]`. */
  shape: readonly number[];
  /** Mean of each channel over all positions, `[C]`; a list of them for a batch. */
  channel_means: number[] | number[][];
  /** The mean over positions of the channel, or of the direction's dot product; a list for a batch. */
  score: number | number[];
  /** Euclidean norm of d score / d input, over the whole batch. */
  gradient_l2: number;
  /** |a − n| / |a|, a being the gradient's own length along itself and n the central difference there, at the step that agrees best. */
  finite_difference: number;
  gradient: Tensor<'float32'>;
}

/** A picture to check with, in [0,1]: `0.5 + 0.5 sin(0.37(c+1) + 0.11y + 0.07x(c+1))`, `[colours,H,W]`. */
export function waves(height: number, width: number, colours = 3): Tensor<'float32'> {
  const data = new Float32Array(colours * height * width);
  for (let c = 0, i = 0; c < colours; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) data[i] = 0.5 + 0.5 * Math.sin(0.37 * (c + 1) + 0.11 * y + 0.07 * x * (c + 1));
    }
  }
  return float32([colours, height, width], data);
}

/** Runs the check. Throws for a channel or a direction that the layer does not have, and for an input of another shape. */
export async function checkLayer({
  model,
  runtime,
  layer: reference,
  input,
  raw = false,
  channel = 0,
  direction,
}: CheckRequest): Promise<CheckResult> {
  const layer = findLayer(model, reference);
  const colours = coloursOf(model);
  const picture = input ?? waves(model.size, model.size, colours);
  const [batch, height, width] = pictureShape(picture.shape, colours);
  const directions = directionRows(layer.name, layer.shape[0], batch, channel, direction);

  const { builder, names } = beginNetwork(model.graph({ layers: [layer.name], batch, height, width }));
  const called = names.get(layer.name) ?? layer.name;
  const score = addScore(builder, called);
  const gradient = differentiate(builder, score, INPUT);
  const [channels, rows, columns] = builder.shape(called).slice(1);
  const whole = await runtime.compile(builder.build([score, gradient, 'pooled']));
  const forward = await runtime.compile(builder.build([score]));
  const objective = { [DIRECTIONS]: directions, [MASK]: objectiveMask({ objective: 'channel' }, rows, columns) };
  const run = (program: Program, data: Float32Array) =>
    program.run({ ...objective, [INPUT]: float32([batch, colours, height, width], data) });

  const { scale, offset } = model.preprocess;
  const colour = (i: number) => Math.floor(i / (height * width)) % colours;
  const values = raw ? picture.data : picture.data.map((value, i) => value * scale[colour(i)] + offset[colour(i)]);
  const outputs = await run(whole, values);
  const byInput = float32Data(outputs[gradient] as Tensor, 'gradient');
  const byPicture = raw ? byInput : byInput.map((value, i) => value * scale[colour(i)]);
  const scores = float32Data(outputs[score] as Tensor, 'score');
  const pooled = float32Data(outputs.pooled as Tensor, 'pooled');
  const means = Array.from({ length: batch }, (_, b) => [...pooled.subarray(b * channels, (b + 1) * channels)]);
  const total = async (data: Float32Array) =>
    float32Data((await run(forward, data))[score] as Tensor, 'score').reduce((sum, value) => sum + value, 0);
  const finite_difference = await disagreement(values, byInput, total);
  await Promise.all([whole.dispose(), forward.dispose()]);
  const single = picture.shape.length === 3;
  return {
    layer: layer.name,
    shape: [channels, rows, columns],
    channel_means: single ? means[0] : means,
    score: single ? scores[0] : [...scores],
    gradient_l2: Math.hypot(...norms(byPicture)),
    finite_difference,
    gradient: float32(picture.shape, byPicture),
  };
}

/** Lengths of steps along the gradient, in the input's units: the long ones cross kinks, the short ones drown in rounding. */
const STEPS = [3, 1, 0.3, 0.1, 0.03, 0.01];

async function disagreement(x: Float32Array, gradient: Float32Array, score: (x: Float32Array) => Promise<number>): Promise<number> {
  const length = Math.hypot(...norms(gradient));
  let best = Number.POSITIVE_INFINITY;
  for (const step of STEPS) {
    const moved = (sign: number) => x.map((value, i) => value + (length === 0 ? 0 : (sign * step * gradient[i]) / length));
    const numeric = ((await score(moved(1))) - (await score(moved(-1)))) / (2 * step);
    best = Math.min(best, length === 0 ? Math.abs(numeric) : Math.abs(numeric - length) / length);
  }
  return best;
}

/** Norms of pieces, since `Math.hypot` takes its values as arguments. */
function norms(values: Float32Array): number[] {
  return Array.from({ length: Math.ceil(values.length / 4096) }, (_, i) => Math.hypot(...values.subarray(i * 4096, (i + 1) * 4096)));
}

function pictureShape(shape: readonly number[], expected: number): [number, number, number] {
  const [batch, colours, height, width] = shape.length === 3 ? [1, ...shape] : shape;
  if ((shape.length !== 3 && shape.length !== 4) || colours !== expected) {
    throw fault({
      where: 'atlas check',
      expected: `shape (${expected},H,W) or (N,${expected},H,W)`,
      name: 'the input',
      received: `(${shape})`,
      remedy: 'Put the colours before height and width: array.transpose(2, 0, 1).',
    });
  }
  return [batch, height, width];
}

function directionRows(layer: string, channels: number, batch: number, channel: number, direction?: Tensor<'float32'>): Tensor<'float32'> {
  if (direction && direction.data.length !== channels) {
    throw fault({
      where: 'atlas check',
      expected: `${channels} values, one a channel of ${layer}`,
      name: 'the direction',
      received: `shape (${direction.shape})`,
      remedy: 'A direction has the length of the layer\'s channels; "atlas layers MODEL" lists them.',
    });
  }
  if (!direction && !(Number.isInteger(channel) && channel >= 0 && channel < channels)) {
    throw fault({
      where: 'atlas check',
      expected: `a whole number from 0 to ${channels - 1}`,
      name: `the channel of ${layer}`,
      received: channel,
      remedy: '"atlas layers MODEL" lists how many channels each layer has.',
    });
  }
  const rows = new Float32Array(batch * channels);
  for (let b = 0; b < batch; b++) {
    if (direction) rows.set(direction.data, b * channels);
    else rows[b * channels + channel] = 1;
  }
  return float32([batch, channels], rows);
}
