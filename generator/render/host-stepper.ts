/** Steps for runtimes whose values lie in host memory: the network is a program, what comes before and after it are loops in WebAssembly. */
import type { LoopedGraph } from '../compile/loops.ts';
import { AtlasError } from '../graph/errors.ts';
import { float32, float32Data, type Tensor } from '../graph/tensor.ts';
import { INPUT } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { KernelMemory, Places } from '../wasm/memory.ts';
import type { HostPrograms } from './host-programs.ts';
import { type Group, openKernelUpdate, openProgramUpdate, withResident } from './host-update.ts';
import { openUpdateKernels, placeUpdate } from './kernels/update.ts';
import { openWarpKernels, placeWarp } from './kernels/warp.ts';
import { objectiveInputs, type Stepper } from './stepper.ts';
import { canvasSize, drawTransformation } from './transformation.ts';

/** Groups that go through the network together; where there are fewer than a run takes, what its other places hold is not looked at. */
interface Run {
  readonly groups: readonly Group[];
  readonly objective: Readonly<Record<string, Tensor>>;
}

/** Compiles the programs. The stepper takes as many groups as they are for: they go step by step together, sharing each step's transformation. */
export async function compileHostStepper(programs: HostPrograms, runtime: Runtime): Promise<Stepper> {
  const { settings, preprocess, pictures, together, layerShapes } = programs;
  // What is resident is read and given back at once, so that its memory is used again.
  const places = new Places();
  const compile = ({ graph, loops }: LoopedGraph) => runtime.compile(graph, { resident: ['gradient'], loops, places });
  const network = await compile(programs.network);
  const redirected = programs.redirected ? await compile(programs.redirected) : network;

  const { size } = settings;
  const side = canvasSize(settings);
  const { scale, offset } = preprocess;
  const colours = scale.length;
  const planes = pictures * colours;
  const area = planes * side * side;
  const warpPlace = placeWarp(settings, planes, together, places);
  const updatePlace = programs.update ? undefined : placeUpdate(settings, colours, pictures, programs.groups, places);
  const memory = new KernelMemory(places);
  for (const program of new Set([network, redirected])) program.use?.(memory);
  const kernels = openWarpKernels(warpPlace, memory);
  const { warp } = kernels;
  const canvas = float32([together * pictures, colours, side, side], kernels.canvas);
  const imageGradient = float32([pictures, colours, size, size], kernels.gradient);
  const update = updatePlace
    ? openKernelUpdate(programs, openUpdateKernels(updatePlace, memory), imageGradient)
    : await openProgramUpdate(programs, runtime, imageGradient);
  let seed = 0;
  let runs: Run[] = [];

  const groups = () => runs.flatMap((run) => run.groups);
  const release = () => {
    for (const group of groups()) group.release();
    runs = [];
  };

  return {
    start: async (jobs) => {
      release();
      const count = Math.ceil(jobs.length / pictures);
      if (count > programs.groups)
        throw new AtlasError(`render: expected at most ${programs.groups} groups of pictures, received ${count}`);
      seed = jobs[0].seed;
      let slot = 0;
      for (const ofRun of parts(jobs, together * pictures)) {
        const started: Group[] = [];
        for (const ofGroup of parts(ofRun, pictures)) started.push(await update.start(ofGroup, slot++));
        runs.push({ groups: started, objective: objectiveInputs(ofRun, settings, together * pictures, layerShapes) });
      }
    },
    step: async (step) => {
      if (runs.length === 0) throw new AtlasError('render: expected start() before step()');
      kernels.fill(drawTransformation(seed, step, settings));
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
            await group.advance(step, own);
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
      memory.dispose();
      await Promise.all([...new Set([network, redirected])].map((program) => program.dispose()));
      await update.dispose();
    },
  };
}

function parts<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}
