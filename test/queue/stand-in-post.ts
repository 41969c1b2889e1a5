/** A model's way to workers without a model: its file is any, and what is opened is the stand-in. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '../../generator/batch/canonical.ts';
import type { ModelPost } from '../../generator/queue/model-files.ts';
import { standInModel } from '../batch/stand-in-engine.ts';

const FILE = path.join(import.meta.dirname, '..', 'batch', 'stand-in-engine.ts');

export function standInPost(weights?: string): ModelPost {
  return {
    pack: async () => ({ files: [{ sha256: sha256(await readFile(FILE)), path: FILE }] }),
    unpack: async ({ model }, cache, fetch) => {
      await fetch(model.files[0], path.join(cache, 'stand-in'));
      return standInModel(weights);
    },
  };
}
