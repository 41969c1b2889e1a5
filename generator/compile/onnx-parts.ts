/**
 * An ONNX file cut at some of its nodes into files that run one after another. Operators and weights are handed on as they lie in the file, so
 * that it may hold what onnxruntime's own optimiser writes: its operators on blocks of channels, with weights laid out for this processor.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { AtlasError } from '../graph/errors.ts';
import type { ValueType } from '../graph/graph.ts';
import { ELEMENT_TYPES } from '../graph/shapes.ts';
import { bytes, integer, readMessage, text } from '../models/onnx/wire.ts';
import type { Loop, Loops } from './loops.ts';
import { message, tag, writeValueInfo } from './onnx-writer.ts';

/** A node that the file is cut at. */
export interface Cut {
  readonly name: string;
  /** What it stands for. */
  readonly loop: Loop;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Whether what it reads is laid out in blocks of channels. */
  readonly inBlocks: boolean;
}

/** What runs between cuts, and the cuts that come after it. */
export interface Part {
  /** Values that it reads: the file's inputs, what earlier parts made, and outputs of cuts. */
  readonly inputs: readonly string[];
  /** Values that it makes for cuts, for later parts, or as the file's outputs. */
  readonly outputs: readonly string[];
  readonly cuts: readonly Cut[];
  /** The part as a file; `typeOf` tells its inputs' types. Its first output is {@link HALT}, the others are {@link outputs}, of types for onnxruntime to find. */
  write(typeOf: (name: string) => ValueType): Uint8Array<ArrayBuffer>;
}

/** An output of every part, an empty sequence: what onnxruntime-node cannot hand over (runtime/parted-program.ts). */
export const HALT = 'basis-atlas/halt';

/** Cuts a file at the products that stand for loops; a part is as long as can be. Throws where one is not there. */
export function cutOnnx(file: Uint8Array, loops: Loops): Part[] {
  const model = withoutEnlargements(readFile(file), loops);
  const made = new Set(model.nodes.flatMap(({ outputs }) => outputs));
  const blocked = inBlocks(model);
  const missing = [...loops.keys()].filter((name) => !model.nodes.some((node) => node.name === name));
  if (missing.length > 0) throw new AtlasError(`program: expected a node "${missing[0]}" to cut at, received a file without it`);
  /** The part that makes a value: the file's inputs are there from the start, and what a cut makes is for the next part. */
  const madeIn = new Map<string, number>();
  const parts: { nodes: FileNode[]; cuts: (FileNode & { readonly loop: Loop })[] }[] = [];
  for (const node of model.nodes) {
    const reads = node.inputs.filter((name) => made.has(name));
    const part = Math.max(0, ...reads.map((name) => madeIn.get(name) ?? 0));
    while (parts.length <= part) parts.push({ nodes: [], cuts: [] });
    const loop = loops.get(node.name);
    if (loop) parts[part].cuts.push({ ...node, loop });
    else parts[part].nodes.push(node);
    for (const output of node.outputs) madeIn.set(output, loop ? part + 1 : part);
  }
  return parts.map(({ nodes, cuts }, i) => {
    const own = new Set(nodes.flatMap(({ outputs }) => outputs));
    // What the optimiser found to be constant may be for a cut as well: the part before it hands it on.
    const constants = cuts.flatMap((node) => node.inputs).filter((name) => model.constants.has(name));
    const reads = new Set([...nodes.flatMap((node) => node.inputs), ...constants]);
    const later = parts.slice(i + 1).flatMap((part) => [...part.nodes, ...part.cuts]);
    const wanted = new Set([...model.outputs, ...[...cuts, ...later].flatMap((node) => node.inputs)]);
    const inputs = [...reads].filter((name) => !own.has(name) && (made.has(name) || model.inputs.has(name)));
    const outputs = [...own, ...new Set(constants)].filter((name) => wanted.has(name));
    return {
      inputs,
      outputs,
      cuts: cuts.map((node) => ({
        name: node.name,
        loop: node.loop,
        inputs: node.inputs,
        output: node.outputs[0],
        inBlocks: node.inputs.every((name) => blocked.has(name)),
      })),
      write: (typeOf) => writePart(model, nodes, reads, inputs, outputs, typeOf),
    };
  });
}

/** The file without what enlarges the gradients of windows for their stand-ins, which read those themselves. */
function withoutEnlargements(model: OnnxFile, loops: Loops): OnnxFile {
  const makers = new Map(model.nodes.map((node) => [node.outputs[0], node]));
  const enlargements = new Map<FileNode, FileNode>();
  for (const node of model.nodes) {
    const loop = loops.get(node.name);
    const maker = loop?.kind === 'max-pool' && loop.stride > 1 ? makers.get(node.inputs[0]) : undefined;
    if (maker) enlargements.set(node, maker);
  }
  const gone = new Set(enlargements.values());
  return {
    ...model,
    nodes: model.nodes
      .filter((node) => !gone.has(node))
      .map((node) => {
        const maker = enlargements.get(node);
        return maker ? { ...node, inputs: [maker.inputs[0], ...node.inputs.slice(1)] } : node;
      }),
  };
}

/** The domain of onnxruntime's operators in blocks, of which one takes values out of them. */
const IN_BLOCKS = 'com.microsoft.nchwc';
const OUT_OF_BLOCKS = 'ReorderOutput';

/** The values that are in blocks: what such an operator makes, and whatever else reads it leaves it as it is laid out. */
function inBlocks({ nodes }: OnnxFile): Set<string> {
  const blocked = new Set<string>();
  for (const { op, domain, inputs, outputs } of nodes)
    if (domain === IN_BLOCKS ? op !== OUT_OF_BLOCKS : inputs.some((name) => blocked.has(name)))
      for (const name of outputs) blocked.add(name);
  return blocked;
}

interface FileNode {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

interface OnnxFile {
  readonly version: number;
  readonly operatorSets: readonly Uint8Array[];
  readonly nodes: readonly FileNode[];
  readonly constants: ReadonlyMap<string, Uint8Array>;
  readonly inputs: ReadonlySet<string>;
  readonly outputs: readonly string[];
}

function readFile(file: Uint8Array): OnnxFile {
  let version = 0;
  const operatorSets: Uint8Array[] = [];
  const nodes: FileNode[] = [];
  const constants = new Map<string, Uint8Array>();
  const inputs: string[] = [];
  const outputs: string[] = [];
  const readGraph = (graph: Uint8Array) =>
    readMessage(graph, {
      1: bytes((node) => nodes.push(readNode(node))),
      5: bytes((tensor) => constants.set(nameIn(tensor, 8), tensor)),
      11: bytes((info) => inputs.push(nameIn(info, 1))),
      12: bytes((info) => outputs.push(nameIn(info, 1))),
    });
  readMessage(file, {
    1: integer((value) => (version = value)),
    7: bytes(readGraph),
    8: bytes((set) => operatorSets.push(set)),
  });
  return { version, operatorSets, nodes, constants, inputs: new Set(inputs), outputs };
}

function readNode(node: Uint8Array): FileNode {
  let [name, op, domain] = ['', '', ''];
  const inputs: string[] = [];
  const outputs: string[] = [];
  readMessage(node, {
    1: text((value) => inputs.push(value)),
    2: text((value) => outputs.push(value)),
    3: text((value) => (name = value)),
    4: text((value) => (op = value)),
    7: text((value) => (domain = value)),
  });
  return { bytes: node, name, op, domain, inputs, outputs };
}

function nameIn(data: Uint8Array, field: number): string {
  let name = '';
  readMessage(data, { [field]: text((value) => (name = value)) });
  return name;
}

function writePart(
  { version, operatorSets, constants }: OnnxFile,
  nodes: readonly FileNode[],
  reads: ReadonlySet<string>,
  inputs: readonly string[],
  outputs: readonly string[],
  typeOf: (name: string) => ValueType,
): Uint8Array<ArrayBuffer> {
  const model = new BinaryWriter();
  model.uint32(tag(1, 0)).int64(version);
  message(model, 7, (graph) => {
    for (const node of nodes) graph.uint32(tag(1, 2)).bytes(node.bytes);
    message(graph, 1, (node) => node.uint32(tag(2, 2)).string(HALT).uint32(tag(4, 2)).string('SequenceEmpty'));
    graph.uint32(tag(2, 2)).string('part');
    for (const [name, tensor] of constants) if (reads.has(name)) graph.uint32(tag(5, 2)).bytes(tensor);
    for (const name of inputs) message(graph, 11, (info) => writeValueInfo(info, name, typeOf(name)));
    message(graph, 12, writeHalt);
    for (const name of outputs) message(graph, 12, (info) => info.uint32(tag(1, 2)).string(name));
  });
  for (const set of operatorSets) model.uint32(tag(8, 2)).bytes(set);
  return model.finish() as Uint8Array<ArrayBuffer>;
}

/** A sequence of tensors of float32 numbers. */
function writeHalt(info: BinaryWriter): void {
  info.uint32(tag(1, 2)).string(HALT);
  message(info, 2, (type) =>
    message(type, 4, (sequence) =>
      message(sequence, 1, (element) => message(element, 1, (tensor) => tensor.uint32(tag(1, 0)).int32(ELEMENT_TYPES.float32))),
    ),
  );
}
