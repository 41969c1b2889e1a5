/** The contract on the device named by ATLAS_GPU. Not part of `npm test`, since few machines have one. */
import { openRuntime } from '../../generator/runtime/open.ts';
import { describeRuntime } from './runtime.ts';

const DEVICES = ['cuda', 'webgpu', 'coreml', 'directml', 'tfjs'] as const;

const named = DEVICES.find((device) => device === process.env.ATLAS_GPU);
if (!named) throw new Error(`ATLAS_GPU: expected ${DEVICES.join(', ')}, received ${JSON.stringify(process.env.ATLAS_GPU ?? '')}`);

// The process that asks whether a device is there is its own: a driver that crashes does not take the tests with it.
const runtime = await openRuntime(named === 'tfjs' ? { runtime: 'tfjs', device: 'cuda' } : { runtime: 'onnxruntime', device: named });

describeRuntime(named, () => runtime);
