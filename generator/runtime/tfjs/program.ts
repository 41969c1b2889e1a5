/** Running a graph node by node, each value freed as soon as its last reader has run. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Graph, Node, OpName } from '../../graph/graph.ts';
import type { Dtype } from '../../graph/tensor.ts';
import { checkFeed } from '../feed.ts';
import type { CompileOptions, Program, Resident, Value } from '../runtime.ts';
import type { Inputs, Kernel, KernelContext, Run } from './kernel.ts';
import { KERNELS } from './kernels/table.ts';
import type { LoadedTfjs } from './load.ts';
import { download, upload } from './tensors.ts';

/** A node made ready. */
interface Step {
  readonly node: Node;
  readonly run: Run;
  /** Values that nobody reads after this step. */
  readonly free: readonly string[];
}

/** A graph on TensorFlow.js. Throws a plain `Error` that names the node where a kernel does not know what to do with it. */
export class TfjsProgram implements Program {
  readonly #loaded: LoadedTfjs;
  readonly #graph: Graph;
  readonly #resident: ReadonlySet<string>;
  readonly #steps: readonly Step[];
  readonly #constants = new Map<string, tf.Tensor>();
  readonly #held: tf.Tensor[] = [];
  #disposed = false;

  constructor(loaded: LoadedTfjs, graph: Graph, options: CompileOptions) {
    this.#loaded = loaded;
    this.#graph = graph;
    this.#resident = new Set(options.resident);
    try {
      const free = listFree(graph);
      this.#steps = graph.nodes.map((node, i) => ({ node, run: this.#prepare(node), free: free[i] }));
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  async run(inputs: Readonly<Record<string, Value>>): Promise<Record<string, Value>> {
    if (this.#disposed) throw new Error('program: expected one that is not disposed of');
    for (const [name, type] of this.#graph.inputs) checkFeed(name, type, inputs[name]);
    await useBackend(this.#loaded);
    const values = this.#compute(inputs);
    const results: Record<string, Value> = {};
    for (const name of this.#graph.outputs) results[name] = await this.#result(name, values.get(name));
    return results;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#release();
  }

  /** The outputs' tensors; everything else is freed, whatever happens. */
  #compute(inputs: Readonly<Record<string, Value>>): Map<string, tf.Tensor> {
    const { tf } = this.#loaded;
    const live = new Map<string, tf.Tensor>();
    try {
      for (const name of this.#graph.inputs.keys()) {
        const value = inputs[name];
        live.set(name, 'resident' in value ? (value.resident as tf.Tensor).clone() : upload(tf, value));
      }
      for (const { node, run, free } of this.#steps) {
        const read: Inputs = (index) => live.get(node.inputs[index]) ?? this.#constant(node.inputs[index]);
        const made = [tf.tidy(() => run(read))].flat();
        for (const [i, name] of node.outputs.entries()) live.set(name, made[i]);
        for (const name of free) {
          live.get(name)?.dispose();
          live.delete(name);
        }
      }
      const outputs = new Map(this.#graph.outputs.map((name) => [name, (live.get(name) ?? this.#constant(name)).clone()]));
      return outputs;
    } finally {
      for (const tensor of live.values()) tensor.dispose();
    }
  }

  async #result(name: string, tensor: tf.Tensor | undefined): Promise<Value> {
    const type = this.#graph.types.get(name);
    if (!tensor || !type) throw new Error(`program: expected a value for output "${name}", received nothing`);
    if (this.#resident.has(name)) return resident(this.#loaded, tensor, type.dtype);
    try {
      return await download(tensor, type.dtype);
    } finally {
      tensor.dispose();
    }
  }

  #prepare(node: Node): Run {
    const { tf } = this.#loaded;
    const context: KernelContext<OpName> = {
      tf,
      attributes: node.attributes,
      inputs: node.inputs.map((name) => this.#graph.types.get(name)),
      outputs: node.outputs.map((name) => this.#graph.types.get(name) ?? { dtype: 'float32', shape: [] }),
      constants: node.inputs.map((name) => this.#graph.constants.get(name)),
      hold: (make) => {
        const made = tf.tidy(make);
        this.#held.push(...[made].flat());
        return made;
      },
    };
    try {
      return (KERNELS[node.op] as Kernel<OpName>)(context);
    } catch (cause) {
      throw new Error(`${node.op} "${node.name}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  /** A constant on the device, from its first use on. */
  #constant(name: string): tf.Tensor {
    const { tf } = this.#loaded;
    const known = this.#constants.get(name);
    if (known) return known;
    const tensor = this.#graph.constants.get(name);
    if (!tensor) throw new Error(`program: expected a value named "${name}", received nothing`);
    const made = tf.keep(upload(tf, tensor));
    this.#constants.set(name, made);
    return made;
  }

  #release(): void {
    for (const tensor of [...this.#constants.values(), ...this.#held]) tensor.dispose();
    this.#constants.clear();
    this.#held.length = 0;
  }
}

/** One backend is at work in a process at a time; a program brings its own back. */
async function useBackend({ tf, backend }: LoadedTfjs): Promise<void> {
  if (tf.getBackend() !== backend.backend) await tf.setBackend(backend.backend);
}

function resident(loaded: LoadedTfjs, tensor: tf.Tensor, dtype: Dtype): Resident {
  return {
    resident: tensor,
    shape: [...tensor.shape],
    read: async () => {
      await useBackend(loaded);
      return download(tensor, dtype);
    },
    dispose: () => tensor.dispose(),
  };
}

/** For every node, the values whose last reader it is, and those of its own outputs that have none. */
function listFree({ nodes, outputs }: Graph): string[][] {
  const needed = new Set(outputs);
  const lists: string[][] = [];
  for (const node of nodes.toReversed()) {
    const free = [...new Set([...node.inputs, ...node.outputs])].filter((name) => name !== '' && !needed.has(name));
    for (const name of free) needed.add(name);
    lists.push(free);
  }
  return lists.reverse();
}
