/** Element-wise arithmetic and the matrix products. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { OpName } from '../../graph/graph.ts';
import { type Rule, type RuleContext, reshape, unbroadcast } from '../rule.ts';

/** y = a + b, and any number of terms: dL/da = dL/dy, summed over what was broadcast. */
const sum: Rule<'Add' | 'Sum'> = ({ builder, node, gradient, wanted }) =>
  node.inputs.map((name, i) => (wanted[i] ? unbroadcast(builder, gradient, builder.shape(name)) : undefined));

/** A rule for y = f(x): dL/dx = dL/dy · f′, where `slope` makes f′. */
function elementwise<O extends OpName>(slope: (builder: GraphBuilder, x: string, y: string) => string): Rule<O> {
  return ({ builder, node, gradient }: RuleContext<O>) => [
    builder.add('Mul', [gradient, slope(builder, node.inputs[0], node.outputs[0])], {}),
  ];
}

export const arithmetic = {
  Add: sum,
  Sum: sum,
  /** y = a − b. */
  Sub: ({ builder, node, gradient, wanted }) => [
    wanted[0] ? unbroadcast(builder, gradient, builder.shape(node.inputs[0])) : undefined,
    wanted[1] ? unbroadcast(builder, builder.add('Neg', [gradient], {}), builder.shape(node.inputs[1])) : undefined,
  ],
  /** y = a·b: dL/da = dL/dy · b. */
  Mul: ({ builder, node: { inputs }, gradient, wanted }) =>
    [1, 0].map((other, i) =>
      wanted[i] ? unbroadcast(builder, builder.add('Mul', [gradient, inputs[other]], {}), builder.shape(inputs[i])) : undefined,
    ),
  /** y = a/b: dL/da = dL/dy / b; dL/db = −dL/dy · y / b. */
  Div: ({ builder, node: { inputs, outputs }, gradient, wanted }) => {
    const [a, b] = inputs;
    const overB = builder.add('Div', [gradient, b], {});
    return [
      wanted[0] ? unbroadcast(builder, overB, builder.shape(a)) : undefined,
      wanted[1] ? unbroadcast(builder, builder.add('Neg', [builder.add('Mul', [overB, outputs[0]], {})], {}), builder.shape(b)) : undefined,
    ];
  },
  Neg: ({ builder, gradient }) => [builder.add('Neg', [gradient], {})],
  Identity: ({ gradient }) => [gradient],
  /** y = √x: y′ = ½ / y. */
  Sqrt: elementwise((builder, _, y) => builder.add('Div', [builder.scalar(0.5), y], {})),
  Exp: elementwise((_, __, y) => y),
  Sin: elementwise((builder, x) => builder.add('Cos', [x], {})),
  Cos: elementwise((builder, x) => builder.add('Neg', [builder.add('Sin', [x], {})], {})),
  /** y = arctan x: y′ = 1/(1 + x²). */
  Atan: elementwise((builder, x) =>
    builder.add('Reciprocal', [builder.add('Add', [builder.add('Mul', [x, x], {}), builder.scalar(1)], {})], {}),
  ),
  /** y = |x|: the sign, 0 at 0. */
  Abs: elementwise((builder, x) => builder.add('Sign', [x], {})),
  /** Y = A·B: dL/dA = dL/dY·Bᵀ, dL/dB = Aᵀ·dL/dY, on the last two axes (Giles 2008, §2.2.1); of rank 1, a row and a column. */
  MatMul: ({ builder, node: { inputs }, gradient, wanted }) => {
    const [from, to] = inputs.map((name) => builder.shape(name));
    const left = from.length === 1 ? [1, ...from] : from;
    const right = to.length === 1 ? [...to, 1] : to;
    const batch = builder.shape(gradient).slice(0, Math.max(left.length, right.length) - 2);
    const dy = reshape(builder, gradient, [...batch, left[left.length - 2], right[right.length - 1]]);
    const byLeft = () => builder.add('MatMul', [dy, transposed(builder, reshape(builder, inputs[1], right))], {});
    const byRight = () => builder.add('MatMul', [transposed(builder, reshape(builder, inputs[0], left)), dy], {});
    return [
      wanted[0] ? reshape(builder, unbroadcast(builder, byLeft(), left), from) : undefined,
      wanted[1] ? reshape(builder, unbroadcast(builder, byRight(), right), to) : undefined,
    ];
  },
  /** Y = α·op(A)·op(B) + β·C. */
  Gemm: ({ builder, node: { inputs, attributes }, gradient, wanted }) => {
    const { alpha, beta, transA, transB } = attributes;
    const product = (left: string, right: string, leftT: number, rightT: number) =>
      builder.add('Gemm', [left, right], { alpha, beta: 0, transA: leftT, transB: rightT });
    const a = transA ? () => product(inputs[1], gradient, transB, 1) : () => product(gradient, inputs[1], 0, 1 - transB);
    const b = transB ? () => product(gradient, inputs[0], 1, transA) : () => product(inputs[0], gradient, 1 - transA, 0);
    const c = () => unbroadcast(builder, builder.add('Mul', [gradient, builder.scalar(beta)], {}), builder.shape(inputs[2]));
    return [wanted[0] ? a() : undefined, wanted[1] ? b() : undefined, wanted[2] ? c() : undefined];
  },
} satisfies { [O in OpName]?: Rule<O> };

/** The last two axes swapped; a constant matrix is transposed now rather than at every run. */
export function transposed(builder: GraphBuilder, value: string): string {
  const shape = builder.shape(value);
  const rank = shape.length;
  const tensor = builder.constantValue(value);
  if (tensor?.dtype === 'float32' && rank === 2) {
    const [rows, columns] = shape;
    const data = new Float32Array(rows * columns);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) data[j * rows + i] = tensor.data[i * columns + j];
    return builder.constant({ dtype: 'float32', shape: [columns, rows], data });
  }
  const axes = shape.map((_, i) => i);
  return builder.add('Transpose', [value], { perm: [...axes.slice(0, -2), rank - 1, rank - 2] });
}
