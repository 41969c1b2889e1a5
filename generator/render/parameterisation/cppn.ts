/**
 * A picture that a small network paints from coordinates, whose weights are what is optimised: a compositional pattern-producing network (Stanley
 * 2007; Mordvintsev et al., "Differentiable Image Parameterizations", Distill 2018; lucid/optvis/param/cppn.py).
 */
import type { RenderSettings } from '../../../data/schema.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { float32 } from '../../graph/tensor.ts';
import type { RandomStream } from '../random.ts';
import { addColour, type ColourMatrix } from './colour.ts';

/** Lucid's number of hidden layers, and of units in each; what follows a layer is twice as wide. */
const LAYERS = 8;
const HIDDEN = 24;

/** The root mean squares of arctan z and of its square for a standard normal z, as Lucid has them: both halves then leave with about 1. */
const ODD_LEVEL = 0.67;
const EVEN_LEVEL = 0.6;

/** The deviation of a standard normal draw that is drawn again outside ±2. */
const TRUNCATED_DEVIATION = 0.8796256610342398;

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
}

/** The layers of the network from (x,y) to `axes` logits. */
function listLayers({ cppn: { layers = LAYERS, hidden = HIDDEN } = {} }: RenderSettings, axes: number): Layer[] {
  return Array.from({ length: layers + 1 }, (_, i) => ({ inputs: i === 0 ? 2 : 2 * hidden, outputs: i === layers ? axes : hidden }));
}

/** The number of parameters of a picture: of every layer in turn its weights `[outputs,inputs]`, then its biases. */
export function cppnLength(settings: RenderSettings, axes: number): number {
  return listLayers(settings, axes).reduce((sum, { inputs, outputs }) => sum + outputs * (inputs + 1), 0);
}

/**
 * The starting parameters of a picture, as Lucid's: weights of variance 1/inputs from a normal distribution cut at twice its deviation, none in the
 * last layer, and biases of `start_deviation`: a picture of one colour.
 */
export function drawCppn(stream: RandomStream, settings: RenderSettings, axes: number): Float32Array {
  const layers = listLayers(settings, axes);
  return Float32Array.from(
    layers.flatMap(({ inputs, outputs }, i) => {
      const deviation = i === layers.length - 1 ? 0 : 1 / Math.sqrt(inputs) / TRUNCATED_DEVIATION;
      const weights = Array.from({ length: outputs * inputs }, () => (deviation === 0 ? 0 : deviation * truncated(stream)));
      return [...weights, ...Array.from({ length: outputs }, () => settings.start_deviation * stream.normal())];
    }),
  );
}

function truncated(stream: RandomStream): number {
  let draw = stream.normal();
  while (Math.abs(draw) > 2) draw = stream.normal();
  return draw;
}

/**
 * Adds colour · network(x,y), `[batch,colours,size,size]`, for parameters `[batch,cppnLength]`: x and y are between ±√3, so that they have
 * deviation 1; a layer is W·v + b, and after all but the last come a/0.67 and a²/0.6 with a = arctan(W·v + b).
 */
export function addCppn(builder: GraphBuilder, parameters: string, settings: RenderSettings, colour: ColourMatrix): string {
  const { size } = settings;
  const [batch] = builder.shape(parameters);
  let start = 0;
  const take = (rows: number, columns: number) => {
    const end = start + rows * columns;
    const slice = builder.add('Slice', [parameters, ...[[start], [end], [1]].map((bound) => builder.integers(bound))], {});
    start = end;
    return builder.add('Reshape', [slice, builder.integers([batch, rows, columns])], { allowzero: 0 });
  };
  let value = builder.constant(float32([2, size * size], coordinates(size)));
  for (const [i, { inputs, outputs }] of listLayers(settings, colour.axes).entries()) {
    const product = builder.add('MatMul', [take(outputs, inputs), i === 0 ? value : activated(builder, value)], {});
    value = builder.add('Add', [product, take(outputs, 1)], {});
  }
  const planes = builder.add('Reshape', [value, builder.integers([batch, colour.axes, size, size])], { allowzero: 0 });
  return addColour(builder, planes, colour);
}

function activated(builder: GraphBuilder, value: string): string {
  const odd = builder.add('Atan', [value], {});
  const even = builder.add('Mul', [odd, odd], {});
  const level = (half: string, of: number) => builder.add('Mul', [half, builder.scalar(1 / of)], {});
  return builder.add('Concat', [level(odd, ODD_LEVEL), level(even, EVEN_LEVEL)], { axis: 1 });
}

/** x of every pixel, then y, `[2, size²]`. */
function coordinates(size: number): Float32Array {
  const at = (i: number) => Math.sqrt(3) * ((2 * i) / (size - 1) - 1);
  return Float32Array.from({ length: 2 * size * size }, (_, i) => at(i < size * size ? i % size : Math.floor(i / size) - size));
}
