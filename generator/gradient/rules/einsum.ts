/** Einstein's summation. */
import { indexExtents, parseEquation } from '../../graph/einsum.ts';
import type { OpName } from '../../graph/graph.ts';
import type { Rule } from '../rule.ts';

export const einsum = {
  /**
   * An input's gradient is the same kind of sum, of dL/dY and the other inputs, with the input's own indices as the result. An index that stands in
   * this input alone was summed away: its gradient is the same all along.
   */
  Einsum: ({ builder, node: { inputs, attributes }, gradient, wanted }) => {
    const shapes = inputs.map((name) => builder.shape(name));
    const { terms, result } = parseEquation(
      attributes.equation,
      shapes.map((shape) => shape.length),
    );
    const extents = indexExtents({ terms, result }, shapes);
    const name = plainNames([...extents.keys()]);
    return inputs.map((_, i) => {
      if (!wanted[i]) return undefined;
      const others = terms.filter((__, j) => j !== i);
      const known = new Set([result, ...others].join(''));
      const kept = [...terms[i]].filter((index) => known.has(index)).join('');
      const equation = `${[result, ...others].map(name).join(',')}->${name(kept)}`;
      const operands = [gradient, ...inputs.filter((__, j) => j !== i)];
      const sum = equation === `${name(kept)}->${name(kept)}` ? gradient : builder.add('Einsum', operands, { equation });
      if (kept.length === terms[i].length) return sum;
      const missing = [...terms[i]].flatMap((index, axis) => (known.has(index) ? [] : [axis]));
      const apart = builder.add('Unsqueeze', [sum, builder.integers(missing)], {});
      return builder.add('Expand', [apart, builder.integers(shapes[i])], {});
    });
  },
} satisfies { [O in OpName]?: Rule<O> };

/** Writes terms in letters that an equation may use, whatever stood for the axes behind an ellipsis. */
function plainNames(indices: readonly string[]): (term: string) => string {
  const letters = new Map(indices.map((index, i) => [index, String.fromCharCode(i < 26 ? 97 + i : 65 + i - 26)]));
  return (term) => [...term].map((index) => letters.get(index) ?? index).join('');
}
