/**
 * What a step of a layer takes, beside what its graph tells (generator/render/step-cost.ts): the table of RESULTS.md.
 * `node test/bench/step-cost.ts [MODEL]`; processor time on one thread, so that what else the machine does hardly counts.
 */
import { openModel } from '../../generator/models/open.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import { stepCost, stepWork } from '../../generator/render/step-cost.ts';
import { openRuntime } from '../../generator/runtime/open.ts';

/** So many layers, evenly over the network's depth. */
const LAYERS = 12;
const SIZES = [96, 128, 192];
const BATCH = 8;
const STEPS = 24;
/** Steps at the start that are not counted: caches fill. */
const WARM_UP = 4;

const model = await openModel(process.argv[2] ?? 'coco-ssd-mobilenet-v2');
const runtime = await openRuntime({ device: 'cpu', runtime: 'onnxruntime', threads: 1 });
process.stdout.write('size\tlayer\tproducts\tvalues\tpixels\tmeasured\ttold\n');
for (const size of SIZES) {
  const layers = model.layers(size).filter(({ shape }) => shape[0] > 1 && shape[1] * shape[2] > 1);
  for (let i = 0; i < LAYERS; i++) {
    const layer = layers[Math.floor(((i + 0.5) * layers.length) / LAYERS)];
    const settings = resolveSettings({ size, steps: STEPS, redirect_steps: 0 });
    const work = stepWork({ model, layer: layer.name, settings });
    const renderer = await openRenderer({ model, runtime, layer: layer.name, settings, batch: BATCH });
    const jobs = Array.from({ length: BATCH }, (_, k) => ({
      unit: `channel-${k}`,
      direction: Float32Array.from({ length: layer.shape[0] }, (_, c) => (c === k % layer.shape[0] ? 1 : 0)),
      seed: 0,
    }));
    const marks: number[] = [];
    await renderer.render(jobs, { onStep: () => marks.push(process.cpuUsage().user + process.cpuUsage().system) });
    await renderer.dispose();
    const steps = marks.slice(WARM_UP).map((mark, k) => (mark - marks[WARM_UP + k - 1]) / 1000 / BATCH);
    const measured = steps.sort((a, b) => a - b)[steps.length >> 1];
    const told = stepCost({ model, layer: layer.name, settings });
    const numbers = [work.products, work.values, work.pixels].map((value) => (value / 1e6).toFixed(3));
    process.stdout.write(`${[size, layer.slug, ...numbers, measured.toFixed(3), told.toFixed(3)].join('\t')}\n`);
  }
}
