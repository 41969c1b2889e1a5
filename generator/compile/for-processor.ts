/** A network and its gradient as onnxruntime is fast at them on a processor. But for large 3×3 convolutions (winograd.ts) the bits stay the same. */
import type { Graph } from '../graph/graph.ts';
import { clipInBlocks, meetInBlocks } from './blocks.ts';
import { fuseGates } from './gates.ts';
import { moveRuns } from './interleave.ts';
import { useWinograd } from './winograd.ts';

/** For a finished graph: what replaces a gradient's operators is not differentiated again. */
export function forProcessor(graph: Graph): Graph {
  return meetInBlocks(fuseGates(moveRuns(clipInBlocks(useWinograd(graph)))));
}
