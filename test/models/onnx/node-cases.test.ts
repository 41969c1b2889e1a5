/** Every operator that is read, held to ONNX's own tests: as a value of the image through the rules, and as a constant through the evaluator. */
import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../../generator/graph/tensor.ts';
import { Limit } from '../../../generator/models/limit.ts';
import { INPUT } from '../../../generator/models/model.ts';
import { canEvaluate, evaluate } from '../../../generator/models/onnx/evaluate/evaluate.ts';
import { Lowering } from '../../../generator/models/onnx/lowering.ts';
import { RULES } from '../../../generator/models/onnx/rules/table.ts';
import { OLDEST_OPSET, Source } from '../../../generator/models/onnx/source.ts';
import type { Constant } from '../../../generator/models/onnx/tensors.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { missing } from '../../requires.ts';
import { HAVE_NODE_CASES, type NodeCase, nodeCases, readCase } from './node-cases.ts';

const runtime = openOnnxRuntime({ threads: 1 });
const LIMIT = 2 ** 24;

/** Cases of training, two that onnxruntime itself answers otherwise, and what is left out on purpose: half precision, quantised levels, statistics over the images of a batch. */
const BEYOND =
  /downsample_scales_(cubic|linear)_align_corners|mvn|training_dropout|meanvariance|mean_variance|adagrad|adam|momentum|nesterov|_to_B?FLOAT16|BFLOAT16_to|^test_quantizelinear/;

function source({ model }: NodeCase): Source {
  return new Source(model, new Map(), 'the case');
}

/** Through the rules, the first input of floats standing for the image. Nothing where the case has none, or the operator no rule. */
async function lowered(found: NodeCase): Promise<{ made: Constant[] } | { refused: Error } | undefined> {
  const file = source(found);
  const [node] = file.nodes;
  const names = file.graph.inputs.map(({ name }) => name);
  const at = found.inputs.findIndex((input) => input?.dtype === 'float32' && input.data.length > 0);
  const image = found.inputs[at];
  if (file.nodes.length !== 1 || !image || !(node.op in RULES) || found.inputs.some((input) => input === undefined)) return undefined;
  const lowering = new Lowering({
    source: file,
    rules: RULES,
    input: names[at],
    dependents: file.dependents(names[at]),
    fixedBatch: undefined,
    shape: image.shape,
    names: new Map(),
    limit: LIMIT,
  });
  names.forEach((name, i) => {
    const input = found.inputs[i];
    if (i === at) lowering.set(name, { name: INPUT });
    else if (input) lowering.set(name, input);
  });
  lowering.run(file.nodes);
  if (lowering.firstFailure) return { refused: lowering.firstFailure };
  const results = file.graph.outputs.map(({ name }) => lowering.find(name));
  const wanted = results.flatMap((result) => (result && 'name' in result ? [result.name] : []));
  const { builder } = lowering;
  // An output that is the input itself cannot be one of a program.
  const outputs = wanted.map((name) => (name === INPUT ? builder.add('Identity', [name], {}) : name));
  const program = outputs.length > 0 ? await runtime.compile(builder.build(outputs)) : undefined;
  const values = program
    ? await program.run({ [INPUT]: { dtype: 'float32', shape: image.shape, data: Float32Array.from(image.data) } })
    : {};
  await program?.dispose();
  let next = 0;
  const made = results.map((result): Constant => {
    if (!result) return { dtype: 'float32', shape: [], data: new Float32Array() };
    if (!('name' in result)) return result;
    const { dtype, shape, data } = values[outputs[next++]] as Tensor;
    return {
      dtype: dtype === 'bool' ? 'bool' : dtype === 'float32' ? 'float32' : 'int64',
      shape,
      data: Float64Array.from<bigint | number>(data as Float32Array, Number),
    };
  });
  return { made };
}

/** The largest difference relative to the expected values, over the outputs that the node has here. */
function worst(made: readonly Constant[], expected: readonly (Constant | undefined)[]): number {
  let result = 0;
  for (const [i, wanted] of expected.entries()) {
    const mine = made[i];
    if (!wanted || !mine || (i > 0 && mine.data.length !== wanted.data.length)) continue;
    expect(mine.shape).toEqual(wanted.shape);
    for (let k = 0; k < wanted.data.length; k++) {
      const [a, b] = [Number(mine.data[k]), Number(wanted.data[k])];
      if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
      result = Math.max(result, Math.abs(a - b) / Math.max(1, Math.abs(b)));
    }
  }
  return result;
}

/** What the rules refuse of what ONNX's cases ask, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  test_batchnorm_epsilon_training_mode: 'expected fixed statistics, one a channel',
  test_batchnorm_example_training_mode: 'expected fixed statistics, one a channel',
  test_cast_FLOAT_to_STRING: 'received "string"',
  test_dequantizelinear: 'expected what QuantizeLinear made',
  test_dequantizelinear_axis: 'expected what QuantizeLinear made',
  test_einsum_batch_diagonal: 'has an index twice in one term',
  test_resize_tf_crop_and_resize: 'received "tf_crop_and_resize"',
  test_slice_start_out_of_bounds: 'the result would have shape [20,0,5]',
};

/** A case's file and inputs, unless it is in an operator set that is too old. */
async function readable(name: string): Promise<NodeCase | undefined> {
  const found = await readCase(name);
  const opset = found.model.opsets.get('') ?? 0;
  return opset < OLDEST_OPSET || found.inputs.some((input) => input === undefined) ? undefined : found;
}

describe("ONNX's own tests of operators", () => {
  test('come out through the rules as they should, or are refused by name', { timeout: 120_000 }, async (context) => {
    if (!HAVE_NODE_CASES) missing(context, 'libonnx-testdata is not installed');
    let held = 0;
    const refused: Record<string, string> = {};
    for (const name of await nodeCases(BEYOND)) {
      const found = await readable(name);
      const result = found && (await lowered(found));
      if (!found || !result) continue;
      if ('refused' in result) refused[name] = result.refused.message;
      else expect(worst(result.made, found.outputs), name).toBeLessThan(1e-4);
      held++;
    }
    expect(held).toBeGreaterThan(380);
    for (const [name, message] of Object.entries(refused)) expect(message, name).toContain(REFUSED[name] ?? 'a case that is not refused');
    expect(Object.keys(refused).sort()).toEqual(Object.keys(REFUSED).sort());
  });

  test('come out as constants, where shapes and weights need them', { timeout: 60_000 }, async (context) => {
    if (!HAVE_NODE_CASES) missing(context, 'libonnx-testdata is not installed');
    let held = 0;
    for (const name of await nodeCases(BEYOND)) {
      const found = await readable(name);
      const file = found && source(found);
      const [node] = file?.nodes ?? [];
      if (!found || file?.nodes.length !== 1 || /to_STRING/.test(name)) continue;
      const names = file.graph.inputs.map((input) => input.name);
      const inputs = node.inputs.map((input) => found.inputs[names.indexOf(input)]);
      if (!canEvaluate(node, inputs)) continue;
      expect(worst(evaluate(node, inputs, new Limit(LIMIT)), found.outputs), name).toBeLessThan(1e-4);
      held++;
    }
    expect(held).toBeGreaterThan(300);
  });
});
