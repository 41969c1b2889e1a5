/** A small TF.js model as a web server has it. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { image, weight, window, writeModel } from './tiny-model.ts';

/** A TF.js model of two shards, by its paths on a server. */
export async function servedModel(seed = 1): Promise<Record<string, Buffer>> {
  const file = await writeModel(
    [image(), { name: 'conv', op: 'Conv2D', input: ['image', 'k'], attr: window(1, 'SAME') }],
    [weight('k', [9, 9, 3, 16], seed)],
    { shardBytes: 12_000 },
  );
  const names = (await readdir(dirname(file))).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [`/tiny/${name}`, await readFile(join(dirname(file), name))] as const)),
  );
}
