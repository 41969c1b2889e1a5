/** The graphs of an optimisation step. On the host it is two programs with the warp's loops between them; on a device it is one. */
import type { RenderSettings } from '../../data/schema.ts';
import { differentiate } from '../gradient/differentiate.ts';
import { REDIRECTED } from '../gradient/redirect.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import { INPUT, type Model } from '../models/model.ts';
import { addAdam, STATE } from './adam.ts';
import { addPooled, addScore } from './objective.ts';
import { addImage, parameterShape } from './parameterisation.ts';
import { addPenalty } from './regulariser.ts';
import { canvasSize } from './transformation.ts';
import { addWarp, warpInputs } from './warp-graph.ts';

export interface ProgramRequest {
  readonly model: Model;
  readonly layer: string;
  readonly settings: RenderSettings;
  readonly batch: number;
}

/** The network from its input to the score and back: outputs `score` `[batch]` and `gradient` `[batch,3,canvas,canvas]`. */
export function networkGraph({ model, layer, settings, batch }: ProgramRequest, redirected = false): Graph {
  const side = canvasSize(settings);
  const builder = GraphBuilder.from(model.graph({ layers: [layer], batch, height: side, width: side }));
  const score = addScore(builder, layer);
  const gradient = differentiate(builder, score, INPUT, redirected ? REDIRECTED : {});
  return builder.build([score, named(builder, gradient, 'gradient')]);
}

/**
 * From the gradient by the picture, `image_gradient` `[batch,3,size,size]`, to the next parameters, and the picture they make: outputs the
 * state and `image`. With a rate of zero it leaves the parameters as they are, so that it also makes the first picture.
 */
export function updateGraph({ settings, batch }: Pick<ProgramRequest, 'settings' | 'batch'>): Graph {
  const builder = new GraphBuilder();
  addState(builder, batch, settings.size);
  const imageGradient = builder.input('image_gradient', { dtype: 'float32', shape: [batch, 3, settings.size, settings.size] });
  const before = addImage(builder, 'parameters', settings, 'image_before');
  const outputs = addAdam(builder, gradientByParameters(builder, before, imageGradient, settings));
  return builder.build([...outputs, addImage(builder, STATE.parameters, settings, 'image')]);
}

/** The whole step for a device: state and the warp's matrices in, state, `score` and `image` out. */
export function stepGraph({ model, layer, settings, batch }: ProgramRequest, redirected = false): Graph {
  const side = canvasSize(settings);
  const network = model.graph({ layers: [layer], batch, height: side, width: side });
  const builder = new GraphBuilder();
  addState(builder, batch, settings.size);
  const inputs = warpInputs(builder, settings);
  const before = addImage(builder, 'parameters', settings, 'image_before');
  const canvas = addWarp(builder, before, inputs.forward, side);
  const { scale, offset } = model.preprocess;
  const scaled = builder.add('Mul', [canvas, builder.constant(float32([1, scale.length, 1, 1], scale))], {});
  const input = builder.add('Add', [scaled, builder.constant(float32([1, offset.length, 1, 1], offset))], {});
  const names = builder.graft(network, { [INPUT]: input });
  const score = addScore(builder, names.get(layer) ?? layer);
  const canvasGradient = differentiate(builder, score, canvas, redirected ? REDIRECTED : {});
  const imageGradient = addWarp(builder, canvasGradient, inputs.adjoint, settings.size);
  const outputs = addAdam(builder, gradientByParameters(builder, before, imageGradient, settings));
  return builder.build([...outputs, score, addImage(builder, STATE.parameters, settings, 'image')]);
}

/** The network alone, to the pooled activations `pooled` `[batch,C]`, from an input of the picture's own size. */
export function probeGraph({ model, layer, settings, batch }: ProgramRequest): Graph {
  const builder = GraphBuilder.from(model.graph({ layers: [layer], batch, height: settings.size, width: settings.size }));
  return builder.build([addPooled(builder, layer)]);
}

/** d(Σ image·G − penalty)/d parameters, G being fixed: the picture's gradient, less the regularisers', carried through the parameterisation. */
function gradientByParameters(builder: GraphBuilder, image: string, imageGradient: string, settings: RenderSettings): string {
  const penalty = addPenalty(builder, image, settings);
  const seed = penalty ? builder.add('Sub', [imageGradient, differentiate(builder, penalty, image)], {}) : imageGradient;
  return differentiate(builder, image, 'parameters', {}, seed);
}

function addState(builder: GraphBuilder, batch: number, size: number): void {
  for (const name of Object.keys(STATE)) builder.input(name, { dtype: 'float32', shape: parameterShape(batch, size) });
}

function named(builder: GraphBuilder, value: string, name: string): string {
  return builder.add('Identity', [value], {}, { outputs: [name] });
}
