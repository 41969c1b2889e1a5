/** A layer in words: for the table of layers and the notes of a plan. */
import type { Layer } from '../models/model.ts';

/** `before Relu6`, `linear`. */
export function describeTap({ tap, nonlinearity }: Pick<Layer, 'tap' | 'nonlinearity'>): string {
  return nonlinearity ? `${tap} ${nonlinearity}` : tap;
}

/** `64×56×56`, `128×65 tokens`, and `1000` of a vector such as the class logits. */
export function describeShape({ shape: [channels, height, width], layout }: Pick<Layer, 'shape' | 'layout'>): string {
  if (layout === 'NTC') return `${channels}×${height} tokens`;
  return height * width === 1 ? String(channels) : `${channels}×${height}×${width}`;
}

/** The pixels that a position sees, of an image of `size` pixels a side. */
export function describeField({ receptiveField }: Pick<Layer, 'receptiveField'>, size: number): number | 'whole' {
  return receptiveField >= size ? 'whole' : receptiveField;
}

/** The note of a layer in a plan: `64 channels of 56×56, after Relu; a position sees 7 pixels.` */
export function describeLayer(layer: Layer, size: number): string {
  const [channels, height, width] = layer.shape;
  const field = describeField(layer, size);
  const seen = field === 'whole' ? 'the whole image' : `${field} pixels`;
  if (layer.layout === 'NTC') return `${channels} channels of ${height} tokens, ${describeTap(layer)}; a token sees ${seen}.`;
  if (height * width === 1) return `${channels} values, ${describeTap(layer)}; they see ${seen}.`;
  return `${channels} channels of ${height}×${width}, ${describeTap(layer)}; a position sees ${seen}.`;
}
