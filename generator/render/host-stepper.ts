/** Steps for runtimes whose values lie in host memory: network and update are programs, the warp between them is a loop. */
import { AtlasError } from '../graph/errors.ts';
import { float32, float32Data, scalar, type Tensor } from '../graph/tensor.ts';
import { INPUT } from '../models/model.ts';
import type { Runtime, Value } from '../runtime/runtime.ts';
import { adamInputs, CORRECTION, RATE, STATE } from './adam.ts';
import type { HostPrograms } from './host-programs.ts';
import { nextState, objectiveInputs, type Stepper, startState } from './stepper.ts';
import { applyWarp, applyWarpAdjoint, canvasSize, drawTransformation, emptyWarp, fillWarp } from './transformation.ts';

/** One picture of the batch. */
interface Picture {
  readonly objective: Readonly<Record<string, Tensor>>;
  /** `[1,3,size,size]`, as the last update made it. */
  readonly image: Tensor<'float32'>;
  state: Record<string, Value>;
}

/** Compiles the programs. The stepper takes any number of jobs: they go step by step together, sharing each step's transformation. */
export async function compileHostStepper(programs: HostPrograms, runtime: Runtime): Promise<Stepper> {
  const { settings, preprocess, layerShape } = programs;
  const network = await runtime.compile(programs.network);
  const redirected = programs.redirected ? await runtime.compile(programs.redirected) : network;
  const update = await runtime.compile(programs.update, { resident: Object.values(STATE) });

  const side = canvasSize(settings);
  const { scale, offset } = preprocess;
  const canvas = float32([1, 3, side, side], new Float32Array(3 * side * side));
  const imageGradient = float32([1, 3, settings.size, settings.size], new Float32Array(3 * settings.size ** 2));
  const warp = emptyWarp(settings);
  let seed = 0;
  let pictures: Picture[] = [];

  const advance = async (picture: Picture, inputs: Record<string, Value>) => {
    const outputs = await update.run({ ...picture.state, ...inputs, image_gradient: imageGradient, image_before: picture.image });
    picture.state = nextState(outputs, picture.state);
    picture.image.data.set(float32Data(outputs.image as Tensor, 'image'));
  };

  return {
    start: async (jobs) => {
      seed = jobs[0].seed;
      pictures = [];
      for (const job of jobs) {
        const start = startState([job], settings, 1);
        const image = float32(imageGradient.shape, new Float32Array(imageGradient.data.length));
        const picture: Picture = { objective: objectiveInputs([job], settings, 1, layerShape), image, state: start };
        imageGradient.data.fill(0);
        await advance(picture, { [RATE]: scalar(0), [CORRECTION]: scalar(1) });
        // That made the first picture; penalties have moved the moments, though, which must begin at zero.
        for (const value of Object.values(picture.state)) if ('resident' in value) value.dispose();
        picture.state = start;
        pictures.push(picture);
      }
    },
    step: async (step) => {
      if (pictures.length === 0) throw new AtlasError('render: expected start() before step()');
      fillWarp(drawTransformation(seed, step, settings), settings, warp);
      const program = step < settings.redirect_steps ? redirected : network;
      const scores = new Float32Array(pictures.length);
      for (const [i, picture] of pictures.entries()) {
        applyWarp(warp, picture.image.data, 3, scale, offset, canvas.data);
        const { score, gradient } = await program.run({ ...picture.objective, [INPUT]: canvas });
        applyWarpAdjoint(warp, float32Data(gradient as Tensor, 'gradient'), 3, scale, imageGradient.data);
        await advance(picture, adamInputs(step, settings));
        scores[i] = float32Data(score as Tensor, 'score')[0];
      }
      return scores;
    },
    images: async () => {
      if (pictures.length === 0) throw new AtlasError('render: expected start() before images()');
      const images = new Float32Array(pictures.length * imageGradient.data.length);
      for (const [i, { image }] of pictures.entries()) images.set(image.data, i * image.data.length);
      return images;
    },
    dispose: async () => {
      await Promise.all([...new Set([network, redirected, update])].map((program) => program.dispose()));
    },
  };
}
