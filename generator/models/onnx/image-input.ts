/** Where the image enters an ONNX file: which input, in which layout, of which size. */
import { fault } from '../../graph/errors.ts';
import { ints } from './attributes.ts';
import type { FileNode } from './file-nodes.ts';
import type { ValueInfoProto } from './messages.ts';
import type { Source } from './source.ts';
import { dtypeOf, typeName } from './tensors.ts';

/** The input that takes the image. */
export interface ImageInput {
  /** The file's name for it. */
  readonly name: string;
  readonly channels: number;
  /** Whether the file has channels last. */
  readonly channelsLast: boolean;
  /** What the file fixes; nothing where it leaves an extent open. */
  readonly batch: number | undefined;
  readonly height: number | undefined;
  readonly width: number | undefined;
  /** Whether the file has blue first. */
  readonly reversed: boolean;
  /** The element type is one of integers: pixels from 0 to 255. */
  readonly integers: boolean;
  /** What had to be guessed, for people. */
  readonly assumptions: readonly string[];
}

/** Finds the image among a file's inputs, or takes the one called `wanted`. Throws where there is none, saying what the inputs are. */
export function findImage(source: Source, metadata: ReadonlyMap<string, string>, wanted?: string): ImageInput {
  const inputs = source.graph.inputs.filter(({ name }) => !source.isInitializer(name));
  const candidates = inputs.filter(({ name, elementType, shape }) => {
    if (wanted !== undefined) return name === wanted;
    return dtypeOf(elementType) !== undefined && (shape === undefined || shape.length === 4);
  });
  const [first] = candidates.toSorted((a, b) => Number(likely(b)) - Number(likely(a)));
  if (!first)
    throw fault({
      where: source.where,
      expected: wanted === undefined ? 'an input of images, [N,C,H,W] or [N,H,W,C]' : 'one of the inputs',
      name: wanted === undefined ? "the model's inputs" : 'the input',
      received: wanted ?? (inputs.map(show).join(', ') || 'none'),
      remedy:
        wanted === undefined
          ? 'Only networks that take images, one batch of four axes, can be visualised.'
          : `The inputs are ${inputs.map(show).join(', ')}.`,
    });
  if (first.shape && first.shape.length !== 4)
    throw fault({
      where: source.where,
      expected: 'four axes, [N,C,H,W] or [N,H,W,C]',
      name: `the input "${first.name}"`,
      received: show(first),
      remedy: 'Export the model with a batch axis.',
    });
  const image = describeInput(source, first, candidates.length > 1 && wanted === undefined);
  const reversed = image.channels === 3 && /^bgr/i.test(metadata.get('Image.BitmapPixelFormat') ?? '');
  return reversed ? { ...image, reversed, assumptions: [...image.assumptions, 'the file wants blue first, as its metadata says'] } : image;
}

function likely({ shape }: ValueInfoProto): boolean {
  return shape !== undefined && [shape[1], shape[3]].some((extent) => extent === 1 || extent === 3 || extent === 4);
}

function show({ name, elementType, shape }: ValueInfoProto): string {
  const extents = shape ? `[${shape.map((extent) => extent || '?').join(',')}]` : ' of any shape';
  return `"${name}" ${elementType === 0 ? 'no tensor' : typeName(elementType)}${extents}`;
}

function describeInput(source: Source, info: ValueInfoProto, guessed: boolean): ImageInput {
  const [n, a, b, c] = (info.shape ?? []).map((extent) => (typeof extent === 'number' && extent > 0 ? extent : undefined));
  const few = (extent: number | undefined) => extent !== undefined && extent <= 4;
  const read = firstKernel(source, info.name);
  const channelsLast = few(a) !== few(c) ? few(c) : read.channelsLast;
  const channels = (channelsLast ? c : a) ?? read.channels;
  const [height, width] = channelsLast ? [a, b] : [b, c];
  const assumptions = [
    ...(guessed ? [`the image enters at the input "${info.name}"`] : []),
    ...(channels === undefined ? ['it takes images of three channels'] : []),
    ...(channelsLast ? ['the file has channels last; the image is transposed on entering'] : []),
  ];
  const integers = dtypeOf(info.elementType) === 'int64';
  return { name: info.name, channels: channels ?? 3, channelsLast, batch: n, height, width, reversed: false, integers, assumptions };
}

/** What the first convolution behind an input tells of it, past operators that leave the channels alone. */
function firstKernel(source: Source, input: string): { channels: number | undefined; channelsLast: boolean } {
  const readers = new Map<string, FileNode[]>();
  for (const node of source.nodes) {
    for (const name of node.inputs) {
      const list = readers.get(name) ?? [];
      list.push(node);
      readers.set(name, list);
    }
  }
  let channelsLast = false;
  const seen = new Set<string>();
  const queue = [input];
  for (const name of queue) {
    for (const node of readers.get(name) ?? []) {
      if (node.op === 'Conv' && node.inputs[0] === name) {
        const shape = source.initializer(node.inputs[1])?.shape;
        const group = node.attributes.get('group')?.i ?? 1;
        return { channels: shape && shape[1] * group, channelsLast };
      }
      if (node.op === 'Transpose' && `${ints(node, 'perm')}` === '0,3,1,2') channelsLast = true;
      if (seen.size > 64) return { channels: undefined, channelsLast };
      for (const output of node.outputs) {
        if (seen.has(output)) continue;
        seen.add(output);
        queue.push(output);
      }
    }
  }
  return { channels: undefined, channelsLast };
}
