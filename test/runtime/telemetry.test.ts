/** What onnxruntime does beside its work: nothing. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../temporary.ts';

const PROGRAM = `
  import { openOnnxRuntime } from '${new URL('../../generator/runtime/onnxruntime.ts', import.meta.url)}';
  import { GraphBuilder } from '${new URL('../../generator/graph/builder.ts', import.meta.url)}';
  import { float32 } from '${new URL('../../generator/graph/tensor.ts', import.meta.url)}';
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: [2] });
  const program = await openOnnxRuntime({ threads: 1 }).compile(builder.build([builder.add('Neg', ['x'], {}, { outputs: ['y'] })]));
  console.log((await program.run({ x: float32([2], [1, 2]) })).y.data.join());
`;

test('a process that runs a network leaves no file of telemetry behind', async () => {
  const [temporary, home] = [temporaryFolder('telemetry'), temporaryFolder('home')];
  const { ORT_DISABLE_TELEMETRY: _, NODE_COMPILE_CACHE: __, ...environment } = process.env;
  const env = { ...environment, TMPDIR: temporary, HOME: home, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], { env });
  expect(stdout).toBe('-1,-2\n');
  expect(await readdir(temporary)).toEqual([]);
  expect(await readdir(home)).toEqual([]);
});
