/** A rendered and compared atlas of the planted network, with negatives and chosen units, and what it takes to portray it. */
import { openEngine } from '../../generator/batch/open-engine.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { compareAtlas } from '../../generator/compare/compare.ts';
import type { PortrayRequest } from '../../generator/portray/portray.ts';
import { plantedPlan, writeImages, writePlantedNetwork } from '../compare/planted-network.ts';
import { LEAST } from '../compare/planted-store.ts';
import { temporaryFolder } from '../temporary.ts';

/** Units of `turned` beside its arms: one is a channel under another name, one has no single direction, one is of another layer too. */
export const CHOSEN = [
  { id: 'twin', joint: [{ channel: 5, weight: 2 }] },
  { id: 'way', interpolate: { from: { channel: 0 }, to: { channel: 1 }, pictures: 2 } },
  { id: 'both', joint: [{ channel: 2 }, { layer: 'bank-relu', channel: 2 }] },
];

export interface PortrayedStore {
  readonly root: string;
  /** With the images published. */
  readonly request: PortrayRequest;
  /** How often the network was opened. */
  readonly opened: { count: number };
  /** Renders anew what is missing, as "atlas render" does. */
  readonly render: () => Promise<unknown>;
}

export async function makeStore(): Promise<PortrayedStore> {
  const root = temporaryFolder('portrayed');
  const file = await writePlantedNetwork(`${root}/net.onnx`);
  const images = { folder: await writeImages(`${root}/images`, LEAST) };
  const planned = plantedPlan(file, ['bank-relu', { layer: 'turned', units: CHOSEN }], { images });
  const plan = checkPlan({ ...planned, arms: { basis: 'every', 'basis-negative': 3, random: 8 } }, 'test');
  const engine = openEngine();
  const folder = `${root}/store`;
  const render = () => runPlan({ plan, folder, engine, runtime: { device: 'cpu', threads: 1 } });
  await render();
  const model = await engine.openModel(file, plan.plan.preprocess ? { pixels: plan.plan.preprocess } : {});
  const runtime = await engine.openRuntime({ device: 'cpu', threads: 1 });
  const cache = `${root}/cache`;
  await compareAtlas({ ...{ folder, model, runtime, engine, cache }, compare: { images } });
  const opened = { count: 0 };
  const open = async () => {
    opened.count++;
    return { model, runtime };
  };
  return { root, request: { folder, open, cache, compare: { images: { ...images, publish: true } } }, opened, render };
}
