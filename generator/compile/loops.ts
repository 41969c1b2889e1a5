/**
 * What loops in WebAssembly do better than onnxruntime's operators, where one thread runs them: a loop is run between two parts of a program
 * (runtime/parted-program.ts). In the graph a product stands for each, whose shape and layout are those of what the loop makes.
 */
import type { Graph } from '../graph/graph.ts';
import type { PoolWindow } from '../wasm/max-pool.ts';

/** A gate (compile/gates.ts): a product of a gradient and a value stands for the gradient where the value is between 0 and a limit, and 0 elsewhere. */
export interface Gating {
  readonly kind: 'gate';
  /** A float32; gradients go through where `0 < value < limit`. */
  readonly limit: number;
  /** Whether it lets something else through where that is nothing at all of a picture (gradient/redirect.ts). */
  readonly redirected: boolean;
}

/** The gradient of a maximum over square windows (compile/max-pools.ts): a product of the windows' gradients, enlarged where their stride is 2, and x. */
export interface Pooling extends PoolWindow {
  readonly kind: 'max-pool';
}

export type Loop = Gating | Pooling;

/** Loops by the names of the products that stand for them. */
export type Loops = ReadonlyMap<string, Loop>;

/** A graph in which products stand for loops. */
export interface LoopedGraph {
  readonly graph: Graph;
  readonly loops: Loops;
}

/** From how many values on a gate or a maximum over windows is a loop: a further part of a program takes its time too (test/bench/RESULTS.md). */
export const FEWEST_IN_LOOPS = 90_000;
