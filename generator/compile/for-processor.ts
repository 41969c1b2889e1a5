/** A network and its gradient as onnxruntime is fast at them on a processor: to the same bits, so that pictures stay what they were. */
import type { Graph } from '../graph/graph.ts';
import { clipInBlocks, meetInBlocks } from './blocks.ts';
import { fuseGates } from './gates.ts';
import { moveRuns } from './interleave.ts';

/** For a finished graph: what replaces a gradient's operators is not differentiated again. */
export function forProcessor(graph: Graph): Graph {
  return meetInBlocks(fuseGates(moveRuns(clipInBlocks(graph))));
}
