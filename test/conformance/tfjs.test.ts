/** ONNX's node tests on TensorFlow.js. */
import { openTfjsRuntime } from '../../generator/runtime/tfjs/open.ts';
import type { NodeTest } from './read-node-test.ts';
import { conformance } from './suite.ts';

const runtime = await openTfjsRuntime({ backend: 'wasm' });

/** Two of resizing that onnxruntime's test refuses for the same reason, and solids. */
function refuses({ name }: NodeTest): string | undefined {
  if (/^test_resize_downsample_scales_(cubic|linear)_align_corners$/.test(name)) return 'corners between pixels';
  return name === 'test_convtranspose_3d' ? 'three spatial axes' : undefined;
}

conformance('TensorFlow.js', () => runtime, { results: 'RESULTS-tfjs.md', refuses });
