/** `atlas bench`: how long a step takes on this machine, of one layer or of every layer of a plan. */
import { type Command, Option } from 'commander';
import { openEngine } from '../batch/open-engine.ts';
import { readPlan } from '../batch/plan.ts';
import { listWork } from '../batch/work.ts';
import { openModel } from '../models/open.ts';
import { benchLayer } from '../render/bench.ts';
import { resolveSettings } from '../render/presets.ts';
import { openRuntime } from '../runtime/open.ts';
import { deviceOption, positive, type RuntimeOptions, runtimeChoice, runtimeOption, threadsOption } from './options.ts';

interface BenchOptions extends RuntimeOptions {
  model: string;
  layer: string;
  size: number;
  batch: number;
  steps: number;
  plan?: string;
  json?: boolean;
}

export function addBench(program: Command): void {
  program
    .command('bench')
    .description('times an optimisation step of a layer, and the forward pass alone')
    .option('--model <model>', 'zoo id or model file', 'coco-ssd-mobilenet-v2')
    .option('--layer <layer>', 'name or slug', 'expanded-conv-6-expand')
    .option('--size <pixels>', "the picture's side, and the network input's", positive, 128)
    .option('--batch <pictures>', 'pictures optimised together', positive, 8)
    .option('--steps <number>', 'steps timed', positive, 20)
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(threadsOption())
    .addOption(
      new Option('--plan <plan>', 'times every layer of a plan at its size instead; with --json, what "atlas run --costs" reads').conflicts(
        ['model', 'layer', 'size'],
      ),
    )
    .option('--json', 'print JSON')
    .action(async ({ model, layer, size, batch, steps, plan, json, ...options }: BenchOptions) => {
      if (plan !== undefined) return benchPlan(plan, { batch, steps, ...(json ? { json } : {}), ...options });
      const runtime = await openRuntime(runtimeChoice(options));
      const result = await benchLayer({ model: await openModel(model), runtime, layer, settings: resolveSettings({ size, steps }), batch });
      if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
      else
        process.stdout.write(
          `${result.layer}, ${size} px, batch ${batch}, ${result.runtime}, ${result.threads} threads\n` +
            `a step     ${result.ms_per_image_step.toFixed(2)} ± ${result.ms_spread.toFixed(2)} ms an image\n` +
            `forward    ${result.forward_ms_per_image.toFixed(2)} ms an image: the step is ${(result.ms_per_image_step / result.forward_ms_per_image).toFixed(1)} of it\n`,
        );
    });
}

/** Times a step of every layer of a plan. */
async function benchPlan(file: string, { batch, steps, json, ...options }: Omit<BenchOptions, 'model' | 'layer' | 'size'>): Promise<void> {
  const checked = await readPlan(file);
  const engine = openEngine();
  const model = await engine.openModel(checked.plan.model, { pixels: checked.plan.preprocess });
  const runtime = await openRuntime(runtimeChoice(options));
  const costs: Record<string, number> = {};
  for (const { layer, settings } of listWork(checked, model, engine)) {
    // Groups are timed as pictures by themselves: what couples them is little.
    const { group: _, ...alone } = settings;
    const result = await benchLayer({ model, runtime, layer: layer.name, settings: { ...alone, steps }, batch });
    costs[layer.slug] = Number(result.ms_per_image_step.toPrecision(4));
    if (!json)
      process.stdout.write(
        `${layer.slug.padEnd(40)} ${result.ms_per_image_step.toFixed(2)} ± ${result.ms_spread.toFixed(2)} ms an image\n`,
      );
  }
  if (json)
    process.stdout.write(
      `${JSON.stringify({ costs, runtime: runtime.version, device: runtime.device, threads: runtime.threads, batch, steps }, null, 2)}\n`,
    );
}
