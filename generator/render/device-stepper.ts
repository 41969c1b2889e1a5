/** Steps for runtimes whose values lie on a device: one program a step, the state never leaves it. */
import { AtlasError } from '../graph/errors.ts';
import { float32Data, type Tensor } from '../graph/tensor.ts';
import type { Resident, Runtime, Value } from '../runtime/runtime.ts';
import { adamInputs, STATE } from './adam.ts';
import { type ProgramRequest, stepGraph } from './programs.ts';
import { nextState, objectiveInputs, type Stepper, startState } from './stepper.ts';
import { canvasSize, drawTransformation, emptyWarp, fillWarp } from './transformation.ts';
import { warpTensors } from './warp-graph.ts';

export async function compileDeviceStepper(request: ProgramRequest & { runtime: Runtime }): Promise<Stepper> {
  const { model, layer, runtime, settings, batch } = request;
  const options = { resident: [...Object.values(STATE), 'image'] };
  const graph = stepGraph(request);
  const side = canvasSize(settings);
  const network = model.graph({ layers: [layer], batch, height: side, width: side });
  const layerShape = network.types.get(layer)?.shape.slice(1) ?? [];
  const plain = await runtime.compile(graph, options);
  const redirected = settings.redirect_steps > 0 ? await runtime.compile(stepGraph(request, true), options) : plain;
  const warp = emptyWarp(settings);
  let seed = 0;
  let objective: Record<string, Tensor> = {};
  let state: Record<string, Value> = {};
  let image: Resident | undefined;

  const release = () => {
    for (const value of [...Object.values(state), image]) if (value && 'resident' in value) value.dispose();
    state = {};
    image = undefined;
  };

  return {
    start: async (jobs) => {
      release();
      seed = jobs[0].seed;
      objective = objectiveInputs(jobs, settings, batch, layerShape);
      state = startState(jobs, settings, batch);
    },
    step: async (step) => {
      fillWarp(drawTransformation(seed, step, settings), settings, warp);
      const program = step < settings.redirect_steps ? redirected : plain;
      const outputs = await program.run({ ...state, ...objective, ...warpTensors(warp, settings), ...adamInputs(step, settings) });
      state = nextState(outputs, state);
      image?.dispose();
      image = outputs.image as Resident;
      return float32Data(outputs.score as Tensor, 'score');
    },
    images: async () => {
      if (!image) throw new AtlasError('render: expected step() before images()');
      return float32Data(await image.read(), 'image');
    },
    dispose: async () => {
      release();
      await Promise.all([...new Set([plain, redirected])].map((program) => program.dispose()));
    },
  };
}
