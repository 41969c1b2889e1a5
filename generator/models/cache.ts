/** Checking that the files in the model cache are still what was put there. */
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import glob from 'fast-glob';
import { z } from 'zod';
import { fault } from '../graph/errors.ts';
import { sha256 } from './download.ts';

/** Holds the digests of a folder whose files were not known beforehand. */
const RECORD = '.sha256.json';

const digests = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/));

/** Writes down what the files of a freshly unpacked folder hash to. */
export async function recordFiles(folder: string): Promise<void> {
  const names = (await glob('**/*', { cwd: folder, dot: true, ignore: [RECORD] })).sort();
  const entries = await Promise.all(names.map(async (name) => [name, await sha256(join(folder, name))] as const));
  await writeFile(join(folder, RECORD), `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`);
}

/** Compares a folder's files with `expected`, or with what {@link recordFiles} wrote. Throws naming the first that is missing or differs. */
export async function checkFiles(folder: string, expected?: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, digest] of Object.entries(expected ?? (await recordedFiles(folder)))) {
    const file = join(folder, name);
    const received = await sha256(file).catch(() => undefined);
    if (received !== digest) throw altered(folder, file, `the SHA-256 ${digest}`, received);
  }
}

/** What {@link recordFiles} wrote. */
export async function recordedFiles(folder: string): Promise<Record<string, string>> {
  const file = join(folder, RECORD);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const parsed = digests.safeParse(text === undefined ? undefined : parse(text));
  if (!parsed.success) throw altered(folder, file, 'the SHA-256 of every file', text);
  return parsed.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function altered(folder: string, file: string, expected: string, received: string | undefined) {
  return fault({
    where: folder,
    expected,
    name: relative(folder, file).split(sep).join('/'),
    received: received ?? 'no such file',
    remedy: `The cached model was altered or cut short. Delete the folder ${folder} and run the same command again to fetch it anew.`,
  });
}
