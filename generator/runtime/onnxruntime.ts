/** The embedded runtime: onnxruntime-node, on the CPU, through its own WebGPU provider, or through CUDA, CoreML or DirectML where they are. */
import './telemetry-off.ts';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import * as ort from 'onnxruntime-node';
import { writeOnnx } from '../compile/onnx-writer.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { AtlasError, fault, reason } from '../graph/errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { Dtype } from '../graph/tensor.ts';
import type { Device } from './devices.ts';
import { mustStayOnHost } from './host-nodes.ts';
import { dropCopy, feed, KeptOutputs, onHost } from './ort-values.ts';
import { compileParted } from './parted-program.ts';
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
        if (options.loops && options.loops.size > 0) {
          if (device !== 'cpu')
            throw new AtlasError(`program: expected loops set apart for a processor alone, received them for ${device}`);
          return await compileParted({ graph, loops: options.loops }, sessionOptions, options);
        }
        return new OnnxProgram(graph, await ort.InferenceSession.create(writeOnnx(graph), sessionOptions), device, options);
      } catch (cause) {
        if (cause instanceof AtlasError) throw cause;
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
  readonly #kept: KeptOutputs;

  constructor(graph: Graph, session: ort.InferenceSession, device: string, options: CompileOptions) {
    this.#graph = graph;
    this.#session = session;
    this.#device = device;
    this.#resident = new Set(options.resident);
    this.#kept = new KeptOutputs(graph);
  }

  async run(inputs: Readonly<Record<string, Value>>): Promise<Record<string, Value>> {
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, type] of this.#graph.inputs) feeds[name] = feed(name, type, inputs[name]);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of this.#graph.outputs) fetches[name] = this.#isKeptOnHost(name) ? this.#kept.place(name) : null;
    const results = await this.#session.run(feeds, fetches);
    const values: Record<string, Value> = {};
    for (const name of this.#graph.outputs) {
      const place = fetches[name];
      if (place) dropCopy(results[name]);
      values[name] = place ? this.#kept.lend(name, place) : this.#resident.has(name) ? onDevice(results[name]) : onHost(results[name]);
    }
    return values;
  }

  #isKeptOnHost(name: string): boolean {
    return this.#resident.has(name) && this.#device !== 'webgpu';
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
