/** The embedded runtime: onnxruntime-node, on the CPU, through its own WebGPU provider, or through CUDA, CoreML or DirectML where they are. */
import './telemetry-off.ts';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { writeOnnx } from '../compile/onnx-writer.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { AtlasError, fault, reason } from '../graph/errors.ts';
import type { Graph, ValueType } from '../graph/graph.ts';
import { type Dtype, sizeOf, type Tensor } from '../graph/tensor.ts';
import type { Device } from './devices.ts';
import { checkFeed } from './feed.ts';
import { mustStayOnHost } from './host-nodes.ts';
import type { CompileOptions, Program, Resident, Runtime, Value } from './runtime.ts';

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };

export interface OnnxRuntimeOptions {
  device?: Device;
  /** Threads of one operator; every core if left out. */
  threads?: number;
  /** Writes onnxruntime's profile (a JSON trace) to files with this prefix; for development. */
  profile?: string;
}

/**
 * Opens the runtime. That a device is there shows only when a program is compiled.
 *
 * Values stay on the device between programs with WebGPU alone: onnxruntime-node 1.30 binds outputs as `gpu-buffer` to WebGPU's memory and to no
 * other. CUDA, CoreML and DirectML give every output back to the host, so that `memory` is `host` for them, and the state of an optimisation
 * crosses the bus at every step.
 */
export function openOnnxRuntime({ device = 'cpu', threads = availableParallelism(), profile }: OnnxRuntimeOptions = {}): Runtime {
  // Nvidia's libraries would round the factors of products to 10 bits (TF32); read by them when they are loaded.
  if (device === 'cuda') process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  return {
    name: 'onnxruntime',
    device,
    memory: device === 'webgpu' ? 'device' : 'host',
    version: `onnxruntime-node ${version}`,
    threads,
    compile: async (graph, options = {}) => {
      const sessionOptions: ort.InferenceSession.SessionOptions = {
        executionProviders: [provider(device, graph)],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        // What fails is thrown, and told by whoever catches it: no lines of the library's own beside that.
        logSeverityLevel: 4,
        // DirectML's documentation asks for it.
        ...(device === 'directml' ? { enableMemPattern: false } : {}),
        // Each session has threads of its own, which would spin on after a run and take the cores from the next program's.
        extra: { session: { force_spinning_stop: '1' } },
        ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
        ...(device === 'webgpu' ? { preferredOutputLocation: locations(graph, options) } : {}),
      };
      try {
        return new OnnxProgram(graph, await ort.InferenceSession.create(writeOnnx(graph), sessionOptions), device, options);
      } catch (cause) {
        throw fault({
          where: `onnxruntime on ${device}`,
          expected: 'to compile the program',
          name: `${graph.nodes.length} operators for ${graph.outputs.join(', ')}`,
          received: reason(cause),
          remedy:
            device !== 'cpu'
              ? '"atlas doctor" shows what this device lacks; "--device cpu" always works.'
              : 'This is a bug in the compiler: please report it with the model.',
          cause,
        });
      }
    },
  };
}

class OnnxProgram implements Program {
  readonly #graph: Graph;
  readonly #session: ort.InferenceSession;
  readonly #device: string;
  readonly #resident: ReadonlySet<string>;
  /** On the host, memory of resident outputs that were disposed of: the next run writes into it. */
  readonly #spare = new Map<string, ort.Tensor[]>();

  constructor(graph: Graph, session: ort.InferenceSession, device: string, options: CompileOptions) {
    this.#graph = graph;
    this.#session = session;
    this.#device = device;
    this.#resident = new Set(options.resident);
  }

  async run(inputs: Readonly<Record<string, Value>>): Promise<Record<string, Value>> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, type] of this.#graph.inputs) feeds[name] = feed(name, type, inputs[name]);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of this.#graph.outputs) fetches[name] = this.#isKeptOnHost(name) ? this.#place(name) : null;
    const results = await this.#session.run(feeds, fetches);
    const values: Record<string, Value> = {};
    for (const name of this.#graph.outputs) {
      const place = fetches[name];
      if (place) dropCopy(results[name]);
      values[name] = place ? this.#lend(name, place) : this.#resident.has(name) ? onDevice(results[name]) : onHost(results[name]);
    }
    return values;
  }

  #isKeptOnHost(name: string): boolean {
    return this.#resident.has(name) && this.#device !== 'webgpu';
  }

  /** Memory for an output: what was given back, or new. */
  #place(name: string): ort.Tensor {
    const spare = this.#spare.get(name)?.pop();
    if (spare) return spare;
    const type = this.#graph.types.get(name);
    if (type?.dtype !== 'float32') throw new AtlasError(`program: expected a float32 output to keep, received ${type?.dtype} for ${name}`);
    return new ort.Tensor(type.dtype, new Float32Array(sizeOf(type.shape)), [...type.shape]);
  }

  #lend(name: string, tensor: ort.Tensor): Resident {
    const spare = this.#spare.get(name) ?? [];
    this.#spare.set(name, spare);
    return { resident: tensor, shape: tensor.dims, read: async () => onHost(tensor), dispose: () => void spare.push(tensor) };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  /** For messages in a debugger. */
  toString(): string {
    return `program of ${this.#graph.nodes.length} operators on ${this.#device}`;
  }
}

/** CoreML as an ML program on CPU and GPU (flags 0x10 and 0x20): its other format and the Neural Engine compute in 16 bits. */
const COREML_FLAGS = 0x30;

/** Names and options as session_options_helper.cc of the binding reads them. What a provider has no kernel for, onnxruntime gives to the CPU. */
function provider(device: Device, graph: Graph): ort.InferenceSession.ExecutionProviderConfig {
  switch (device) {
    case 'webgpu':
      return { name: 'webgpu', ...nodesForHost(graph) };
    case 'coreml':
      return { name: 'coreml', coreMlFlags: COREML_FLAGS };
    case 'directml':
      return { name: 'dml', deviceId: 0 };
    case 'cuda':
      return { name: 'cuda', deviceId: 0 };
    default:
      return 'cpu';
  }
}

function nodesForHost(graph: Graph): { forceCpuNodeNames?: string[] } {
  const names = graph.nodes.flatMap((node) => (mustStayOnHost(node, graph) ? [node.name] : []));
  return names.length > 0 ? { forceCpuNodeNames: names } : {};
}

function locations(graph: Graph, { resident = [] }: CompileOptions): Record<string, 'cpu' | 'gpu-buffer'> {
  return Object.fromEntries(graph.outputs.map((name) => [name, resident.includes(name) ? 'gpu-buffer' : 'cpu']));
}

function feed(name: string, type: ValueType, given: Value | undefined): ort.Tensor {
  const value = checkFeed(name, type, given);
  if ('resident' in value) return value.resident as ort.Tensor;
  return new ort.Tensor(value.dtype, value.data as Float32Array, value.shape as number[]);
}

/** Copies a tensor from the device by a program that does nothing else: onnxruntime-node has no copy of its own (`getData` aborts the process). */
async function download(tensor: ort.Tensor): Promise<ort.Tensor> {
  const builder = new GraphBuilder();
  builder.input('from', { dtype: tensor.type as Dtype, shape: tensor.dims });
  const copy = writeOnnx(builder.build([builder.add('Identity', ['from'], {}, { outputs: ['to'] })]));
  const session = await ort.InferenceSession.create(copy, { executionProviders: ['webgpu'], preferredOutputLocation: 'cpu' });
  try {
    return (await session.run({ from: tensor })).to;
  } finally {
    await session.release();
  }
}

function onDevice(tensor: ort.Tensor): Resident {
  return { resident: tensor, shape: tensor.dims, read: async () => onHost(await download(tensor)), dispose: () => tensor.dispose() };
}

/**
 * onnxruntime-node writes an output where it is told to, and then makes a copy of it all the same. Left to the garbage collector, those copies
 * cost more than the operators of a small program (test/bench/RESULTS.md).
 */
function dropCopy(copy: ort.Tensor): void {
  (copy.data as Float32Array<ArrayBuffer>).buffer.transfer(0);
}

function onHost(tensor: ort.Tensor): Tensor {
  if (sizeOf(tensor.dims) !== tensor.data.length)
    throw new AtlasError(`program: expected ${sizeOf(tensor.dims)} values, received ${tensor.data.length}`);
  return { dtype: tensor.type as Dtype, shape: tensor.dims, data: tensor.data } as Tensor;
}
