/** Steps for runtimes whose values lie in host memory: network and update are programs, the warp between them is a loop. */
import { AtlasError } from '../graph/errors.ts';
import { float32, float32Data, scalar, type Tensor } from '../graph/tensor.ts';
import { INPUT } from '../models/model.ts';
import type { Program, Runtime, Value } from '../runtime/runtime.ts';
import { adamInputs, CORRECTION, RATE, STATE } from './adam.ts';
import { networkGraph, type ProgramRequest, updateGraph } from './programs.ts';
import type { RenderJob } from './renderer.ts';
import { nextState, objectiveInputs, type Stepper, startState } from './stepper.ts';
import { applyWarp, applyWarpAdjoint, canvasSize, drawTransformation, emptyWarp, fillWarp } from './transformation.ts';

export async function compileHostStepper(request: ProgramRequest & { runtime: Runtime }): Promise<Stepper> {
  const { model, runtime, settings, batch } = request;
  const graph = networkGraph(request);
  const layerShape = graph.types.get(request.layer)?.shape.slice(1) ?? [];
  const network = await runtime.compile(graph);
  const redirected = settings.redirect_steps > 0 ? await runtime.compile(networkGraph(request, true)) : network;
  const update = await runtime.compile(updateGraph(request), { resident: Object.values(STATE) });

  const side = canvasSize(settings);
  const planes = batch * 3;
  const canvas = float32([batch, 3, side, side], new Float32Array(planes * side * side));
  const imageGradient = float32([batch, 3, settings.size, settings.size], new Float32Array(planes * settings.size ** 2));
  const warp = emptyWarp(settings);
  const { scale, offset } = model.preprocess;
  let seed = 0;
  let objective: Record<string, Tensor> = {};
  let state: Record<string, Value> = {};
  const image = float32(imageGradient.shape, new Float32Array(imageGradient.data.length));
  let started = false;

  /** Residents of the last batch lie in the runtime's memory until they are freed. */
  const release = () => {
    for (const value of Object.values(state)) if ('resident' in value) value.dispose();
    state = {};
  };
  const advance = async (program: Program, inputs: Record<string, Value>) => {
    const outputs = await program.run({ ...state, ...inputs, image_gradient: imageGradient, image_before: image });
    state = nextState(outputs, state);
    image.data.set(float32Data(outputs.image as Tensor, 'image'));
  };

  return {
    start: async (jobs: readonly RenderJob[]) => {
      release();
      seed = jobs[0].seed;
      objective = objectiveInputs(jobs, settings, batch, layerShape);
      const start = startState(jobs, settings, batch);
      state = start;
      imageGradient.data.fill(0);
      image.data.fill(0);
      await advance(update, { [RATE]: scalar(0), [CORRECTION]: scalar(1) });
      // That made the first picture; penalties have moved the moments, though, which must begin at zero.
      release();
      state = start;
      started = true;
    },
    step: async (step) => {
      if (!started) throw new AtlasError('render: expected start() before step()');
      fillWarp(drawTransformation(seed, step, settings), settings, warp);
      applyWarp(warp, image.data, planes, scale, offset, canvas.data);
      const { score, gradient } = await (step < settings.redirect_steps ? redirected : network).run({ ...objective, [INPUT]: canvas });
      applyWarpAdjoint(warp, float32Data(gradient as Tensor, 'gradient'), planes, scale, imageGradient.data);
      await advance(update, adamInputs(step, settings));
      return float32Data(score as Tensor, 'score');
    },
    images: async () => {
      if (!started) throw new AtlasError('render: expected start() before images()');
      return image.data;
    },
    dispose: async () => {
      release();
      await Promise.all([...new Set([network, redirected, update])].map((program) => program.dispose()));
    },
  };
}
