/** Choosing a runtime. */
import { openOnnxRuntime } from './onnxruntime.ts';
import type { Runtime } from './runtime.ts';

export const DEVICES = ['auto', 'cpu', 'webgpu'] as const;
export type Device = (typeof DEVICES)[number];

export interface RuntimeChoice {
  /** `auto` is the CPU for now: a software WebGPU device is slower than it, and nothing tells the two apart beforehand. */
  device?: Device;
  /** Threads of one operator; every core if left out. */
  threads?: number;
}

/** Opens the runtime for a device. */
export async function openRuntime({ device = 'auto', threads }: RuntimeChoice = {}): Promise<Runtime> {
  return openOnnxRuntime({ device: device === 'auto' ? 'cpu' : device, ...(threads ? { threads } : {}) });
}
