/** The picture's parameterisations: what is optimised, how it begins, and the picture it makes: the sigmoid of logits, whichever it is. */
import type { RenderSettings } from '../../data/schema.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { float32, sizeOf } from '../graph/tensor.ts';
import { colourMatrix, optimisedAxes } from './parameterisation/colour.ts';
import { addCppn, cppnLength, drawCppn } from './parameterisation/cppn.ts';
import { addFourier, FOURIER_CONTRAST, spectrumShape } from './parameterisation/fourier.ts';
import { addMaco } from './parameterisation/maco.ts';
import { addPyramid, listLevels, planeLength } from './parameterisation/pyramid.ts';
import { RandomStream } from './random.ts';

/** The shape of the parameters of a batch: `[batch,axes,2,size,size/2+1]` (real and imaginary part), `[batch,axes,size,size/2+1]` for phases, `[batch,weights]` for a network, `[batch,axes,values]` else. */
export function parameterShape(batch: number, settings: RenderSettings, colours: number): readonly number[] {
  const axes = optimisedAxes(settings, colours);
  switch (settings.parameterisation) {
    case undefined:
    case 'fourier':
      return [batch, axes, ...spectrumShape(settings.size)];
    case 'maco':
      return [batch, axes, ...spectrumShape(settings.size).slice(1)];
    case 'cppn':
      return [batch, cppnLength(settings, axes)];
    default:
      return [batch, axes, planeLength(listLevels(settings))];
  }
}

/**
 * The starting parameters of one picture, of {@link parameterShape} without its batch, named by the unit and the seed: normal draws of deviation
 * `start_deviation`; phases between −π and π; a network's as {@link drawCppn} says.
 */
export function startParameters(unit: string, seed: number, settings: RenderSettings, colours: number): Float32Array {
  const stream = new RandomStream('start', unit, seed);
  if (settings.parameterisation === 'cppn') return drawCppn(stream, settings, optimisedAxes(settings, colours));
  const start = new Float32Array(sizeOf(parameterShape(1, settings, colours)));
  const draw =
    settings.parameterisation === 'maco' ? () => stream.between(-Math.PI, Math.PI) : () => settings.start_deviation * stream.normal();
  for (let i = 0; i < start.length; i++) start[i] = draw();
  return start;
}

/**
 * Adds the picture that the parameters stand for, `[batch,channels,size,size]` with values in (0,1): the sigmoid of {@link addLogits}, called
 * `output`. Its channels are the network's `colours`, then alpha where the settings have it.
 */
export function addImage(builder: GraphBuilder, parameters: string, settings: RenderSettings, colours: number, output: string): string {
  return builder.add('Sigmoid', [addLogits(builder, parameters, settings, colours)], {}, { outputs: [output] });
}

/**
 * Adds p_i + share · mean_j p_j for the pictures of each group: what they have in common is optimised beside what each has of its own, as where
 * Lucid sums tensors of which some are shared (lucid/recipes/image_interpolation_params.py). Without a share the parameters themselves.
 */
function addShared(builder: GraphBuilder, parameters: string, group: RenderSettings['group']): string {
  if (!group?.share) return parameters;
  const { pictures, share } = group;
  const shape = builder.shape(parameters);
  const values = sizeOf(shape.slice(1));
  const grouped = builder.add('Reshape', [parameters, builder.integers([shape[0] / pictures, pictures, values])], { allowzero: 0 });
  const mix = Array.from({ length: pictures ** 2 }, (_, i) => share / pictures + (i % (pictures + 1) === 0 ? 1 : 0));
  const mixed = builder.add('MatMul', [builder.constant(float32([pictures, pictures], mix)), grouped], {});
  return builder.add('Reshape', [mixed, builder.integers(shape)], { allowzero: 0 });
}

/** Adds what the picture is the sigmoid of, `[batch,channels,size,size]`: linear in the parameters, but for MACO and a network. */
export function addLogits(builder: GraphBuilder, given: string, settings: RenderSettings, colours: number): string {
  const parameters = addShared(builder, given, settings.group);
  switch (settings.parameterisation) {
    case undefined:
    case 'fourier':
      return addFourier(builder, parameters, settings, colourMatrix(settings, colours, FOURIER_CONTRAST));
    case 'maco':
      return addMaco(builder, parameters, settings, colourMatrix(settings, colours, 1));
    case 'cppn':
      return addCppn(builder, parameters, settings, colourMatrix(settings, colours, 1));
    default:
      return addPyramid(builder, parameters, settings, colourMatrix(settings, colours, 1));
  }
}
