/** `atlas bench`: how long a step takes on this machine. */
import type { Command } from 'commander';
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
    .option('--json', 'print JSON')
    .action(async ({ model, layer, size, batch, steps, json, ...options }: BenchOptions) => {
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
