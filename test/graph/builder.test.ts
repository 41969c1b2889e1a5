/** Building graphs: inference as they grow, the texts of what does not fit, and what is left out in the end. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { printGraph } from '../../generator/graph/print.ts';
import { float32, int64 } from '../../generator/graph/tensor.ts';

const CONV = { strides: [2, 2], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };

function withInput(...shape: number[]): GraphBuilder {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape });
  return builder;
}

describe('types', () => {
  test('every value has its type as soon as it is added', () => {
    const builder = withInput(2, 3, 7, 9);
    const weights = builder.constant(float32([4, 3, 3, 3], new Float32Array(108)));
    const y = builder.add('Conv', ['x', weights], CONV);
    expect(builder.type(y)).toEqual({ dtype: 'float32', shape: [2, 4, 4, 5] });
    expect(builder.type(builder.add('Greater', [y, builder.scalar(0)], {}))).toEqual({ dtype: 'bool', shape: [2, 4, 4, 5] });
  });

  test('broadcasting takes the longer rank and the larger extents', () => {
    const builder = withInput(2, 1, 5);
    const other = builder.constant(float32([3, 1], [1, 2, 3]));
    expect(builder.shape(builder.add('Add', ['x', other], {}))).toEqual([2, 3, 5]);
  });

  test('equal scalars and integers share one constant; 0 and −0 do not', () => {
    const builder = new GraphBuilder();
    expect(builder.scalar(0.5)).toBe(builder.scalar(0.5));
    expect(builder.integers([1, 2])).toBe(builder.integers([1, 2]));
    expect(builder.scalar(0)).not.toBe(builder.scalar(-0));
  });
});

describe('errors', () => {
  const shapes = 'This is how the model file connects them; check the file and the image size.';

  test('shapes that do not broadcast: the operator, the node, both shapes', () => {
    const builder = withInput(2, 3);
    const other = builder.constant(float32([2, 4], new Float32Array(8)));
    expect(() => builder.add('Add', ['x', other], {}, { name: 'block/add' })).toThrow(
      `the graph: expected inputs that fit each other for Add "block/add" of float32[2,3], float32[2,4], received "[2,3] and [2,4] do not broadcast"\n${shapes}`,
    );
  });

  test('a convolution whose channels do not fit', () => {
    const builder = withInput(1, 5, 8, 8);
    const weights = builder.constant(float32([4, 3, 1, 1], new Float32Array(12)));
    expect(() => builder.add('Conv', ['x', weights], CONV, { name: 'stem' })).toThrow(
      `the graph: expected inputs that fit each other for Conv "stem" of float32[1,5,8,8], float32[4,3,1,1], received "5 channels do not fit 1 groups of 3"\n${shapes}`,
    );
  });

  test('a picture too small for a window', () => {
    const builder = withInput(1, 1, 2, 2);
    const pool = { kernel_shape: [3, 3], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], ceil_mode: 0 };
    expect(() => builder.add('MaxPool', ['x'], pool, { name: 'pool' })).toThrow(
      `the graph: expected inputs that fit each other for MaxPool "pool" of float32[1,1,2,2], received "the result would have shape [1,1,0,0]"\n${shapes}`,
    );
  });

  test('a reshape to another number of values', () => {
    const builder = withInput(2, 3);
    expect(() => builder.add('Reshape', ['x', builder.integers([4, 2])], { allowzero: 0 }, { name: 'flatten' })).toThrow(
      `the graph: expected inputs that fit each other for Reshape "flatten" of float32[2,3], int64[2], received "6 values do not fit [4,2]"\n${shapes}`,
    );
  });

  test('a value that nothing made: who asked for it', () => {
    const remedy = 'Nothing made it before it was read: the model is incomplete or has a cycle.';
    const builder = withInput(1);
    expect(() => builder.add('Relu', ['gone'], {}, { name: 'relu' })).toThrow(
      `the graph: expected a value for "gone", which relu reads, received "none"\n${remedy}`,
    );
    expect(() => builder.build(['gone'])).toThrow(
      `the graph: expected a value for "gone", which the caller reads, received "none"\n${remedy}`,
    );
  });

  test('two makers of one value', () => {
    const builder = withInput(1);
    expect(() => builder.add('Relu', ['x'], {}, { outputs: ['x'] })).toThrow(
      'the graph: expected one maker for the value "x", received "a second"\nThe model file names two values alike.',
    );
    expect(() => builder.constant(float32([1], [0]), 'x')).toThrow('expected one maker for the value "x"');
  });

  test('more outputs than the operator has', () => {
    expect(() => withInput(1).add('Relu', ['x'], {}, { name: 'relu', outputs: ['a', 'b'] })).toThrow(
      'the graph: expected at most 1 outputs for Relu "relu", received 2',
    );
  });

  test('a tensor whose values do not fill its shape', () => {
    expect(() => float32([2, 3], [1, 2])).toThrow('float32: expected 6 values for shape [2,3], received 2');
  });
});

describe('building', () => {
  function forked() {
    const builder = withInput(2, 3);
    builder.input('unused', { dtype: 'int32', shape: [4] });
    const weights = builder.constant(float32([3], [1, 2, 3]), 'weights');
    builder.constant(int64([1], [7]), 'stray');
    builder.add('Mul', ['x', weights], {}, { outputs: ['y'] });
    builder.add('Exp', ['x'], {}, { outputs: ['dead'] });
    builder.add('Relu', ['y'], {}, { outputs: ['z'], name: 'relu' });
    return builder;
  }

  test('what the outputs do not need is left out: nodes, constants, types; inputs stay', () => {
    const graph = forked().build(['z']);
    expect(graph.nodes.map((node) => node.op)).toEqual(['Mul', 'Relu']);
    expect([...graph.constants.keys()]).toEqual(['weights']);
    expect([...graph.inputs.keys()]).toEqual(['x', 'unused']);
    expect([...graph.types.keys()].sort()).toEqual(['unused', 'weights', 'x', 'y', 'z']);
  });

  test('going on from a graph leaves that graph as it was', () => {
    const graph = forked().build(['z']);
    const before = printGraph(graph);
    const builder = GraphBuilder.from(graph);
    builder.add('Neg', ['z'], {}, { outputs: ['w'] });
    expect(builder.build(['w']).nodes).toHaveLength(3);
    expect(printGraph(graph)).toBe(before);
    expect(before).toBe(
      [
        'input x: float32[2,3]',
        'input unused: int32[4]',
        'constant weights: float32[3]',
        'y = Mul(x, weights)',
        'z = Relu(y)  # relu',
        'output z: float32[2,3]',
      ].join('\n'),
    );
  });

  test('names made up for a builder that goes on do not meet those already there', () => {
    const builder = withInput(1);
    const first = builder.add('Relu', ['x'], {});
    const next = GraphBuilder.from(builder.build([first]));
    const second = next.add('Relu', [first], {});
    expect(second).not.toBe(first);
    expect(next.nodes.find(({ outputs }) => outputs[0] === second)?.inputs).toEqual([first]);
  });
});
