/** The contract on TensorFlow.js in WebAssembly. */
import { openTfjsRuntime } from '../../generator/runtime/tfjs/open.ts';
import { describeRuntime } from './runtime.ts';

const runtime = await openTfjsRuntime({ backend: 'wasm' });

describeRuntime('TensorFlow.js on its wasm backend', () => runtime, undefined, { convolvedAxes: 2 });
