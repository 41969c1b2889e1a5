/** Telling a convolution that treats every position alike. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';

/** Whether a node is a 1×1 convolution of stride 1 without groups or padding, with constant weights: a matrix applied to every position. */
export function isPointwise(graph: GraphBuilder | Graph, node: Node): node is Extract<Node, { op: 'Conv' }> {
  if (node.op !== 'Conv') return false;
  const { strides, pads, group } = node.attributes;
  const weights = 'constants' in graph ? graph.constants.get(node.inputs[1]) : graph.constantValue(node.inputs[1]);
  const kernel = weights?.shape.slice(2) ?? [];
  return group === 1 && kernel.length === 2 && [...kernel, ...strides].every((extent) => extent === 1) && pads.every((pad) => pad === 0);
}
