/** The graphs of an optimisation step. On the host it is two programs with the warp's loops between them; on a device it is one. */
import type { RenderSettings } from '../../data/schema.ts';
import { differentiate } from '../gradient/differentiate.ts';
import { REDIRECTED } from '../gradient/redirect.ts';
import { RULES } from '../gradient/rules/table.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import { INPUT, type Model } from '../models/model.ts';
import { addAdam, STATE } from './adam.ts';
import { addPooled, addScore } from './objective.ts';
import { addImage, addLogits, parameterShape } from './parameterisation.ts';
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
 * state and `image`. The picture before, `image_before`, is an input, since the last step made it. With a rate of zero the parameters stay
 * as they are, so that this makes the first picture too.
 */
export function updateGraph({ settings, batch }: Pick<ProgramRequest, 'settings' | 'batch'>): Graph {
  const builder = new GraphBuilder();
  addState(builder, batch, settings.size);
  const type = { dtype: 'float32', shape: [batch, 3, settings.size, settings.size] } as const;
  const imageGradient = builder.input('image_gradient', type);
  const before = builder.input('image_before', type);
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

/**
 * d(Σ image·G − penalty)/d parameters, G being fixed: the picture's gradient, less the regularisers', carried through the parameterisation.
 * That is a sigmoid, whose slope follows from the picture, of something linear: nothing forward is computed for it.
 */
function gradientByParameters(builder: GraphBuilder, image: string, imageGradient: string, settings: RenderSettings): string {
  const penalty = addPenalty(builder, image, settings);
  const gradient = penalty ? builder.add('Sub', [imageGradient, differentiate(builder, penalty, image)], {}) : imageGradient;
  const logits = addLogits(builder, 'parameters', settings);
  const node = { op: 'Sigmoid', name: 'image', inputs: [logits], outputs: [image], attributes: {} } as const;
  const [byLogits] = RULES.Sigmoid({ builder, node, gradient, gradients: [gradient], wanted: [true] });
  return differentiate(builder, logits, 'parameters', {}, byLogits);
}

function addState(builder: GraphBuilder, batch: number, size: number): void {
  for (const name of Object.keys(STATE)) builder.input(name, { dtype: 'float32', shape: parameterShape(batch, size) });
}

function named(builder: GraphBuilder, value: string, name: string): string {
  return builder.add('Identity', [value], {}, { outputs: [name] });
}
