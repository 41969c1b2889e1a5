/** The graphs of an optimisation step. On the host it is two programs with the warp's loops between them; on a device it is one. */
import type { RenderSettings } from '../../data/schema.ts';
import { splitPhases } from '../compile/phase-split.ts';
import { differentiate } from '../gradient/differentiate.ts';
import { REDIRECTED } from '../gradient/redirect.ts';
import { RULES, type RuleTable } from '../gradient/rules/table.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import { INPUT, type Model } from '../models/model.ts';
import { addAdam, STATE } from './adam.ts';
import { addObjective, type ObjectiveLayers } from './objective/score.ts';
import { addPooled } from './objective.ts';
import { hasAlpha, pictureChannels } from './parameterisation/colour.ts';
import { addImage, addLogits, parameterShape } from './parameterisation.ts';
import { readPicture } from './regulariser/lucid.ts';
import { addPenalty, FIXED, penaltyLayer } from './regulariser.ts';
import { canvasSize } from './transformation.ts';
import { addBackground, addComposite, addImageGradient, BACKGROUND, NEXT_BACKGROUND, SCORE_BEFORE } from './transparency.ts';
import { addWarp, warpInputs } from './warp-graph.ts';

export interface ProgramRequest {
  readonly model: Model;
  readonly layer: string;
  readonly settings: RenderSettings;
  readonly batch: number;
  /** Further layers that the jobs have directions of, by name. */
  readonly others?: readonly string[];
}

/** What makes the pictures and does not know the network, but for the number of its colours. */
export type PictureRequest = Pick<ProgramRequest, 'settings' | 'batch'> & { readonly model: Pick<Model, 'preprocess'> };

/** The input for the picture of a caricature on the canvas, `[1,colours,canvas,canvas]`, in the network's range. */
export const REFERENCE = 'reference';

/** A builder that holds a network, and what the network's values are called there: a file may use a name that the renderer needs. */
export function beginNetwork(network: Graph): { builder: GraphBuilder; names: ReadonlyMap<string, string> } {
  const builder = new GraphBuilder();
  for (const [name, type] of network.inputs) builder.input(name, type);
  const names = builder.graft(network, Object.fromEntries([...network.inputs.keys()].map((name) => [name, name])), isRenderersName);
  return { builder, names };
}

/** Whether a name is one of the inputs and outputs of a step, or begins like one. */
const isRenderersName = (name: string) =>
  /^(directions|mask|pooled|score|gradient|image|view|reference|background|parameters|first|second|rate|correction|forward|adjoint|warp)/.test(
    name,
  );

/** The network from its input to the score and back, by the rules given instead of the plain ones: outputs `score` `[batch]` and `gradient` `[batch,colours,canvas,canvas]`. */
export function networkGraph(request: ProgramRequest, rules: Partial<RuleTable> = {}): Graph {
  const { model, settings, batch } = request;
  const side = canvasSize(settings);
  const { builder, names } = beginNetwork(
    splitPhases(model.graph({ layers: objectiveLayerNames(request), batch, height: side, width: side })),
  );
  if (settings.reference) builder.input(REFERENCE, { dtype: 'float32', shape: [1, coloursOf(model), side, side] });
  const score = addObjective(builder, objectiveLayers(builder, request, side, names), settings);
  const gradient = differentiate(builder, score, INPUT, rules);
  return builder.build([score, named(builder, gradient, 'gradient')]);
}

/**
 * From the gradient by what the network saw, `image_gradient` `[batch,colours,size,size]`, to the next parameters, and the picture they make:
 * outputs the state and `image`, and `view`, the picture over a background, where it is transparent. The picture before, `image_before`, is an
 * input, since the last step made it. With a rate of zero the parameters stay as they are, so that this makes the first picture too.
 */
export function updateGraph({ model, settings, batch }: PictureRequest): Graph {
  const builder = new GraphBuilder();
  const colours = coloursOf(model);
  addState(builder, batch, settings, colours);
  const side = [settings.size, settings.size];
  const viewGradient = builder.input('image_gradient', { dtype: 'float32', shape: [batch, colours, ...side] });
  const before = builder.input('image_before', { dtype: 'float32', shape: [batch, pictureChannels(settings, colours), ...side] });
  let gradient = viewGradient;
  if (hasAlpha(settings)) {
    const score = builder.input(SCORE_BEFORE, { dtype: 'float32', shape: [batch] });
    const view = addComposite(builder, before, addBackground(builder, BACKGROUND, settings, colours));
    gradient = addImageGradient(builder, before, view, viewGradient, score, settings);
  }
  const outputs = addAdam(builder, gradientByParameters(builder, before, gradient, settings, colours), settings);
  const image = addImage(builder, STATE.parameters, settings, colours, 'image');
  if (!hasAlpha(settings)) return builder.build([...outputs, image]);
  const view = addComposite(builder, image, addBackground(builder, NEXT_BACKGROUND, settings, colours));
  return builder.build([...outputs, image, named(builder, view, 'view')]);
}

/** The picture that parameters stand for: `image` from `parameters`. */
export function imageGraph({ model, settings, batch }: PictureRequest): Graph {
  const builder = new GraphBuilder();
  const colours = coloursOf(model);
  builder.input('parameters', { dtype: 'float32', shape: parameterShape(batch, settings, colours) });
  return builder.build([addImage(builder, 'parameters', settings, colours, 'image')]);
}

/**
 * The whole step for a device: state, the picture before and the warp's matrices in, state, `score` and `image` out; for MACO's alpha
 * `image_gradient` too.
 */
export function stepGraph(request: ProgramRequest, redirected = false): Graph {
  const { model, settings, batch } = request;
  const side = canvasSize(settings);
  const layers = objectiveLayerNames(request);
  const network = model.graph({ layers, batch, height: side, width: side });
  const builder = new GraphBuilder();
  const colours = coloursOf(model);
  addState(builder, batch, settings, colours);
  const inputs = warpInputs(builder, settings);
  const before = builder.input('image_before', {
    dtype: 'float32',
    shape: [batch, pictureChannels(settings, colours), settings.size, settings.size],
  });
  const view = hasAlpha(settings) ? addComposite(builder, before, addBackground(builder, BACKGROUND, settings, colours)) : before;
  const { scale, offset } = model.preprocess;
  const ready = (canvas: string) => {
    const scaled = builder.add('Mul', [canvas, builder.constant(float32([1, scale.length, 1, 1], scale))], {});
    return builder.add('Add', [scaled, builder.constant(float32([1, offset.length, 1, 1], offset))], {});
  };
  const canvas = addWarp(builder, view, inputs.forward, side);
  const names = builder.graft(network, { [INPUT]: ready(canvas) }, isRenderersName);
  if (settings.reference) {
    const picture = readPicture(settings.reference, [colours, settings.size, settings.size], 'the picture of the caricature');
    named(builder, ready(addWarp(builder, builder.constant(picture), inputs.forward, side)), REFERENCE);
  }
  const score = addObjective(builder, objectiveLayers(builder, request, side, names), settings);
  const canvasGradient = differentiate(builder, score, canvas, redirected ? REDIRECTED : {});
  const viewGradient = addWarp(builder, canvasGradient, inputs.adjoint, settings.size);
  const gradient = hasAlpha(settings) ? addImageGradient(builder, before, view, viewGradient, score, settings) : viewGradient;
  const outputs = addAdam(builder, gradientByParameters(builder, before, gradient, settings, colours), settings);
  const results = [...outputs, score, addImage(builder, STATE.parameters, settings, colours, 'image')];
  const accumulated = settings.transparency && !hasAlpha(settings) ? [named(builder, viewGradient, 'image_gradient')] : [];
  return builder.build([...results, ...accumulated]);
}

/** The network alone, to the pooled activations `pooled` `[batch,C]`, from an input of the picture's own size. */
export function probeGraph({ model, layer, settings, batch }: ProgramRequest): Graph {
  const { builder, names } = beginNetwork(model.graph({ layers: [layer], batch, height: settings.size, width: settings.size }));
  return builder.build([addPooled(builder, names.get(layer) ?? layer)]);
}

/** The network from an input of the picture's own size to the score, `score` `[batch]`. */
export function scoreGraph(request: ProgramRequest): Graph {
  const { model, settings, batch } = request;
  const { size } = settings;
  const { builder, names } = beginNetwork(model.graph({ layers: objectiveLayerNames(request), batch, height: size, width: size }));
  if (settings.reference) builder.input(REFERENCE, { dtype: 'float32', shape: [1, coloursOf(model), size, size] });
  return builder.build([addObjective(builder, objectiveLayers(builder, request, size, names), settings)]);
}

/**
 * d(Σ image·G − penalty)/d parameters, G being fixed: the picture's gradient, less the regularisers', carried through the parameterisation.
 * That is a sigmoid, whose slope follows from the picture, of logits that for most parameterisations are linear: nothing forward is computed for those.
 */
function gradientByParameters(
  builder: GraphBuilder,
  image: string,
  imageGradient: string,
  settings: RenderSettings,
  colours: number,
): string {
  const penalty = addPenalty(builder, image, settings);
  const gradient = penalty ? builder.add('Sub', [imageGradient, differentiate(builder, penalty, image, FIXED)], {}) : imageGradient;
  const logits = addLogits(builder, 'parameters', settings, colours);
  const node = { op: 'Sigmoid', name: 'image', inputs: [logits], outputs: [image], attributes: {} } as const;
  const [byLogits] = RULES.Sigmoid({ builder, node, gradient, gradients: [gradient], wanted: [true] });
  return differentiate(builder, logits, 'parameters', {}, byLogits);
}

/** The network's layers that a score reads, each once, the one rendered first. */
export function objectiveLayerNames({ layer, others = [], settings }: Pick<ProgramRequest, 'layer' | 'others' | 'settings'>): string[] {
  const penalised = (settings.penalties ?? []).flatMap((penalty) => penaltyLayer(penalty) ?? []);
  return [...new Set([layer, ...others, settings.group?.layer ?? layer, ...penalised])];
}

/** What those layers are called in a builder, the caricature's reference among them: the same network for the one picture that it is. */
function objectiveLayers(
  builder: GraphBuilder,
  { model, layer, others = [], settings }: ProgramRequest,
  side: number,
  names?: ReadonlyMap<string, string>,
): ObjectiveLayers {
  const called = (name: string) => names?.get(name) ?? name;
  const base = { called, layer: called(layer), others: others.map(called), group: called(settings.group?.layer ?? layer) };
  if (!settings.reference) return base;
  const network = model.graph({ layers: [layer], batch: 1, height: side, width: side });
  return { ...base, reference: builder.graft(network, { [INPUT]: REFERENCE }, isRenderersName).get(layer) ?? layer };
}

/** The channels that a network's pictures have. */
export function coloursOf({ preprocess }: Pick<Model, 'preprocess'>): number {
  return preprocess.scale.length;
}

function addState(builder: GraphBuilder, batch: number, settings: RenderSettings, colours: number): void {
  for (const name of Object.keys(STATE)) builder.input(name, { dtype: 'float32', shape: parameterShape(batch, settings, colours) });
}

function named(builder: GraphBuilder, value: string, name: string): string {
  return builder.add('Identity', [value], {}, { outputs: [name] });
}
