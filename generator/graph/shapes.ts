/** Shape inference: for every operator, the types of its outputs from the types of its inputs. The rules stand in shapes/ by family. */
import { fault, reason } from './errors.ts';
import type { Node, OpName, ValueType } from './graph.ts';
import { elementwise } from './shapes/elementwise.ts';
import { checkShape, type Infer, type InferenceInputs, type InferTable } from './shapes/inference.ts';
import { checkInputs } from './shapes/inputs.ts';
import { moving } from './shapes/moving.ts';
import { product } from './shapes/product.ts';
import { reduction } from './shapes/reduction.ts';
import { windows } from './shapes/window.ts';

export { broadcast, ELEMENT_TYPES, integers, positive } from './shapes/inference.ts';
export { OPERATORS } from './shapes/inputs.ts';
export { sliceBounds } from './shapes/slice-bounds.ts';
export { beginsBehind, slide } from './shapes/window.ts';

const RULES: InferTable<OpName> = { ...elementwise, ...product, ...windows, ...moving, ...reduction };

/** The longest list that a message shows whole: a hostile file's may have millions of values. */
const LONGEST = 160;

/** The output types of a node. Throws with the node's name and input shapes where they do not fit. */
export function inferTypes(node: Node, inputs: InferenceInputs): readonly ValueType[] {
  const infer = RULES[node.op] as Infer<OpName>;
  try {
    checkInputs(node, inputs.types);
    const types = infer(inputs, node.attributes);
    for (const { shape } of types) checkShape(shape, 'the result');
    if (node.op === 'Split' && types.length !== node.outputs.length)
      throw new Error(`${types.length} parts are not ${node.outputs.length} outputs`);
    return types;
  } catch (cause) {
    const shapes = inputs.types.map((type) => (type ? `${type.dtype}[${type.shape}]` : 'none')).join(', ');
    throw fault({
      where: 'the graph',
      expected: 'inputs that fit each other',
      name: `${node.op} "${cut(node.name)}" of ${cut(shapes)}`,
      received: reason(cause),
      remedy: 'This is how the model file connects them; check the file and the image size.',
      cause,
    });
  }
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
