/** Values that a program hands to host loops, run after run. */
import type { Graph } from '../../graph/graph.ts';
import { float32Data, type Tensor } from '../../graph/tensor.ts';
import type { Program, Runtime, Value } from '../../runtime/runtime.ts';

/** Compiles a program whose outputs the host reads. Where they are in its memory anyway, each run writes into that of the run before. */
export function compileForHost(runtime: Runtime, graph: Graph): Promise<Program> {
  return runtime.compile(graph, runtime.memory === 'host' ? { resident: graph.outputs } : {});
}

/** A float32 output of {@link compileForHost}'s program. It is valid until {@link releaseOutputs}. */
export async function readOutput(outputs: Record<string, Value>, name: string): Promise<Float32Array> {
  const value = outputs[name];
  return float32Data('resident' in value ? await value.read() : (value as Tensor), name);
}

/** Gives the memory of a run's outputs to the next. */
export function releaseOutputs(outputs: Record<string, Value>): void {
  for (const value of Object.values(outputs)) if ('resident' in value) value.dispose();
}
