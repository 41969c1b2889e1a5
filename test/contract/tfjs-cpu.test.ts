/** The contract on TensorFlow.js in plain JavaScript. */
import { openTfjsRuntime } from '../../generator/runtime/tfjs/open.ts';
import { describeRuntime } from './runtime.ts';

const runtime = await openTfjsRuntime({ backend: 'cpu' });

describeRuntime('TensorFlow.js on its cpu backend', () => runtime, undefined, { convolvedAxes: 2 });
