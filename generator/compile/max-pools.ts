/**
 * The gradient of a maximum over windows as one loop (wasm/max-pool.ts). As operators it is some twenty passes, and out of the blocks of channels
 * and back into them at stride 2. A product of x and the windows' gradients, enlarged to its size, stands for it in the graph: both are operators
 * that onnxruntime knows in blocks, and neither is run (compile/onnx-parts.ts).
 */
import type { Rule } from '../gradient/rule.ts';
import { RULES } from '../gradient/rules/table.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor.ts';
import type { PoolWindow } from '../wasm/max-pool.ts';
import { addScaled, BLOCK, blocksOf } from './blocks.ts';
import { STEEP } from './gates.ts';
import type { Loop, LoopedGraph, Loops, Pooling } from './loops.ts';
import { isReadOnce, rewrite, wiringOf } from './rewrite.ts';

/** A rule that puts stand-ins where x has at least `fewest` values and there is a loop for the windows, and tells `loops` of them. `block`: its channels. */
export function standForMaxPools(fewest: number, block: number, loops: Map<string, Loop>): Rule<'MaxPool'> {
  return (context) => {
    const { builder, node, gradient } = context;
    const window = findWindow(builder, node);
    if (!window || sizeOf(builder.shape(node.inputs[0])) < fewest) return RULES.MaxPool(context);
    const large = window.stride === 1 ? gradient : enlarge(builder, gradient);
    const product = builder.add('Mul', [large, node.inputs[0]], {});
    loops.set(product, { kind: 'max-pool', ...window, block });
    return [product];
  };
}

function findWindow(builder: GraphBuilder, { inputs, outputs, attributes }: Node<'MaxPool'>): Omit<PoolWindow, 'block'> | undefined {
  const { kernel_shape, strides, pads, dilations } = attributes;
  const [from, to] = [inputs[0], outputs[0]].map((name) => builder.shape(name));
  if (from.length !== 4 || outputs.length > 1 || from[1] % BLOCK !== 0) return undefined;
  const [window, stride, before] = [kernel_shape[0], strides[0], pads[0]];
  const alike = [0, 1].every(
    (axis) =>
      kernel_shape[axis] === window && strides[axis] === stride && pads[axis] === before && from[2 + axis] === stride * to[2 + axis],
  );
  if (!alike || dilations.some((dilation) => dilation !== 1)) return undefined;
  if (window === 3 && stride === 1 && before === 1) return { window, stride, before };
  if (window === 3 && stride === 2 && (before === 0 || before === 1)) return { window, stride, before };
  return window === 2 && stride === 2 && before === 0 ? { window, stride, before } : undefined;
}

/** Each value four times, two rows and two columns. */
function enlarge(builder: GraphBuilder, value: string): string {
  return builder.add('Resize', [value, '', builder.constant({ dtype: 'float32', shape: [4], data: Float32Array.of(1, 1, 2, 2) })], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
    cubic_coeff_a: -0.75,
    exclude_outside: 0,
  });
}

/** The graph with the gate of the ReLU that made x left to the loop, and the loops then: one that nothing else reads the result of takes it along. */
export function gatePools(graph: Graph, loops: Loops): LoopedGraph {
  const wiring = wiringOf(graph);
  const gated = new Map<string, Loop>(loops);
  const result = rewrite(graph, (node) => {
    const [product, open] = node.inputs.map((name) => wiring.makers.get(name));
    const loop = product && gated.get(product.name);
    if (node.op !== 'Mul' || !product || loop?.kind !== 'max-pool' || !isReadOnce(wiring, node.inputs[0])) return undefined;
    if (open?.op !== 'HardSigmoid' || open.attributes.alpha !== STEEP || open.attributes.beta !== 0) return undefined;
    if (open.inputs[0] !== product.inputs[1]) return undefined;
    gated.delete(product.name);
    gated.set(node.name, { ...loop, gated: true });
    return (builder) => builder.append({ ...node, inputs: product.inputs });
  });
  return { graph: result, loops: gated };
}

/** The graph with what such stand-ins read taken into blocks, where it is not known to be there. */
export function poolInBlocks(graph: Graph, loops: Loops): Graph {
  const { inBlocks, makers } = blocksOf(graph);
  const products = graph.nodes.filter(({ name }) => loops.get(name)?.kind === 'max-pool');
  const isSmaller = ({ name }: Node) => (loops.get(name) as Pooling).stride > 1;
  const enlargements = products.filter(isSmaller).flatMap(({ inputs: [large] }) => makers.get(large) ?? []);
  const standIns = new Set([...products, ...enlargements]);
  const enlarged = new Set(enlargements.map(({ outputs: [large] }) => large));
  const isOutside = (name: string) => graph.types.get(name)?.shape.length === 4 && !inBlocks.has(name) && !enlarged.has(name);
  return rewrite(graph, (node) => {
    if (!standIns.has(node) || !node.inputs.some(isOutside)) return undefined;
    return (builder) =>
      builder.append({ ...node, inputs: node.inputs.map((name) => (isOutside(name) ? addScaled(builder, name) : name)) } as Node);
  });
}
