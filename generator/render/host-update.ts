/** How a group of pictures gets from one step to the next on the host: by the loops in WebAssembly where they can, else by a program of the runtime. */
import { AtlasError } from '../graph/errors.ts';
import { float32, float32Data, scalar, type Tensor, zeros } from '../graph/tensor.ts';
import type { Resident, Runtime, Value } from '../runtime/runtime.ts';
import { adamInputs, CORRECTION, RATE, STATE } from './adam.ts';
import { type FurtherInputs, openFurtherInputs } from './further-inputs.ts';
import type { HostPrograms } from './host-programs.ts';
import type { UpdateKernels } from './kernels/update.ts';
import { pictureChannels } from './parameterisation/colour.ts';
import type { RenderJob } from './renderer.ts';
import { nextState, startState } from './stepper.ts';

/** Pictures optimised together: one, or a unit's group. */
export interface Group {
  /** What the network looks at besides the parameters, and the pictures themselves. */
  readonly further: FurtherInputs;
  /** Ends step `step`, whose scores these are, with the gradient by what the network looked at in place: the next picture is made. */
  advance(step: number, scores: Float32Array): Promise<void>;
  /** Gives back what the group holds. */
  release(): void;
}

export interface Update {
  /** Begins a group, its first picture made; `slot` is its number among those that are held at once. */
  start(jobs: readonly RenderJob[], slot: number): Promise<Group>;
  dispose(): Promise<void>;
}

/** The update by a program; `gradient` `[pictures,colours,size,size]` is filled by the stepper. */
export async function openProgramUpdate(programs: HostPrograms, runtime: Runtime, gradient: Tensor<'float32'>): Promise<Update> {
  const { settings, preprocess, pictures, update: graph } = programs;
  if (!graph) throw new AtlasError('render: expected a program for the update, received none');
  const { size } = settings;
  const colours = preprocess.scale.length;
  // What is resident is read and given back at once, so that its memory is used again.
  const update = await runtime.compile(graph, { resident: [...Object.values(STATE), 'image'] });
  /** State that a runtime keeps lies in its memory until it is freed. */
  const free = (state: Record<string, Value>) => {
    for (const value of Object.values(state)) if ('resident' in value) value.dispose();
  };
  return {
    start: async (jobs) => {
      const image = zeros([pictures, pictureChannels(settings, colours), size, size]);
      const further = openFurtherInputs({ model: { preprocess }, settings, batch: pictures }, image, gradient);
      const start = startState(jobs, settings, pictures, colours);
      let state: Record<string, Value> = start;
      const advance = async (inputs: Record<string, Value>) => {
        const outputs = await update.run({ ...state, ...inputs, image_gradient: gradient, image_before: image });
        state = nextState(outputs, state);
        await withResident(outputs.image, (data) => image.data.set(data));
        further.accept(outputs);
      };
      gradient.data.fill(0);
      further.start(jobs[0].seed);
      await advance({ [RATE]: scalar(0), [CORRECTION]: scalar(1), ...further.updateInputs(-1) });
      // That made the first picture; penalties have moved the moments, though, which must begin at zero.
      free(state);
      state = start;
      return {
        further,
        advance: (step, scores) => advance({ ...adamInputs(step, settings), ...further.updateInputs(step, float32([pictures], scores)) }),
        release: () => free(state),
      };
    },
    dispose: () => update.dispose(),
  };
}

/** The update by loops in WebAssembly, which keep state and pictures; `gradient` lies in their memory. */
export function openKernelUpdate(
  { settings, preprocess, pictures }: HostPrograms,
  kernels: UpdateKernels,
  gradient: Tensor<'float32'>,
): Update {
  const colours = preprocess.scale.length;
  return {
    start: async (jobs, slot) => {
      kernels.start(slot, float32Data(startState(jobs, settings, pictures, colours).parameters, 'parameters'));
      const image = float32([pictures, colours, settings.size, settings.size], kernels.picture(slot));
      const further = openFurtherInputs({ model: { preprocess }, settings, batch: pictures }, image, gradient);
      further.start(jobs[0].seed);
      return {
        further,
        advance: async (step) => {
          const { rate, correction } = adamInputs(step, settings);
          kernels.advance(slot, gradient.data, rate.data[0] as number, correction.data[0] as number);
        },
        release: () => {},
      };
    },
    dispose: async () => {},
  };
}

/** Reads a resident value, hands it over, and gives its memory back. */
export async function withResident(value: Value, take: (data: Float32Array) => void | Promise<void>): Promise<void> {
  if (!('resident' in value)) throw new AtlasError('render: expected a resident value, received one on the host');
  const resident = value as Resident;
  await take(float32Data(await resident.read(), 'a resident value'));
  resident.dispose();
}
