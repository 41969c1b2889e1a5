/** Reverse mode: one walk from the score back to the input, adding ONNX nodes to the same graph. */
import type { GraphBuilder } from '../graph/builder.ts';
import { fault } from '../graph/errors.ts';
import type { Node, OpName } from '../graph/graph.ts';
import { type Rule, STEP_OPS, zeros } from './rule.ts';
import { RULES, type RuleTable } from './rules/table.ts';

const STEPS: ReadonlySet<OpName> = new Set(STEP_OPS);

/**
 * Adds the gradient of the sum of `of` with respect to `wrt` and returns its name; it has `wrt`'s shape. With one score an image, that is each
 * image's own gradient (Griewank and Walther, Evaluating Derivatives, 2008, ch. 3: the adjoint of a straight-line program).
 * `overrides` replaces rules, as redirected ReLUs do. With `seed`, a value of `of`'s shape that is taken as fixed, it is the gradient of the sum
 * of `of · seed`. Steps and comparisons hand nothing on. Throws where `of` does not depend on `wrt`, or only through those.
 */
export function differentiate(
  builder: GraphBuilder,
  of: string,
  wrt: string,
  overrides: Partial<RuleTable> = {},
  seed: string = ones(builder, of),
): string {
  const way = between(builder, of, wrt);
  if (!way.values.has(of))
    throw fault({
      where: 'the gradient',
      expected: `a way from "${wrt}"`,
      name: `the value "${of}"`,
      received: 'none',
      remedy: 'Tap a layer that the image reaches.',
    });
  const gradients = new Map<string, string[]>([[of, [seed]]]);
  for (const node of way.nodes.toReversed()) {
    if (STEPS.has(node.op)) continue;
    const known = node.outputs.map((name) => total(builder, gradients.get(name)));
    if (known.every((gradient) => gradient === undefined)) continue;
    const all = node.outputs.map((name, i) => known[i] ?? zeros(builder, builder.shape(name)));
    const wanted = node.inputs.map((name) => way.values.has(name));
    const results = ruleFor(node, overrides)({ builder, node, gradient: all[0], gradients: all, wanted });
    node.inputs.forEach((name, i) => {
      const result = results[i];
      if (!wanted[i] || result === undefined) return;
      const parts = gradients.get(name);
      if (parts) parts.push(result);
      else gradients.set(name, [result]);
    });
  }
  const result = total(builder, gradients.get(wrt));
  if (!result)
    throw fault({
      where: 'the gradient',
      expected: `a way from "${wrt}" with a slope`,
      name: `the value "${of}"`,
      received: 'only steps and comparisons',
      remedy: 'Tap a layer before them: rounding, signs and comparisons hand no gradient on.',
    });
  return result;
}

/** The nodes and values that depend on `wrt` and that `of` depends on, in order. */
function between(builder: GraphBuilder, of: string, wrt: string): { nodes: Node[]; values: Set<string> } {
  const after = new Set([wrt]);
  const downstream = builder.nodes.filter((node) => {
    const depends = node.inputs.some((name) => after.has(name));
    if (depends) for (const name of node.outputs) after.add(name);
    return depends;
  });
  const values = new Set([of]);
  const nodes: Node[] = [];
  for (const node of downstream.toReversed()) {
    if (!node.outputs.some((name) => values.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) if (after.has(name)) values.add(name);
  }
  return { nodes: nodes.reverse(), values: after.has(of) ? values : new Set() };
}

function ruleFor(node: Node, overrides: Partial<RuleTable>): Rule<OpName> {
  const table: Partial<Record<OpName, unknown>> = { ...RULES, ...overrides };
  return table[node.op] as Rule<OpName>;
}

function ones(builder: GraphBuilder, of: string): string {
  const shape = builder.shape(of);
  return shape.length === 0 ? builder.scalar(1) : builder.add('Expand', [builder.scalar(1), builder.integers(shape)], {});
}

function total(builder: GraphBuilder, parts: readonly string[] | undefined): string | undefined {
  if (!parts || parts.length === 0) return undefined;
  if (parts.length === 1) return parts[0];
  return parts.length === 2 ? builder.add('Add', parts, {}) : builder.add('Sum', parts, {});
}
