/** Steps for runtimes whose values lie on a device: one program a step, the state never leaves it. */

import { hasRedirected } from '../gradient/redirect.ts';
import { AtlasError } from '../graph/errors.ts';
import { float32Data, type Tensor } from '../graph/tensor.ts';
import { findLayer } from '../models/layers.ts';
import type { Resident, Runtime, Value } from '../runtime/runtime.ts';
import { adamInputs, STATE } from './adam.ts';
import { hasAlpha } from './parameterisation/colour.ts';
import { coloursOf, imageGraph, type ProgramRequest, stepGraph } from './programs.ts';
import { nextState, objectiveInputs, type Stepper, startState } from './stepper.ts';
import { canvasSize, drawTransformation, emptyWarp, fillWarp } from './transformation.ts';
import { addSizes, appendGradientAlpha, BACKGROUND, drawBackground } from './transparency.ts';
import { warpTensors } from './warp-graph.ts';

export async function compileDeviceStepper(request: ProgramRequest & { runtime: Runtime }): Promise<Stepper> {
  const { model, runtime, settings, batch } = request;
  const colours = coloursOf(model);
  const options = { resident: [...Object.values(STATE), 'image'] };
  const graph = stepGraph(request);
  const shapes = [request.layer, ...(request.others ?? [])].map((name) => findLayer(model, name, canvasSize(settings)).shape);
  const plain = await runtime.compile(graph, options);
  const first = await runtime.compile(imageGraph(request), { resident: ['image'] });
  const redirected = settings.redirect_steps > 0 && hasRedirected(graph) ? await runtime.compile(stepGraph(request, true), options) : plain;
  const warp = emptyWarp(settings);
  let seed = 0;
  let count = 0;
  let objective: Record<string, Tensor> = {};
  let state: Record<string, Value> = {};
  let image: Resident | undefined;
  let accumulated = new Float32Array();

  const release = () => {
    for (const value of [...Object.values(state), image]) if (value && 'resident' in value) value.dispose();
    state = {};
    image = undefined;
  };

  return {
    start: async (jobs) => {
      release();
      seed = jobs[0].seed;
      count = jobs.length;
      objective = objectiveInputs(jobs, settings, batch, shapes);
      const start = startState(jobs, settings, batch, colours);
      image = (await first.run({ parameters: start.parameters })).image as Resident;
      state = start;
      accumulated = new Float32Array(batch * colours * settings.size ** 2);
    },
    step: async (step) => {
      if (!image) throw new AtlasError('render: expected start() before step()');
      fillWarp(drawTransformation(seed, step, settings), settings, warp);
      const program = step < settings.redirect_steps ? redirected : plain;
      const backgrounds: Record<string, Tensor> = hasAlpha(settings) ? { [BACKGROUND]: drawBackground(seed, step, settings, colours) } : {};
      const inputs = { ...objective, ...backgrounds, ...warpTensors(warp, settings), ...adamInputs(step, settings) };
      const outputs = await program.run({ ...state, ...inputs, image_before: image });
      state = nextState(outputs, state);
      image.dispose();
      image = outputs.image as Resident;
      if (outputs.image_gradient) addSizes(accumulated, float32Data(outputs.image_gradient as Tensor, 'image_gradient'));
      return float32Data(outputs.score as Tensor, 'score');
    },
    images: async () => {
      if (!image) throw new AtlasError('render: expected start() before images()');
      const images = float32Data(await image.read(), 'image');
      const whole = settings.transparency && !hasAlpha(settings) ? appendGradientAlpha(images, accumulated, batch, colours) : images;
      return whole.subarray(0, (whole.length / batch) * count);
    },
    dispose: async () => {
      release();
      await Promise.all([...new Set([plain, redirected, first])].map((program) => program.dispose()));
    },
  };
}
