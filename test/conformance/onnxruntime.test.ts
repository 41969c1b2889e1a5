/** ONNX's node tests on onnxruntime's CPU. */
import { resizeScales } from '../../generator/graph/resize.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import type { NodeTest } from './read-node-test.ts';
import { conformance } from './suite.ts';

/** With scales, ONNX puts the last corner at extent × scale, even between two pixels; onnxruntime, like PyTorch, puts it on the last pixel. */
function refuses({ claim }: NodeTest): string | undefined {
  if ('refused' in claim) return undefined;
  const { nodes, inputs, constants } = claim.graph;
  const [node] = nodes;
  if (node.op !== 'Resize' || node.attributes.coordinate_transformation_mode !== 'align_corners') return undefined;
  const shape = inputs.get(node.inputs[0])?.shape ?? [];
  const scales = resizeScales(
    shape,
    node.inputs.map((name) => constants.get(name)),
  );
  return shape.every((extent, i) => Number.isInteger(extent * scales[i])) ? undefined : 'corners between pixels';
}

conformance('onnxruntime on the CPU', () => openOnnxRuntime({ threads: 1 }), { refuses });
