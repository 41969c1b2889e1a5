/** The files that a TF.js model.json on the web needs beside itself. */
import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { fault } from '../graph/errors.ts';

const manifest = z.looseObject({ weightsManifest: z.array(z.looseObject({ paths: z.array(z.string()) })) });
const POINTER = 'version https://git-lfs.github.com/spec/v1';

/**
 * The shards that the file at `path`, fetched from `address`, lists, each by its path and its address; none where it is no TF.js model. Throws
 * where one lies outside the model's folder, and where the file is no model but only says where Git keeps it.
 */
export async function shardsOf(path: string, address: URL): Promise<readonly { readonly path: string; readonly url: URL }[]> {
  if (!path.endsWith('.json')) {
    await refusePointer(path, address);
    return [];
  }
  const parsed = manifest.safeParse(parse(await readFile(path, 'utf8')));
  const paths = parsed.data?.weightsManifest.flatMap((group) => group.paths) ?? [];
  const folder = new URL('.', address);
  return paths.map((shard) => {
    const url = URL.canParse(shard, folder) ? new URL(shard, folder) : undefined;
    const plain = !/^[/\\]|\\|^[a-z]+:|(^|\/)\.\.?(\/|$)|[?#]/i.test(shard);
    if (plain && url?.href.startsWith(folder.href)) return { path: shard, url };
    throw fault({
      where: address.href,
      expected: "a path within the model's folder",
      name: 'weightsManifest.paths',
      received: shard,
      remedy: 'Nothing more was fetched. Do not use this model unless you know why it asks for that file.',
    });
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Whoever opens the file says what is wrong with it.
  }
}

async function refusePointer(path: string, address: URL): Promise<void> {
  const file = await open(path);
  const { buffer } = await file.read(Buffer.alloc(POINTER.length)).finally(() => file.close());
  if (buffer.toString('latin1') === POINTER)
    throw fault({
      where: address.href,
      expected: 'a model',
      name: 'the download',
      received: 'a pointer of Git LFS to it',
      remedy:
        'Give the address of the file itself: on GitHub that under https://media.githubusercontent.com/media/OWNER/REPOSITORY/BRANCH/.',
    });
}
