/** ONNX's own node tests against a runtime: every folder for an operator of the table is run, or refused with a reason. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { OPERATORS } from '../../generator/graph/shapes.ts';
import type { Tensor } from '../../generator/graph/tensor.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';
import { missing } from '../requires.ts';
import { type NodeTest, readNodeTest } from './read-node-test.ts';

/** Where Debian's libonnx-testdata puts them. */
const FOLDER = '/usr/share/libonnx-testdata/data/node';

/** Every test is run with float32; ONNX's own runner allows a thousandth. */
const RELATIVE = 1e-4;
const ABSOLUTE = 1e-6;

export interface ConformanceOptions {
  /** The table's file in this folder. `vitest -u` writes it anew. */
  results?: string;
  /** Why this runtime does not claim a test that the intermediate form can hold; undefined where it does. */
  refuses?: (test: NodeTest) => string | undefined;
}

/** Runs the suite against a runtime, and holds the committed table of results to what came out. */
export function conformance(runtimeName: string, open: () => Runtime, { results = 'RESULTS.md', refuses }: ConformanceOptions = {}): void {
  describe(`ONNX's node tests on ${runtimeName}`, () => {
    if (!existsSync(FOLDER)) {
      test('are installed', (context) => missing(context, `ONNX's node tests are not in ${FOLDER} (Debian: apt install libonnx-testdata)`));
      return;
    }
    const tests = readdirSync(FOLDER)
      .sort()
      .flatMap((name) => readNodeTest(path.join(FOLDER, name)) ?? []);
    const reasons = new Map(
      tests.flatMap((each) => {
        const reason = 'refused' in each.claim ? each.claim.refused : refuses?.(each);
        return reason ? [[each.name, reason]] : [];
      }),
    );
    const claimed = tests.filter(({ name }) => !reasons.has(name));
    const outcomes = new Map<string, Promise<string | undefined>>();
    const outcome = (each: NodeTest) => {
      const known = outcomes.get(each.name) ?? difference(open(), each);
      outcomes.set(each.name, known);
      return known;
    };

    test('there are hundreds, and most are claimed', () => {
      expect(tests.length).toBeGreaterThan(250);
      expect(claimed.length).toBeGreaterThan(0.7 * tests.length);
    });

    test.each(claimed)('$name', async (each) => {
      expect(await outcome(each)).toBeUndefined();
    });

    test('the committed table says what came out', async () => {
      const passed = new Set<string>();
      for (const each of claimed) if ((await outcome(each)) === undefined) passed.add(each.name);
      await expect(table(runtimeName, tests, reasons, passed)).toMatchFileSnapshot(results);
    });
  });
}

/** Runs a test; undefined if every value is as expected, else what is not. */
async function difference(runtime: Runtime, { claim }: NodeTest): Promise<string | undefined> {
  if ('refused' in claim) return claim.refused;
  const program = await runtime.compile(claim.graph);
  const results = await program.run(claim.inputs);
  await program.dispose();
  for (const [i, expected] of claim.outputs.entries()) {
    const actual = results[claim.graph.outputs[i]] as Tensor;
    const [what, wanted] = [actual, expected].map(({ dtype, shape }) => `${dtype}[${shape}]`);
    if (what !== wanted) return `output ${i} is ${what}, not ${wanted}`;
    for (let j = 0; j < expected.data.length; j++) {
      const [a, b] = [Number(actual.data[j]), Number(expected.data[j])];
      if (!Object.is(a, b) && !(Math.abs(a - b) <= RELATIVE * Math.abs(b) + ABSOLUTE)) return `output ${i} has ${a} at ${j}, not ${b}`;
    }
  }
  return undefined;
}

function table(runtimeName: string, tests: readonly NodeTest[], reasons: ReadonlyMap<string, string>, passed: ReadonlySet<string>): string {
  const rows = [...OPERATORS].sort().map((op) => {
    const own = tests.filter((each) => each.op === op);
    const refused = Map.groupBy(
      own.filter(({ name }) => reasons.has(name)),
      ({ name }) => reasons.get(name),
    );
    const why = [...refused].map(([reason, them]) => `${reason} (${them.length})`).join(', ');
    const count = own.filter(({ name }) => !reasons.has(name)).length;
    const good = own.filter(({ name }) => passed.has(name)).length;
    return `| ${op} | ${own.length} | ${count} | ${good} | ${why} |`;
  });
  const claimed = tests.filter(({ name }) => !reasons.has(name)).length;
  return [
    `# ONNX's node tests on ${runtimeName}`,
    '',
    'Of the tests in Debian 12’s libonnx-testdata, those whose model is a single node of an operator that a graph may hold. Values are float32 (float64',
    'is read as such) and must agree to a ten-thousandth. Written by the tests in this folder, with `vitest -u`; not by hand.',
    '',
    '| operator | tests | claimed | passed | not claimed, and why |',
    '|---|--:|--:|--:|---|',
    ...rows,
    `| **all** | ${tests.length} | ${claimed} | ${passed.size} | |`,
    '',
  ].join('\n');
}
