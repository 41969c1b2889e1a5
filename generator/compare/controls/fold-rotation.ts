/** Rotating a layer of a real network without changing what the network computes: R goes into the weights that make the layer, and its inverse into those that read it. */
import { fault } from '../../graph/errors.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import { float32, float32Data, type Tensor } from '../../graph/tensor.ts';
import type { Model } from '../../models/model.ts';
import { deriveModel, replaceConstants } from './derive-model.ts';

/** What of a graph is rotated. */
export interface Rotated {
  /** Values that are rotated: the layer, and what a residual addition ties to it. */
  readonly values: readonly string[];
  /** Convolutions that R is folded into, by their output. */
  readonly makers: readonly string[];
  /** Convolutions that its inverse is folded into. */
  readonly readers: readonly string[];
}

/**
 * The values that must be rotated with `layer`, and the convolutions on either side. A value is made by an ungrouped convolution, or an addition of
 * rotated values, and read by such convolutions and additions alone: what is linear and mixes channels can take a rotation up, and a
 * non-linearity, which acts channel by channel, cannot. Throws naming the node that stands in the way.
 */
export function findRotated(graph: Graph, layer: string): Rotated {
  const values = new Set([layer]);
  const [makers, readers] = [new Set<string>(), new Set<string>()];
  const producer = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  let known = 0;
  while (values.size > known) {
    known = values.size;
    for (const value of [...values]) {
      const maker = producer.get(value);
      if (!maker) throw inTheWay(layer, value, 'the input of the network');
      if (isMixing(maker)) makers.add(maker.outputs[0]);
      else if (isPassing(maker)) for (const input of maker.inputs) values.add(input);
      else throw inTheWay(layer, value, `made by ${maker.op} ${maker.name}`);
    }
    for (const node of graph.nodes) {
      if (!node.inputs.some((name) => values.has(name))) continue;
      if (isMixing(node) && values.has(node.inputs[0])) readers.add(node.outputs[0]);
      else if (isPassing(node)) values.add(node.outputs[0]);
      else throw inTheWay(layer, node.inputs.find((name) => values.has(name)) ?? layer, `read by ${node.op} ${node.name}`);
    }
  }
  return { values: [...values], makers: [...makers], readers: [...readers] };
}

function isMixing(node: Node): boolean {
  return node.op === 'Conv' && node.attributes.group === 1;
}

function isPassing({ op }: Node): boolean {
  return op === 'Add' || op === 'Sum' || op === 'Identity';
}

function inTheWay(layer: string, value: string, received: string): Error {
  return fault({
    where: layer,
    expected: 'values between convolutions of all channels',
    name: `"${value}", which a rotation of the layer reaches`,
    received,
    remedy: 'Rotate a linear bottleneck: a layer without non-linearity, which convolutions alone read.',
  });
}

/** The graph with the layer rotated, a′ = R·a, and the same outputs otherwise. `rotation` is R, row-major `[C,C]`. */
export function foldRotation(graph: Graph, layer: string, rotation: Float64Array): Graph {
  const { makers, readers } = findRotated(graph, layer);
  const replaced = new Map<string, Map<number, Tensor>>();
  const nodes = new Map(graph.nodes.map((node) => [node.outputs[0], node]));
  const put = (output: string, place: number, change: (tensor: Tensor) => Tensor) => {
    const own = replaced.get(output) ?? new Map<number, Tensor>();
    const name = nodes.get(output)?.inputs[place];
    if (!name) return;
    const tensor = own.get(place) ?? graph.constants.get(name);
    if (!tensor) throw inTheWay(layer, output, 'made with weights that are no constants');
    replaced.set(output, own.set(place, change(tensor)));
  };
  for (const output of makers) {
    put(output, 1, (weights) => mixRows(weights, rotation));
    put(output, 2, (bias) => mixRows(bias, rotation));
  }
  for (const output of readers) put(output, 1, (weights) => mixColumns(weights, rotation));
  return replaceConstants(graph, replaced);
}

/** R·W over the first axis of `[C,…]`. */
function mixRows(tensor: Tensor, rotation: Float64Array): Tensor<'float32'> {
  const data = float32Data(tensor, 'the weights');
  const channels = tensor.shape[0];
  const inner = data.length / channels;
  const out = new Float64Array(data.length);
  for (let i = 0; i < channels; i++)
    for (let k = 0; k < channels; k++) {
      const factor = rotation[i * channels + k];
      for (let x = 0; x < inner; x++) out[i * inner + x] += factor * data[k * inner + x];
    }
  return float32(tensor.shape, Float32Array.from(out));
}

/** W·Rᵀ over the second axis of `[M,C,…]`. */
function mixColumns(tensor: Tensor, rotation: Float64Array): Tensor<'float32'> {
  const data = float32Data(tensor, 'the weights');
  const [rows, channels] = tensor.shape;
  const inner = data.length / rows / channels;
  const out = new Float64Array(data.length);
  for (let m = 0; m < rows; m++)
    for (let i = 0; i < channels; i++)
      for (let k = 0; k < channels; k++) {
        const factor = rotation[i * channels + k];
        const [to, from] = [(m * channels + i) * inner, (m * channels + k) * inner];
        for (let x = 0; x < inner; x++) out[to + x] += factor * data[from + x];
      }
  return float32(tensor.shape, Float32Array.from(out));
}

/** The network with the layer rotated. */
export function rotateLayer(model: Model, layer: string, rotation: Float64Array, name: string): Model {
  return deriveModel(model, { name, pinned: layer, change: (graph) => foldRotation(graph, layer, rotation) });
}
