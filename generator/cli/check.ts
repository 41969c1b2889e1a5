/** `atlas check`: does a model, as read here, compute what it computes elsewhere? */
import { type Command, InvalidArgumentError } from 'commander';
import { readNpy, writeNpy } from '../graph/npy.ts';
import { openModel } from '../models/open.ts';
import { type CheckResult, checkLayer } from '../render/check.ts';
import { openRuntime } from '../runtime/open.ts';
import { printAssumptions } from './layers.ts';
import { addModelOptions, MODEL_ARGUMENT, type ModelOptions, pixelsOf } from './model-options.ts';
import { deviceOption, type RuntimeOptions, runtimeChoice, runtimeOption, threadsOption } from './options.ts';

interface CheckOptions extends ModelOptions, RuntimeOptions {
  layer: string;
  input?: string;
  raw?: boolean;
  channel?: number;
  direction?: string;
  gradient?: string;
  json?: boolean;
}

export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .description('runs a layer and its input gradient on a picture, and compares the gradient with finite differences')
    .argument('<model>', MODEL_ARGUMENT)
    .requiredOption('--layer <layer>', 'name or slug')
    .option('--input <x.npy>', 'float32 (3,H,W) or (N,3,H,W) in [0,1]; waves of the size trained at if left out')
    .option('--raw', "the input is in the network's own range")
    .option('--channel <number>', 'the channel to score (0 if neither is given)', index)
    .option('--direction <d.npy>', 'float32, one value a channel: score this direction instead')
    .option('--gradient <out.npy>', 'write d score / d input, of the same shape as the input')
    .addOption(deviceOption())
    .addOption(runtimeOption())
    .addOption(threadsOption())
    .option('--json', 'print JSON');
  addModelOptions(command).action(async (reference: string, options: CheckOptions) => {
    const { layer, raw, channel } = options;
    const [model, runtime] = await Promise.all([openModel(reference, { pixels: pixelsOf(options) }), openRuntime(runtimeChoice(options))]);
    const input = options.input ? await readNpy(options.input) : undefined;
    const direction = options.direction ? await readNpy(options.direction) : undefined;
    const { gradient, ...result } = await checkLayer({ model, runtime, layer, input, raw, channel, direction });
    if (!options.json) printAssumptions(model.assumptions);
    if (options.gradient) await writeNpy(options.gradient, gradient);
    process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe(result));
  });
}

function describe(result: Omit<CheckResult, 'gradient'>): string {
  const [means] = Array.isArray(result.channel_means[0]) ? result.channel_means : [result.channel_means];
  const shown = (means as number[]).slice(0, 6).map((mean) => mean.toPrecision(6));
  const agrees = result.finite_difference < 1e-2;
  return [
    `layer          ${result.layer}, ${result.shape.join(' × ')}`,
    `channel means  ${shown.join(', ')}${result.shape[0] > shown.length ? ', …' : ''}`,
    `score          ${[result.score].flat().join(', ')}`,
    `gradient       length ${result.gradient_l2.toPrecision(6)}; it ${agrees ? 'agrees with' : 'DIFFERS FROM'} finite differences to ${result.finite_difference.toExponential(1)}`,
    ...(agrees ? [] : [explain(result)]),
    '',
  ].join('\n');
}

/** Finite differences are no judge of a gradient that float32 rounds away, nor on the kink of a ReLU. */
function explain({ score, gradient_l2 }: Pick<CheckResult, 'score' | 'gradient_l2'>): string {
  const largest = Math.max(...[score].flat().map(Math.abs));
  const lost = gradient_l2 < largest * 1e-5;
  return lost
    ? '               The gradient is too small beside the score for float32 to tell by differences.'
    : '               Kinks of ReLUs and max pools do that too: see whether --channel or --input with another picture agrees.';
}

function index(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('expected a whole number.');
  return value;
}
