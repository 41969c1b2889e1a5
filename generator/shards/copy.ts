/** Taking pictures out of a store: every file is held to its hash on the way. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '../batch/canonical.ts';
import type { MadePicture } from '../batch/make-pictures.ts';
import { imageFile } from '../batch/store.ts';
import type { Choice } from './choose.ts';

/** A file that is not what its record says, in the store that has it. */
export interface Damage {
  readonly folder: string;
  readonly file: string;
  readonly problem: string;
}

/** Reads a picture from the first store that has it whole; nothing where none has. What is wrong with a file goes to `onDamage`. */
export async function readPicture({ records }: Choice, onDamage: (damage: Damage) => void): Promise<MadePicture | undefined> {
  for (const { folder, record } of records) {
    const { seed: _, key: __, image: hash, frames, ...rest } = record;
    const read = (hash: string) => readImage(folder, hash, onDamage);
    const image = hash === undefined ? undefined : await read(hash);
    const strip = frames === undefined ? undefined : await read(frames.image);
    if ((hash !== undefined && !image) || (frames && !strip)) continue;
    return { ...rest, ...(image ? { image } : {}), ...(strip ? { strip } : {}) };
  }
  return undefined;
}

async function readImage(folder: string, hash: string, onDamage: (damage: Damage) => void): Promise<Buffer | undefined> {
  const file = imageFile(hash);
  const bytes = await readFile(path.join(folder, file)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const found = bytes && sha256(bytes);
  if (found === hash) return bytes;
  onDamage({ folder, file, problem: bytes ? `was altered: its hash is ${found}` : 'is missing, though a record names it' });
  return undefined;
}
