/** What every evaluated operator has in common: constants in, constants out, within a limit. */
import type { Limit } from '../../limit.ts';
import type { FileNode } from '../file-nodes.ts';
import type { Constant } from '../tensors.ts';

/** The outputs of a node from constant inputs (undefined where left out). Throws a plain `Error` where they do not fit. */
export type Evaluate = (inputs: readonly (Constant | undefined)[], node: FileNode, limit: Limit) => readonly Constant[];

/** An input that must be there. */
export function given(inputs: readonly (Constant | undefined)[], index: number): Constant {
  const input = inputs[index];
  if (!input) throw new Error(`input ${index} is missing`);
  return input;
}
