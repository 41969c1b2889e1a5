/** A rendered atlas of the planted network, ready to be compared; and a runtime that counts, and stages that are remembered. */
import { cp } from 'node:fs/promises';
import type { PlanFile } from '../../data/schema.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import type { CompareRequest } from '../../generator/compare/compare.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';
import { temporaryFolder } from '../temporary.ts';
import { plantedPlan, writeImages, writePlantedNetwork } from './planted-network.ts';

/** As few as a comparison takes. */
export const LEAST = 200;

export interface PlantedStore {
  /** Of everything: `net.onnx`, `images`, `store`. */
  readonly root: string;
  readonly request: CompareRequest;
  /** The titles of the stages that had something to do, since the last time it was emptied. */
  readonly stages: string[];
  /** Runs of the network by the runtime, and by nothing else. */
  readonly runs: { count: number };
}

/** Renders the layers (`bank-relu` unless told) and returns what {@link compareAtlas} takes, with the folder of images as the plan's. */
export async function makePlanted(layers: PlanFile['layers'] = ['bank-relu'], told: PlanFile['compare'] = {}): Promise<PlantedStore> {
  const root = temporaryFolder('planted');
  const file = await writePlantedNetwork(`${root}/net.onnx`);
  const compare = { images: { folder: await writeImages(`${root}/images`, LEAST) }, ...told };
  const plan = checkPlan(plantedPlan(file, layers, compare), 'test');
  const engine = openEngine();
  await runPlan({ plan, folder: `${root}/store`, engine, runtime: { device: 'cpu', threads: 1 } });
  const model = await engine.openModel(file, plan.plan.preprocess ? { pixels: plan.plan.preprocess } : {});
  const runs = { count: 0 };
  const runtime = counting(await engine.openRuntime({ device: 'cpu', threads: 1 }), runs);
  const stages: string[] = [];
  let title = '';
  return {
    root,
    request: {
      ...{ folder: `${root}/store`, model, runtime, engine, compare, cache: `${root}/cache` },
      stages: {
        begin: (text) => {
          title = text;
        },
        done: () => {
          if (stages.at(-1) !== title) stages.push(title);
        },
      },
    },
    stages,
    runs,
  };
}

/** A copy of its store, for a test that changes it. */
export async function copyStore({ root, request }: PlantedStore, name: string): Promise<CompareRequest> {
  const folder = `${root}/${name}`;
  await cp(request.folder, folder, { recursive: true });
  return { ...request, folder };
}

function counting(runtime: Runtime, runs: { count: number }): Runtime {
  return {
    ...runtime,
    compile: async (graph, options) => {
      const program = await runtime.compile(graph, options);
      return {
        run: (inputs) => {
          runs.count++;
          return program.run(inputs);
        },
        dispose: () => program.dispose(),
      };
    },
  };
}

/** A runtime that must not be asked for anything. */
export function noRuntime({ runtime }: CompareRequest): Runtime {
  return { ...runtime, compile: () => Promise.reject(new Error('the network was run')) };
}
