/** Non-linearities that a file spells out in several operators: SiLU as `x · sigmoid(x)`, GELU by its erf or tanh, and the like. */
import type { Graph, Node } from '../graph/graph.ts';

/** A non-linearity made of several operators. */
export interface Composed {
  /** The value that it is applied to, and the one that it makes. */
  readonly input: string;
  readonly output: string;
  /** `Silu`. */
  readonly name: string;
  /** Values between its operators, which belong to no layer. */
  readonly inner: readonly string[];
}

/** What the curve that multiplies x may be made of; any of them alone on one value. */
const CURVE: ReadonlySet<string> = new Set('Sigmoid HardSigmoid Tanh Softplus Erf Add Mul Div Pow Clip Exp Log Relu'.split(' '));
const LONGEST = 12;

/** Every product of a value with a curve of itself in the graph. */
export function composedActivations(graph: Graph): readonly Composed[] {
  const makers = new Map<string, Node>();
  const readers = new Map<string, number>();
  const reader = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) makers.set(name, node);
    for (const name of node.inputs) {
      readers.set(name, (readers.get(name) ?? 0) + 1);
      reader.set(name, node);
    }
  }
  const isScalar = (name: string) => graph.constants.get(name)?.data.length === 1;
  return graph.nodes.flatMap((node) => {
    if (node.op !== 'Mul') return [];
    for (const [x, curve] of [node.inputs, node.inputs.toReversed()]) {
      const walked = walk(makers, graph, plainInput(makers, x, isScalar), curve);
      if (!walked) continue;
      // A factor of one half may come last.
      const next = readers.get(node.outputs[0]) === 1 ? reader.get(node.outputs[0]) : undefined;
      const halved = walked.name === 'Gelu' && next?.op === 'Mul' && next.inputs.some(isScalar) ? next : undefined;
      const output = (halved ?? node).outputs[0];
      return [{ ...walked, output, inner: [...walked.inner, ...(halved ? [node.outputs[0]] : [])] }];
    }
    return [];
  });
}

/** Values between the operators of a layer norm that a file spells out: x less its mean, that squared, over its deviation, times a scale. */
export function normalisationInterior(graph: Graph): ReadonlySet<string> {
  const means = new Map<string, string>();
  const [centred, deviation, normal, scaled, inner] = Array.from({ length: 5 }, () => new Set<string>());
  const isConstant = (name: string | undefined) => name !== undefined && graph.constants.has(name);
  for (const { op, inputs, outputs } of graph.nodes) {
    const [a, b] = inputs;
    const [output] = outputs;
    const square = (op === 'Mul' && a === b) || op === 'Pow';
    if (op === 'ReduceMean') means.set(output, a);
    if (op === 'Sub' && means.get(b) === a) {
      centred.add(output);
      for (const name of [b, output]) inner.add(name);
    } else if ((square && centred.has(a)) || (deviation.has(a) && /^(Add|Sqrt|ReduceMean|Reciprocal)$/.test(op))) {
      deviation.add(output);
      inner.add(output);
    } else if ((op === 'Div' || op === 'Mul') && centred.has(a) && deviation.has(b)) normal.add(output);
    else if (op === 'Mul' && normal.has(a) && isConstant(b)) {
      inner.add(a);
      scaled.add(output);
    } else if (op === 'Add' && scaled.has(a) && isConstant(b)) inner.add(a);
  }
  return inner;
}

/** The value behind a factor: `x` of `x · ½`. */
function plainInput(makers: ReadonlyMap<string, Node>, name: string, isScalar: (name: string) => boolean): string {
  const node = makers.get(name);
  if (node?.op !== 'Mul' || !node.inputs.some(isScalar)) return name;
  return node.inputs.find((input) => !isScalar(input)) ?? name;
}

/** Whether `curve` is made of `x` alone by element-wise operators, one of them a sigmoid of some kind. */
function walk(makers: ReadonlyMap<string, Node>, graph: Graph, x: string, curve: string): Omit<Composed, 'output'> | undefined {
  const inner: string[] = [];
  const operators = new Set<string>();
  const stack = [curve];
  const seen = new Set<string>();
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (name === x || name === '' || seen.has(name) || graph.constants.get(name)?.data.length === 1) continue;
    const node = makers.get(name);
    if (!node || !CURVE.has(node.op) || inner.length > LONGEST) return undefined;
    seen.add(name);
    inner.push(name);
    operators.add(node.op);
    stack.push(...node.inputs);
  }
  const name = operators.has('Erf')
    ? 'Gelu'
    : operators.has('Tanh')
      ? operators.has('Softplus') || operators.has('Exp')
        ? 'Mish'
        : 'Gelu'
      : operators.has('HardSigmoid') || operators.has('Clip')
        ? 'HardSwish'
        : operators.has('Sigmoid')
          ? 'Silu'
          : undefined;
  return name === undefined ? undefined : { input: x, name, inner };
}
