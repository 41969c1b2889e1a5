/** Steps for runtimes whose values lie in host memory: network and update are programs, the warp between them is a loop. */
import { AtlasError } from '../graph/errors.ts';
import { float32Data, scalar, type Tensor, zeros } from '../graph/tensor.ts';
import { INPUT } from '../models/model.ts';
import type { Runtime, Value } from '../runtime/runtime.ts';
import { adamInputs, CORRECTION, RATE, STATE } from './adam.ts';
import { type FurtherInputs, openFurtherInputs } from './further-inputs.ts';
import type { HostPrograms } from './host-programs.ts';
import { pictureChannels } from './parameterisation/colour.ts';
import type { RenderJob } from './renderer.ts';
import { nextState, objectiveInputs, type Stepper, startState } from './stepper.ts';
import { applyWarp, applyWarpAdjoint, canvasSize, drawTransformation, emptyWarp, fillWarp } from './transformation.ts';

/** Pictures optimised together: one, or a unit's group. */
interface Group {
  readonly objective: Readonly<Record<string, Tensor>>;
  /** `[pictures,channels,size,size]`, as the last update made them. */
  readonly image: Tensor<'float32'>;
  readonly further: FurtherInputs;
  state: Record<string, Value>;
}

/** Compiles the programs. The stepper takes any number of jobs: they go step by step together, sharing each step's transformation. */
export async function compileHostStepper(programs: HostPrograms, runtime: Runtime): Promise<Stepper> {
  const { settings, preprocess, pictures, layerShapes } = programs;
  const network = await runtime.compile(programs.network);
  const redirected = programs.redirected ? await runtime.compile(programs.redirected) : network;
  const update = await runtime.compile(programs.update, { resident: Object.values(STATE) });

  const { size } = settings;
  const side = canvasSize(settings);
  const { scale, offset } = preprocess;
  const colours = scale.length;
  const planes = pictures * colours;
  const canvas = zeros([pictures, colours, side, side]);
  const imageGradient = zeros([pictures, colours, size, size]);
  const warp = emptyWarp(settings);
  let seed = 0;
  let groups: Group[] = [];

  /** State that a runtime keeps lies in its memory until it is freed. */
  const release = (state: Record<string, Value>) => {
    for (const value of Object.values(state)) if ('resident' in value) value.dispose();
  };
  const advance = async (group: Group, inputs: Record<string, Value>) => {
    const outputs = await update.run({ ...group.state, ...inputs, image_gradient: imageGradient, image_before: group.image });
    group.state = nextState(outputs, group.state);
    group.image.data.set(float32Data(outputs.image as Tensor, 'image'));
    group.further.accept(outputs);
  };

  const startGroup = async (jobs: readonly RenderJob[]) => {
    const image = zeros([pictures, pictureChannels(settings, colours), size, size]);
    const further = openFurtherInputs({ model: { preprocess }, settings, batch: pictures }, image, imageGradient);
    const start = startState(jobs, settings, pictures, colours);
    const group: Group = { objective: objectiveInputs(jobs, settings, pictures, layerShapes), image, further, state: start };
    imageGradient.data.fill(0);
    further.start(seed);
    await advance(group, { [RATE]: scalar(0), [CORRECTION]: scalar(1), ...further.updateInputs(-1) });
    // That made the first picture; penalties have moved the moments, though, which must begin at zero.
    release(group.state);
    group.state = start;
    return group;
  };

  return {
    start: async (jobs) => {
      seed = jobs[0].seed;
      for (const { state } of groups) release(state);
      groups = [];
      for (let from = 0; from < jobs.length; from += pictures) groups.push(await startGroup(jobs.slice(from, from + pictures)));
    },
    step: async (step) => {
      if (groups.length === 0) throw new AtlasError('render: expected start() before step()');
      fillWarp(drawTransformation(seed, step, settings), settings, warp);
      const program = step < settings.redirect_steps ? redirected : network;
      const scores = new Float32Array(groups.length * pictures);
      for (const [i, group] of groups.entries()) {
        const { objective, further } = group;
        applyWarp(warp, further.view.data, planes, scale, offset, canvas.data);
        const { score, gradient } = await program.run({ ...objective, ...further.networkInputs(warp), [INPUT]: canvas });
        applyWarpAdjoint(warp, float32Data(gradient as Tensor, 'gradient'), planes, scale, imageGradient.data);
        await advance(group, { ...adamInputs(step, settings), ...further.updateInputs(step, score) });
        scores.set(float32Data(score as Tensor, 'score'), i * pictures);
      }
      return scores;
    },
    images: async () => {
      if (groups.length === 0) throw new AtlasError('render: expected start() before images()');
      const images = groups.map(({ further }) => further.images());
      const all = new Float32Array(images.length * images[0].length);
      for (const [i, image] of images.entries()) all.set(image, i * image.length);
      return all;
    },
    dispose: async () => {
      for (const { state } of groups) release(state);
      groups = [];
      await Promise.all([...new Set([network, redirected, update])].map((program) => program.dispose()));
    },
  };
}
