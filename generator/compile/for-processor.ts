/** A network and its gradient as onnxruntime is fast at them on a processor. But for large 3×3 convolutions (winograd.ts) the bits stay the same. */
import type { Graph } from '../graph/graph.ts';
import { clipInBlocks, meetInBlocks } from './blocks.ts';
import { fuseGates, type GatedGraph, setApart } from './gates.ts';
import { moveRuns } from './interleave.ts';
import { useWinograd } from './winograd.ts';

/** For a finished graph: what replaces a gradient's operators is not differentiated again. */
export function forProcessor(graph: Graph): Graph {
  return meetInBlocks(fuseGates(inBlocks(graph)));
}

/** The same, but gates of at least `fewest` values and redirected ones are set apart. */
export function setGatesApart(graph: Graph, fewest: number): GatedGraph {
  const { graph: standing, gates } = setApart(inBlocks(graph), fewest);
  return { graph: meetInBlocks(fuseGates(standing)), gates };
}

function inBlocks(graph: Graph): Graph {
  return moveRuns(clipInBlocks(useWinograd(graph)));
}
