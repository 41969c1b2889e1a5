/** Steps for runtimes whose values lie in host memory: network and update are programs, the warp between them is a loop. */
import { AtlasError } from '../graph/errors.ts';
import { float32Data, scalar, type Tensor, zeros } from '../graph/tensor.ts';
import { INPUT } from '../models/model.ts';
import type { Program, Runtime, Value } from '../runtime/runtime.ts';
import { adamInputs, CORRECTION, RATE, STATE } from './adam.ts';
import { openFurtherInputs } from './further-inputs.ts';
import { pictureChannels } from './parameterisation/colour.ts';
import { coloursOf, networkGraph, type ProgramRequest, updateGraph } from './programs.ts';
import type { RenderJob } from './renderer.ts';
import { nextState, objectiveInputs, type Stepper, startState } from './stepper.ts';
import { applyWarp, applyWarpAdjoint, canvasSize, drawTransformation, emptyWarp, fillWarp } from './transformation.ts';

export async function compileHostStepper(request: ProgramRequest & { runtime: Runtime }): Promise<Stepper> {
  const { model, runtime, settings, batch } = request;
  const graph = networkGraph(request);
  const shapes = [request.layer, ...(request.others ?? [])].map((name) => graph.types.get(name)?.shape.slice(1) ?? []);
  const network = await runtime.compile(graph);
  const redirected = settings.redirect_steps > 0 ? await runtime.compile(networkGraph(request, true)) : network;
  const update = await runtime.compile(updateGraph(request), { resident: Object.values(STATE) });

  const side = canvasSize(settings);
  const colours = coloursOf(model);
  const planes = batch * colours;
  const canvas = zeros([batch, colours, side, side]);
  const imageGradient = zeros([batch, colours, settings.size, settings.size]);
  const warp = emptyWarp(settings);
  const { scale, offset } = model.preprocess;
  let seed = 0;
  let objective: Record<string, Tensor> = {};
  let state: Record<string, Value> = {};
  const image = zeros([batch, pictureChannels(settings, colours), settings.size, settings.size]);
  const further = openFurtherInputs(request, image, imageGradient);
  let started = false;

  const advance = async (program: Program, inputs: Record<string, Value>) => {
    const outputs = await program.run({ ...state, ...inputs, image_gradient: imageGradient, image_before: image });
    state = nextState(outputs, state);
    image.data.set(float32Data(outputs.image as Tensor, 'image'));
    further.accept(outputs);
  };

  return {
    start: async (jobs: readonly RenderJob[]) => {
      seed = jobs[0].seed;
      objective = objectiveInputs(jobs, settings, batch, shapes);
      const start = startState(jobs, settings, batch, colours);
      state = start;
      imageGradient.data.fill(0);
      image.data.fill(0);
      further.start(seed);
      await advance(update, { [RATE]: scalar(0), [CORRECTION]: scalar(1), ...further.updateInputs(-1) });
      // That made the first picture; penalties have moved the moments, though, which must begin at zero.
      for (const value of Object.values(state)) if ('resident' in value) value.dispose();
      state = start;
      started = true;
    },
    step: async (step) => {
      if (!started) throw new AtlasError('render: expected start() before step()');
      fillWarp(drawTransformation(seed, step, settings), settings, warp);
      applyWarp(warp, further.view.data, planes, scale, offset, canvas.data);
      const inputs = { ...objective, ...further.networkInputs(warp), [INPUT]: canvas };
      const { score, gradient } = await (step < settings.redirect_steps ? redirected : network).run(inputs);
      applyWarpAdjoint(warp, float32Data(gradient as Tensor, 'gradient'), planes, scale, imageGradient.data);
      await advance(update, { ...adamInputs(step, settings), ...further.updateInputs(step, score) });
      return float32Data(score as Tensor, 'score');
    },
    images: async () => {
      if (!started) throw new AtlasError('render: expected start() before images()');
      return further.images();
    },
    dispose: async () => {
      await Promise.all([...new Set([network, redirected, update])].map((program) => program.dispose()));
    },
  };
}
