/** A network and its gradient as onnxruntime is fast at them on a processor. But for large 3×3 convolutions (winograd.ts) the bits stay the same. */
import type { Graph } from '../graph/graph.ts';
import { clipInBlocks, meetInBlocks } from './blocks.ts';
import { fuseGates, setApart } from './gates.ts';
import { moveRuns } from './interleave.ts';
import type { LoopedGraph, Loops } from './loops.ts';
import { gatePools, poolInBlocks } from './max-pools.ts';
import { useWinograd } from './winograd.ts';

/** For a finished graph: what replaces a gradient's operators is not differentiated again. */
export function forProcessor(graph: Graph): Graph {
  return meetInBlocks(fuseGates(inBlocks(graph)));
}

/** The same, but gates of at least `fewest` values and redirected ones are loops, beside those that the graph has stand-ins for already. */
export function withLoops(graph: Graph, fewest: number, standIns: Loops = new Map()): LoopedGraph {
  const pooled = gatePools(inBlocks(graph), standIns);
  const { graph: standing, loops: gates } = setApart(pooled.graph, fewest);
  const loops: Loops = new Map([...pooled.loops, ...gates]);
  return { graph: meetInBlocks(poolInBlocks(fuseGates(standing), loops)), loops };
}

function inBlocks(graph: Graph): Graph {
  return moveRuns(clipInBlocks(useWinograd(graph)));
}
