/** Steps for runtimes whose values lie in host memory: network and update are programs, the warp between them is a loop in WebAssembly. */
import { AtlasError } from '../graph/errors.ts';
import { float32, float32Data, scalar, type Tensor, zeros } from '../graph/tensor.ts';
import { INPUT } from '../models/model.ts';
import type { Resident, Runtime, Value } from '../runtime/runtime.ts';
import { adamInputs, CORRECTION, RATE, STATE } from './adam.ts';
import { type FurtherInputs, openFurtherInputs } from './further-inputs.ts';
import type { HostPrograms } from './host-programs.ts';
import { pictureChannels } from './parameterisation/colour.ts';
import type { RenderJob } from './renderer.ts';
import { nextState, objectiveInputs, type Stepper, startState } from './stepper.ts';
import { canvasSize, drawTransformation, fillWarp } from './transformation.ts';
import { openWarpKernels } from './warp-kernels.ts';

/** Pictures optimised together: one, or a unit's group. */
interface Group {
  /** `[pictures,channels,size,size]`, as the last update made them. */
  readonly image: Tensor<'float32'>;
  readonly further: FurtherInputs;
  state: Record<string, Value>;
}

/** Groups that go through the network together; where there are fewer than a run takes, what its other places hold is not looked at. */
interface Run {
  readonly groups: readonly Group[];
  readonly objective: Readonly<Record<string, Tensor>>;
}

/** Compiles the programs. The stepper takes any number of jobs: they go step by step together, sharing each step's transformation. */
export async function compileHostStepper(programs: HostPrograms, runtime: Runtime): Promise<Stepper> {
  const { settings, preprocess, pictures, together, layerShapes } = programs;
  // What is resident is read and given back at once, so that its memory is used again.
  const network = await runtime.compile(programs.network, { resident: ['gradient'] });
  const redirected = programs.redirected ? await runtime.compile(programs.redirected, { resident: ['gradient'] }) : network;
  const update = await runtime.compile(programs.update, { resident: [...Object.values(STATE), 'image'] });

  const { size } = settings;
  const side = canvasSize(settings);
  const { scale, offset } = preprocess;
  const colours = scale.length;
  const planes = pictures * colours;
  const area = planes * side * side;
  const kernels = openWarpKernels(settings, planes, together);
  const { warp } = kernels;
  const canvas = float32([together * pictures, colours, side, side], kernels.canvas);
  const imageGradient = float32([pictures, colours, size, size], kernels.gradient);
  let seed = 0;
  let runs: Run[] = [];

  /** State that a runtime keeps lies in its memory until it is freed. */
  const free = (state: Record<string, Value>) => {
    for (const value of Object.values(state)) if ('resident' in value) value.dispose();
  };
  const advance = async (group: Group, inputs: Record<string, Value>) => {
    const outputs = await update.run({ ...group.state, ...inputs, image_gradient: imageGradient, image_before: group.image });
    group.state = nextState(outputs, group.state);
    await withResident(outputs.image, (data) => group.image.data.set(data));
    group.further.accept(outputs);
  };

  const startGroup = async (jobs: readonly RenderJob[]) => {
    const image = zeros([pictures, pictureChannels(settings, colours), size, size]);
    const further = openFurtherInputs({ model: { preprocess }, settings, batch: pictures }, image, imageGradient);
    const start = startState(jobs, settings, pictures, colours);
    const group: Group = { image, further, state: start };
    imageGradient.data.fill(0);
    further.start(seed);
    await advance(group, { [RATE]: scalar(0), [CORRECTION]: scalar(1), ...further.updateInputs(-1) });
    // That made the first picture; penalties have moved the moments, though, which must begin at zero.
    free(group.state);
    group.state = start;
    return group;
  };

  const groups = () => runs.flatMap((run) => run.groups);
  const release = () => {
    for (const { state } of groups()) free(state);
    runs = [];
  };

  return {
    start: async (jobs) => {
      release();
      seed = jobs[0].seed;
      for (const ofRun of parts(jobs, together * pictures)) {
        const started: Group[] = [];
        for (const ofGroup of parts(ofRun, pictures)) started.push(await startGroup(ofGroup));
        runs.push({ groups: started, objective: objectiveInputs(ofRun, settings, together * pictures, layerShapes) });
      }
    },
    step: async (step) => {
      if (runs.length === 0) throw new AtlasError('render: expected start() before step()');
      fillWarp(drawTransformation(seed, step, settings), settings, warp);
      const program = step < settings.redirect_steps ? redirected : network;
      const scores: number[] = [];
      for (const { groups, objective } of runs) {
        for (const [i, { further }] of groups.entries()) kernels.apply(further.view.data, scale, offset, i);
        const outputs = await program.run({ ...objective, ...groups[0].further.networkInputs(warp), [INPUT]: canvas });
        const score = float32Data(outputs.score as Tensor, 'score');
        await withResident(outputs.gradient, async (gradient) => {
          for (const [i, group] of groups.entries()) {
            kernels.applyAdjoint(gradient.subarray(i * area, (i + 1) * area), scale);
            const own = score.slice(i * pictures, (i + 1) * pictures);
            await advance(group, { ...adamInputs(step, settings), ...group.further.updateInputs(step, float32([pictures], own)) });
            scores.push(...own);
          }
        });
      }
      return Float32Array.from(scores);
    },
    images: async () => {
      if (runs.length === 0) throw new AtlasError('render: expected start() before images()');
      const images = groups().map(({ further }) => further.images());
      const all = new Float32Array(images.length * images[0].length);
      for (const [i, image] of images.entries()) all.set(image, i * image.length);
      return all;
    },
    dispose: async () => {
      release();
      kernels.dispose();
      await Promise.all([...new Set([network, redirected, update])].map((program) => program.dispose()));
    },
  };
}

/** Reads a resident value, hands it over, and gives its memory back. */
async function withResident(value: Value, take: (data: Float32Array) => void | Promise<void>): Promise<void> {
  if (!('resident' in value)) throw new AtlasError('render: expected a resident value, received one on the host');
  const resident = value as Resident;
  await take(float32Data(await resident.read(), 'a resident value'));
  resident.dispose();
}

function parts<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}
