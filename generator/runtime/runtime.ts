/** The runtime: what turns a graph into numbers. Two implementations, one contract (test/contract/). */
import type { Loops } from '../compile/loops.ts';
import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { KernelMemory, Places } from '../wasm/memory.ts';

/** A value that stays where the program left it (on a GPU: in its memory), good only as an input of a program of the same runtime. */
export interface Resident {
  readonly resident: unknown;
  readonly shape: readonly number[];
  /** Copies the value to the host. */
  read(): Promise<Tensor>;
  /** Frees the memory; the value must not be used afterwards. */
  dispose(): void;
}

export type Value = Tensor | Resident;

export interface CompileOptions {
  /** Outputs that the next run takes back as inputs: they are returned as {@link Resident}. */
  resident?: readonly string[];
  /** Products that stand for loops (compile/loops.ts); for onnxruntime on a processor alone. */
  loops?: Loops;
  /** Where a program with loops takes room for its values: in a memory that it is given ({@link Program.use}). Its own memory if left out. */
  places?: Places;
}

/** A compiled graph. */
export interface Program {
  /** Runs once. Every input of the graph must be there, with its shape and type; errors name the input. */
  run(inputs: Readonly<Record<string, Value>>): Promise<Record<string, Value>>;
  /** Gives a program with loops the memory in which it took places, before the first run. */
  use?(memory: KernelMemory): void;
  /** Frees everything the program holds. */
  dispose(): Promise<void>;
}

export interface Runtime {
  /** `onnxruntime`. */
  readonly name: string;
  /** `cpu` or `webgpu`. */
  readonly device: string;
  /** Where values live between programs. `host`: host loops over them cost nothing extra; `device`: they should stay there. */
  readonly memory: 'host' | 'device';
  /** For the record: `onnxruntime-node 1.30.0`. */
  readonly version: string;
  readonly threads: number;
  compile(graph: Graph, options?: CompileOptions): Promise<Program>;
}
