/** How much memory rendering takes, told from the graph before anything is compiled. */
import { sizeOf } from '../graph/tensor.ts';
import { groupsTogether } from './host-programs.ts';
import { networkGraph } from './programs.ts';
import type { LayerRequest } from './renderer.ts';

/** Bytes of a number. */
const FLOAT = 4;
/** What a program for one picture holds of the sum of its values' sizes, and for each further one, rather too much (test/bench/RESULTS.md). */
const HELD = { first: 1.3, further: 0.6 };
/** What a thread holds besides, in bytes. */
const THREAD = 40 * 2 ** 20;
/** What each picture of a batch takes in pictures' sizes: state, moments, gradients and canvas (16 measured). */
const PICTURES = 20;

/**
 * About how many bytes of the process's memory a batch takes (1.1 to 1.5 times what was measured). On the host every thread has a program for
 * a few pictures, and each picture its state. What a device needs is not told, since its memory is not the process's: 0. `layer` is a layer's name.
 */
export function batchMemory({ model, runtime, layer, settings, batch }: LayerRequest): number {
  if (runtime.memory === 'device') return 0;
  const pictures = settings.group?.pictures ?? 1;
  const threads = Math.min(runtime.threads, Math.ceil(batch / pictures));
  const together = groupsTogether(settings, batch / threads);
  const { nodes, types } = networkGraph({ model, layer, settings, batch: together * pictures });
  const outputs = nodes.flatMap((node) => node.outputs);
  const values = outputs.reduce((sum, name) => sum + sizeOf(types.get(name)?.shape ?? []), 0);
  const held = (values / together) * (HELD.first + HELD.further * (together - 1));
  return threads * (THREAD + FLOAT * held) + batch * FLOAT * PICTURES * 3 * settings.size ** 2;
}
