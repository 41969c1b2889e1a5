/** Messages stay two lines of what can be printed, whatever a file calls its parts. */
import { expect, test } from 'vitest';
import { AtlasError, fault } from '../../generator/graph/errors.ts';

const say = (name: string, received: unknown = 'none', remedy = 'Export it again.') =>
  fault({ where: 'net.onnx', expected: 'a value', name, received, remedy }).message;

test('place, expected, received, and on a second line what to do', () => {
  const error = fault({ where: 'plan.json', expected: 'a number', name: 'steps', received: undefined, remedy: 'Give one.', exitCode: 2 });
  expect(error).toBeInstanceOf(AtlasError);
  expect(error.message).toBe('plan.json: expected a number for steps, received nothing\nGive one.');
  expect(error.exitCode).toBe(2);
});

test('names that would begin a line, move the cursor or turn the writing round are shown by their numbers', () => {
  expect(say('"a\nb\u001b[2J\u202ec\u2028\u0085"')).toBe(
    'net.onnx: expected a value for "a\\u000ab\\u001b[2J\\u202ec\\u2028\\u0085", received "none"\nExport it again.',
  );
  expect(say('x', 'a\n\u009b\u202e\ud800')).toBe(
    'net.onnx: expected a value for x, received "a\\n\\u009b\\u202e\\ud800"\nExport it again.',
  );
  expect(say('x', 'y', 'one\ntwo')).toBe('net.onnx: expected a value for x, received "y"\none\\u000atwo');
  expect(say('\ud83d\ude00 é \udc00')).toContain('for \ud83d\ude00 é \\udc00,');
});

test('names without end are cut in the middle, values at the end', () => {
  const message = say(`<${'n'.repeat(100_000)}>`, 'v'.repeat(100_000), 'r'.repeat(100_000));
  expect(message).toMatch(/for <n{199}…n{199}>, received "v{116}…\nr{400}…r{400}$/);
});

test('a value that no JSON can be made of is still named', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(say('x', circle)).toContain('received [object Object]');
});
