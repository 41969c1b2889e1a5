/** Tricks that an ONNX file may play, one by one: each ends in one clear error, or in a model without it, at once and in little memory. */
import { describe, expect, test } from 'vitest';
import {
  type AttributeSpec,
  type GraphSpec,
  type ModelSpec,
  type NodeSpec,
  type TensorSpec,
  weight,
  write,
} from '../models/onnx/write-model.ts';
import { attempt } from './attempt.ts';

const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Record<string, AttributeSpec> = {},
  domain?: string,
): NodeSpec => ({
  op,
  inputs,
  outputs,
  attributes,
  ...(domain ? { domain } : {}),
});
const CONV: NodeSpec = node('Conv', ['x', 'w'], ['y'], { kernel_shape: [1, 1] });
const W: TensorSpec = weight('w', [2, 3, 1, 1]);
const INPUT = { name: 'x', shape: [1, 3, 8, 8] };
const integers = (name: string, values: readonly number[], shape: readonly number[] = [values.length]): TensorSpec => ({
  name,
  shape,
  values,
  type: 'int64',
});

/** A convolution, and what is given after it. */
const net = (nodes: readonly NodeSpec[], tensors: readonly TensorSpec[] = [], more: Partial<ModelSpec> = {}): ModelSpec => ({
  inputs: [INPUT],
  outputs: [{ name: 'y' }],
  nodes: [CONV, ...nodes],
  tensors: [W, ...tensors],
  ...more,
});

/** A graph that reads `steps` from what the convolution makes. */
const after = (
  op: string,
  inputs: readonly string[],
  attributes: Record<string, AttributeSpec>,
  tensors: readonly TensorSpec[] = [],
): ModelSpec => net([node(op, inputs, ['bad'], attributes), node('Add', ['y', 'bad'], ['z'])], tensors);

interface Trick {
  about: string;
  model: ModelSpec;
  /** Part of the error; where left out, the file opens all the same, and the layers before the trick are offered. */
  says?: string;
}

const twice = (from: string, to: string, calls: number): NodeSpec[] =>
  Array.from({ length: calls }, (_, i) => node(from, ['a'], [`${to}${i}`], {}, 'own'));
const made = (name: string, nodes: readonly NodeSpec[]) => ({ name, domain: 'own', inputs: ['a'], outputs: ['o0'], nodes });

const GRAPHS: Trick[] = [
  {
    about: 'a cycle',
    model: net([node('Add', ['y', 'b'], ['a']), node('Relu', ['a'], ['b'])]),
    says: 'expected a graph without a cycle for the node "a" (Add), received "one that waits for its own result"',
  },
  { about: 'a node that reads itself', model: net([node('Add', ['y', 'a'], ['a'])]), says: 'expected a graph without a cycle' },
  {
    about: 'two nodes that make one value',
    model: net([node('Relu', ['x'], ['y'])]),
    says: 'expected one maker for the value "y", received "two"',
  },
  { about: 'a node that makes the input', model: net([node('Relu', ['y'], ['x'])]), says: 'expected one maker for the value "x"' },
  {
    about: 'one node that makes a value twice',
    model: net([node('Split', ['y'], ['a', 'a'], { axis: 1 })]),
    says: 'expected one maker for the value "a"',
  },
  { about: 'two tensors of one name', model: net([], [W]), says: 'expected one tensor for the name "w", received "two"' },
  {
    about: 'a tensor that is missing',
    model: { ...net([]), tensors: [] },
    says: 'expected a value for "w", which the node "y" (Conv) reads, received "none: nothing makes it"',
  },
  { about: 'a value that nothing makes', model: net([node('Add', ['y', 'gone'], ['z'])]), says: 'expected a value for "gone"' },
  {
    about: 'a name that begins a line and moves the cursor',
    model: net([node('Relu', ['a\nb\u001b[2J\u202e'], ['z'])]),
    says: 'expected a value for "a\\u000ab\\u001b[2J\\u202e", which',
  },
  { about: 'a name of a million letters', model: net([node('Relu', ['n'.repeat(1e6)], ['z'])]), says: `nnn…nnn` },
  { about: 'names that objects have', model: net([node('toString', ['y'], ['__proto__']), node('__proto__', ['y'], ['constructor'])]) },
  {
    about: 'a function that calls itself',
    model: net([node('f', ['y'], ['z'], {}, 'own')], [], { functions: [made('f', [node('f', ['a'], ['o0'], {}, 'own')])] }),
    says: 'expected functions at most 32 deep for the function "f", received "one that calls itself"',
  },
  {
    about: 'functions that each call another twice and make nothing',
    model: net([node('f0', ['y'], ['z'], {}, 'own')], [], {
      functions: [...Array.from({ length: 30 }, (_, i) => made(`f${i}`, twice(`f${i + 1}`, 'o', 2))), made('f30', [])],
    }),
    says: 'expected at most 200000 nodes for its nodes, received "more, once functions are written out"',
  },
  {
    about: 'a function that calls itself in a branch',
    model: net([node('f', ['y'], ['z'], {}, 'own')], [], {
      functions: [
        made('f', [
          node('If', ['a'], ['o0'], { then_branch: { g: { nodes: [node('f', ['a'], ['q'], {}, 'own')], outputs: [{ name: 'q' }] } } }),
        ]),
      ],
    }),
    says: 'expected functions at most 32 deep',
  },
  {
    about: 'functions with names that grow',
    model: net(
      Array.from({ length: 400 }, (_, i) => node('f', ['y'], [`z${i}`], {}, 'own')),
      [],
      { functions: [made('f', [node('Relu', ['a'], ['n'.repeat(1e6)]), node('Relu', ['n'.repeat(1e6)], ['o0'])])] },
    ),
    says: 'letters for the names in its functions, received "more"',
  },
  {
    about: 'graphs in graphs without end',
    model: net([
      node('If', ['y'], ['z'], {
        then_branch: {
          g: Array.from({ length: 300 }).reduce<GraphSpec>((g) => ({ nodes: [node('If', [], ['q'], { then_branch: { g } })] }), {
            nodes: [],
          }),
        },
      }),
    ]),
    says: 'graphs within graphs, more than 32 deep',
  },
];

const SHAPES: Trick[] = [
  {
    about: 'a tensor of 2³¹ values in no bytes',
    model: net([], [{ name: 'v', shape: [2 ** 31], values: [] }]),
    says: 'expected extents below 2³¹ for the tensor "v", received "[2147483648]"',
  },
  {
    about: 'a tensor of 2⁶² values',
    model: net([], [{ name: 'v', shape: [2 ** 30, 2 ** 30, 4], values: [] }]),
    says: 'more than 2³¹ − 1 values, in shape [1073741824,1073741824,4]',
  },
  {
    about: 'a negative extent',
    model: net([], [{ name: 'v', shape: [-1, 3], values: [] }]),
    says: 'expected extents below 2³¹ for the tensor "v", received "[-1,3]"',
  },
  {
    about: 'an empty tensor with 2³⁰ channels',
    model: net([], [{ name: 'v', shape: [0, 2 ** 30], values: [] }]),
    says: 'in shape [0,1073741824]',
  },
  {
    about: 'a tensor with a thousand axes',
    model: net([], [{ name: 'v', shape: Array.from({ length: 1000 }, () => 1), values: [1] }]),
    says: 'it would have 1000 axes',
  },
  {
    about: 'fewer values than the shape has',
    model: net([], [{ name: 'v', shape: [5], values: [1] }]),
    says: 'expected 20 bytes for [5] of float for the tensor "v", received "4 bytes"',
  },
  {
    about: 'images of 2³¹ × 2³¹ pixels',
    model: { ...net([]), inputs: [{ name: 'x', shape: [1, 3, 2 ** 31, 2 ** 31] }] },
    says: '"it would have more than 2³¹ − 1 values, in shape [1,3,2147483648,2147483648]"',
  },
  { about: 'a batch of 2³¹', model: { ...net([]), inputs: [{ name: 'x', shape: [2 ** 31, 3, 8, 8] }] }, says: 'more than 2³¹ − 1 values' },
  { about: 'no axes', model: { ...net([]), inputs: [{ name: 'x', shape: [] }] }, says: 'expected an input of images' },
  {
    about: 'a stride of 2³¹',
    model: net([node('Conv', ['y', 'v'], ['z'], { strides: [2 ** 31, 2 ** 31], kernel_shape: [1, 1] })], [weight('v', [2, 2, 1, 1])]),
  },
  {
    about: 'a stride of 1000',
    model: {
      ...net([node('Conv', ['y', 'v'], ['z'], { strides: [1000, 1000], kernel_shape: [1, 1] })], [weight('v', [2, 2, 1, 1])]),
      inputs: [{ name: 'x', shape: [1, 3, 3000, 3000] }],
    },
  },
  {
    about: 'groups of nothing',
    model: net([node('Conv', ['y', 'v'], ['z'], { group: 0, kernel_shape: [1, 1] })], [weight('v', [2, 2, 1, 1])]),
  },
  {
    about: 'a pool over 4000 × 4000',
    model: {
      ...net([node('AveragePool', ['y'], ['z'], { kernel_shape: [4000, 4000] })], []),
      tensors: [weight('w', [64, 3, 1, 1])],
      inputs: [{ name: 'x', shape: [1, 3, 4000, 4000] }],
    },
  },
  {
    about: 'pools with 26000 × 26000 windows',
    model: {
      ...net([node('AveragePool', ['y'], ['z'], { kernel_shape: [2, 2] })], []),
      tensors: [weight('w', [1, 3, 1, 1])],
      inputs: [{ name: 'x', shape: [1, 3, 26_000, 26_000] }],
    },
  },
];

const CONSTANTS: Trick[] = [
  { about: 'a constant of 2³¹ − 1 values', model: after('ConstantOfShape', ['s'], {}, [integers('s', [2 ** 31 - 1])]) },
  { about: 'a constant of 2⁶³ values', model: after('ConstantOfShape', ['s'], {}, [integers('s', [2 ** 53, 2 ** 10])]) },
  {
    about: 'a constant of 2²⁴ values, again and again',
    model: net(
      Array.from({ length: 60 }, (_, i) => node('ConstantOfShape', ['s'], [`c${i}`])),
      [integers('s', [2 ** 24 - 100])],
    ),
  },
  {
    about: 'a range without end',
    model: after('Range', ['a', 'b', 'c'], {}, [integers('a', [0], []), integers('b', [2 ** 50], []), integers('c', [1], [])]),
  },
  { about: 'a range with a step of nothing', model: after('Range', ['a', 'b', 'a'], {}, [integers('a', [0], []), integers('b', [9], [])]) },
  { about: 'tiles without end', model: after('Tile', ['a', 'b'], {}, [integers('a', [1, 2]), integers('b', [2 ** 40])]) },
  { about: 'fewer repeats than axes', model: after('Tile', ['a', 'b'], {}, [integers('a', [1, 2], [2, 1]), integers('b', [2])]) },
  { about: 'expanding to 2³²', model: after('Expand', ['a', 'b'], {}, [integers('a', [1]), integers('b', [65536, 65536])]) },
  {
    about: 'two vectors that broadcast to 2³²',
    model: net(
      [node('Reshape', ['v', 's'], ['t']), node('Mul', ['v', 't'], ['bad']), node('Add', ['y', 'bad'], ['z'])],
      [weight('v', [65536]), integers('s', [65536, 1])],
    ),
  },
  {
    about: 'parts without end',
    model: net([node('Split', ['v'], ['a', 'b'], { num_outputs: 2 ** 40 }), node('Add', ['y', 'a'], ['z'])], [weight('v', [8])], {
      opset: 18,
    }),
  },
  {
    about: 'a list of all positions of a large constant',
    model: net(
      [
        node('ConstantOfShape', ['s'], ['c'], { value: { t: integers('', [1]) } }),
        node('NonZero', ['c'], ['bad']),
        node('Gather', ['y', 'bad'], ['z']),
      ],
      [integers('s', [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2 ** 23])],
    ),
  },
  {
    about: 'an axis for every one of a million',
    model: after('Unsqueeze', ['a', 'b'], {}, [
      integers('a', [1]),
      integers(
        'b',
        Array.from({ length: 1e6 }, (_, i) => i),
      ),
    ]),
  },
  { about: 'an index far outside', model: after('Gather', ['a', 'b'], {}, [integers('a', [1, 2]), integers('b', [2 ** 50, -(2 ** 50)])]) },
  { about: 'a division of integers by zero', model: after('Div', ['a', 'b'], {}, [integers('a', [1, 2]), integers('b', [0, 0])]) },
];

const RELUS = (count: number, name: (i: number) => string): NodeSpec[] =>
  Array.from({ length: count }, (_, i) => ({ ...node('Relu', [i === 0 ? 'y' : name(i - 1)], [name(i)]) }));

const SIZES: Trick[] = [
  { about: 'a value that 10 000 nodes read', model: net(Array.from({ length: 10_000 }, (_, i) => node('Sigmoid', ['y'], [`r${i}`]))) },
  { about: '10 000 nodes in a row', model: net(RELUS(10_000, (i) => `r${i}`)) },
  { about: '10 000 nodes of one name', model: net(RELUS(10_000, (i) => `${i}`).map((relu) => ({ ...relu, name: 'alike' }))) },
  {
    about: '10 000 names that make one slug',
    model: net(RELUS(10_000, (i) => `a${'-'.repeat(i % 100)}${'_'.repeat(Math.floor(i / 100))}`)),
  },
  {
    about: 'a node with 200 000 inputs',
    model: net([
      node(
        'Sum',
        Array.from({ length: 200_000 }, () => 'y'),
        ['z'],
      ),
    ]),
    says: 'expected at most 10000 inputs and outputs for the node "" (Sum), received "more"',
  },
  {
    about: 'a node with 9000 inputs',
    model: net([
      node(
        'Sum',
        Array.from({ length: 9000 }, () => 'y'),
        ['z'],
      ),
    ]),
  },
  {
    about: 'an attribute of a million integers',
    model: net([node('MaxPool', ['y'], ['z'], { kernel_shape: Array.from({ length: 1e6 }, () => 1) })]),
  },
  { about: 'an equation of a million letters', model: net([node('Einsum', ['y'], ['z'], { equation: 'ij,'.repeat(3e5) })]) },
];

describe.each([
  ['what nodes say of each other', GRAPHS],
  ['shapes', SHAPES],
  ['constants that ask for more than there is', CONSTANTS],
  ['sheer numbers', SIZES],
])('%s', (_, tricks) => {
  test.each(tricks)('$about', async ({ model, says }) => {
    const verdict = await attempt(await write(model));
    if (says === undefined) expect(verdict.kind).not.toBe('refused');
    else expect(verdict).toMatchObject({ kind: 'refused', says: expect.stringContaining(says) });
  });
});
