/** The contract on onnxruntime's CPU. */
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { describeRuntime } from './runtime.ts';

describeRuntime('onnxruntime on the CPU', () => openOnnxRuntime({ threads: 2 }));
