/** From the axes that are optimised to the picture's channels: decorrelated colour, grey for all of them, alpha beside them. */
import type { RenderSettings } from '../../../data/schema.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { float32 } from '../../graph/tensor.ts';

/** Lucid's square root of the colour correlation of ImageNet, row-major `[rgb, axis]` (lucid/optvis/param/color.py). */
const COLOUR_CORRELATION_ROOT = [0.26, 0.09, 0.02, 0.27, 0.0, -0.05, 0.27, -0.09, 0.03];

/** A matrix `[channels, axes]`, row-major. */
export interface ColourMatrix {
  readonly channels: number;
  readonly axes: number;
  readonly values: readonly number[];
}

/** Whether a channel of alpha is optimised: transparency, but for MACO, whose alpha is what its gradients add up to. */
export function hasAlpha({ transparency, parameterisation }: RenderSettings): boolean {
  return transparency !== undefined && parameterisation !== 'maco';
}

/** The channels of the picture: the network's, and alpha. */
export function pictureChannels(settings: RenderSettings, colours: number): number {
  return colours + (hasAlpha(settings) ? 1 : 0);
}

/** How many planes are optimised: one for each colour (one in all for grey), and alpha. */
export function optimisedAxes(settings: RenderSettings, colours: number): number {
  return (settings.grey_scale ? 1 : colours) + (hasAlpha(settings) ? 1 : 0);
}

/**
 * The colours of the settings times `contrast`. Three decorrelated ones are Lucid's matrix over its largest column norm; grey is a column of
 * 1/√3 (1/√colours), as long as that one; any other number of colours, for which no correlation is known, and alpha are left as they are.
 */
export function colourMatrix(settings: RenderSettings, colours: number, contrast: number): ColourMatrix {
  const channels = pictureChannels(settings, colours);
  const axes = optimisedAxes(settings, colours);
  const root = COLOUR_CORRELATION_ROOT;
  const largest = Math.max(...[0, 1, 2].map((column) => Math.hypot(root[column], root[column + 3], root[column + 6])));
  const entry = (channel: number, axis: number) => {
    const [isAlpha, ofAlpha] = [channel >= colours, hasAlpha(settings) && axis === axes - 1];
    if (isAlpha || ofAlpha) return isAlpha && ofAlpha ? contrast : 0;
    if (settings.grey_scale) return contrast / Math.sqrt(colours);
    if (settings.decorrelate && colours === 3) return (contrast * root[3 * channel + axis]) / largest;
    return channel === axis ? contrast : 0;
  };
  const values = Array.from({ length: channels * axes }, (_, i) => entry(Math.floor(i / axes), i % axes));
  return { channels, axes, values };
}

/** Adds the matrix times the axes of `value` `[batch,axes,height,width]`. */
export function addColour(builder: GraphBuilder, value: string, { channels, axes, values }: ColourMatrix): string {
  const [batch, , height, width] = builder.shape(value);
  const flat = builder.add('Reshape', [value, builder.integers([batch, axes, height * width])], { allowzero: 0 });
  const mixed = builder.add('MatMul', [builder.constant(float32([channels, axes], [...values])), flat], {});
  return builder.add('Reshape', [mixed, builder.integers([batch, channels, height, width])], { allowzero: 0 });
}
