/** How a picture in [0,1] becomes the numbers that an ONNX file wants: from its metadata, its first operators, or by custom. */
import type { Preprocess } from '../model.ts';
import { type PixelRange, toPreprocess } from '../pixel-range.ts';
import type { ImageInput } from './image-input.ts';
import type { Source } from './source.ts';

/** ImageNet's mean and deviation, which most published classifiers were trained with. */
const IMAGENET: PixelRange = { range: [0, 1], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** What was found, and what to tell people about it. */
export interface FoundRange {
  readonly preprocess: Preprocess;
  readonly assumption: string;
  /** The range, where it is by custom alone and nothing in the file speaks for it. */
  readonly assumed?: PixelRange;
}

/** The pixel range of a file that the user says nothing of. */
export function findRange(source: Source, input: ImageInput, metadata: ReadonlyMap<string, string>): FoundRange {
  const { channels } = input;
  const found = (range: PixelRange, assumption: string): FoundRange => ({ preprocess: toPreprocess(range, channels), assumption });
  const stated = fromMetadata(metadata, channels);
  if (stated) return found(stated, `pixel values are ${describeRange(stated)}, as the file's metadata says`);
  const first = firstAffine(source, input);
  if (input.integers) return found({ range: [0, 255] }, 'pixel values are from 0 to 255, since the input is of integers');
  if (first !== undefined) {
    // What the network itself does to its input brings it to about one: from 255 or from 1.
    const range = Math.abs(first.scale) * 255 < 20 ? [0, 255] : [0, 1];
    return found({ range }, `pixel values are from 0 to ${range[1]}: the file scales its input itself ("${first.node}")`);
  }
  const [assumed, also] = channels === 3 ? [IMAGENET, ", less ImageNet's mean and over its deviation"] : [{ range: [0, 1] }, ''];
  return { ...found(assumed, `pixel values are from 0 to 1${also} (the file does not say; --range, --mean and --std tell)`), assumed };
}

function describeRange({ range: [low, high] = [0, 1], mean, std }: PixelRange): string {
  return `from ${low} to ${high}${mean ? `, less ${mean.join(', ')}` : ''}${std ? `, over ${std.join(', ')}` : ''}`;
}

/** Windows ML's image metadata (`Image.NominalPixelRange`), plain `mean` and `std`, and what Ultralytics' exporter leaves. */
function fromMetadata(metadata: ReadonlyMap<string, string>, channels: number): PixelRange | undefined {
  const list = (key: string) => {
    const values = (metadata.get(key) ?? '').match(/-?\d+(\.\d+)?(e-?\d+)?/gi)?.map(Number);
    return values && (values.length === 1 || values.length === channels) ? values : undefined;
  };
  const nominal: Readonly<Record<string, readonly number[]>> = {
    NominalRange_0_255: [0, 255],
    Normalized_0_1: [0, 1],
    Normalized_1_1: [-1, 1],
    NominalRange_16_235: [16, 235],
  };
  const range = nominal[metadata.get('Image.NominalPixelRange') ?? ''];
  const mean = list('mean') ?? list('image_mean');
  const deviation = list('std') ?? list('image_std');
  const std = deviation?.every((value) => value > 0) ? deviation : undefined;
  // A mean beyond one is of pixels up to 255.
  if (mean || std) return { range: range ?? (mean?.some((value) => value > 1.5) ? [0, 255] : [0, 1]), mean, std };
  if (range) return { range };
  return metadata.has('stride') && metadata.has('task') && metadata.has('names') ? { range: [0, 1] } : undefined;
}

const STILL: ReadonlySet<string> = new Set(['Transpose', 'Cast', 'Identity', 'Reshape']);

/** What the file's first operators do to every pixel, as one factor (of the first channel), where they scale or shift it at all. */
function firstAffine(source: Source, input: ImageInput): { scale: number; node: string } | undefined {
  let [value, scale, first] = [input.name, 1, ''];
  for (let steps = 0; steps < 8; steps++) {
    const readers = source.nodes.filter(({ inputs }) => inputs.includes(value));
    const [node] = readers;
    if (readers.length !== 1 || !node) break;
    if (!STILL.has(node.op)) {
      if (!/^(Add|Sub|Mul|Div)$/.test(node.op) || node.inputs.length !== 2) break;
      const other = node.inputs[node.inputs[0] === value ? 1 : 0];
      const constant = source.folded.get(other) ?? source.initializer(other);
      if (constant === undefined || constant.data.length > 4) break;
      if (node.op === 'Mul') scale *= constant.data[0];
      if (node.op === 'Div') scale /= constant.data[0];
      first ||= node.name || node.op;
    }
    value = node.outputs[0];
  }
  return first === '' ? undefined : { scale, node: first };
}
