/** What is known of a model beside its file. */
import type { Preprocess } from './model.ts';
import type { PixelRange } from './pixel-range.ts';

/** What a format's reader is told; the rest is read off the file or assumed, and said to be. */
export interface Known {
  readonly id: string;
  readonly title: string;
  /** Where the file came from: `file:resnet18.onnx`. */
  readonly source: string;
  readonly licence: string;
  /** Name of the input, or the node, where the image enters. */
  readonly input?: string | undefined;
  readonly preprocess?: Preprocess | undefined;
  /** The range of its values as people say it, where `preprocess` is left out. */
  readonly pixels?: PixelRange | undefined;
  /** Side of the pictures it was trained on. */
  readonly size?: number | undefined;
}
