/** Attributes of a file's node, typed and with their defaults; and axes, which moved from attributes to inputs over the versions. */
import type { FileNode } from './file-nodes.ts';

/** An integer attribute. */
export function int(node: FileNode, name: string, otherwise: number): number {
  return node.attributes.get(name)?.i ?? otherwise;
}

/** A float attribute. */
export function float(node: FileNode, name: string, otherwise: number): number {
  return node.attributes.get(name)?.f ?? otherwise;
}

/** A list of integers; nothing where the attribute is absent. */
export function ints(node: FileNode, name: string): readonly number[] | undefined {
  return node.attributes.get(name)?.ints;
}

/** A text attribute: `SAME_UPPER`. */
export function text(node: FileNode, name: string, otherwise: string): string {
  return node.attributes.get(name)?.s ?? otherwise;
}

/** Whether an input is there. */
export function has(node: FileNode, index: number): boolean {
  return (node.inputs[index] ?? '') !== '';
}
