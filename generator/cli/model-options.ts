/** Options of every command that opens a model: what its file does not say. */
import { type Command, InvalidArgumentError } from 'commander';
import { fault } from '../graph/errors.ts';

/** What is typed for MODEL, for the help. */
export const MODEL_ARGUMENT = 'a zoo id, an .onnx file, a TF.js model.json, npm:package@version/path/model.json, or an https: address';

/** The parsed options of {@link addModelOptions}. */
export interface ModelOptions {
  range?: number[];
  mean?: number[];
  std?: number[];
}

/** Adds `--range`, `--mean` and `--std`. */
export function addModelOptions(command: Command): Command {
  return command
    .option('--range <low,high>', 'values of black and white in the network, before the mean: 0,255', numbers)
    .option('--mean <numbers>', 'subtracted from them, one a channel or one for all: 0.485,0.456,0.406', numbers)
    .option('--std <numbers>', 'divided by, after: 0.229,0.224,0.225', numbers);
}

/** What the options say of the model's pixels; nothing where they say nothing. Throws for a range that is none. */
export function pixelsOf({ range, mean, std }: ModelOptions): { range?: [number, number]; mean?: number[]; std?: number[] } | undefined {
  if (!range && !mean && !std) return undefined;
  const wrong = (name: string, expected: string, received: unknown) =>
    fault({ where: 'the command', expected, name, received, remedy: 'Write numbers with commas and no spaces.', exitCode: 2 });
  if (range && !(range.length === 2 && range[0] < range[1])) throw wrong('--range', 'two numbers, the smaller first', range.join(','));
  if (std?.some((value) => value <= 0)) throw wrong('--std', 'numbers above 0', std.join(','));
  return { ...(range ? { range: [range[0], range[1]] } : {}), ...(mean ? { mean } : {}), ...(std ? { std } : {}) };
}

function numbers(text: string): number[] {
  const values = text.split(',').map(Number);
  if (text.trim() === '' || !values.every(Number.isFinite)) throw new InvalidArgumentError('expected numbers with commas between.');
  return values;
}
