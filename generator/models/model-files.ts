/** The files that a model consists of: the one that is opened, and those that it names beside itself. */
import { readFile } from 'node:fs/promises';
import { findBeside } from './beside.ts';
import { tensorsOf } from './onnx/external-data.ts';
import { readModel } from './onnx/proto.ts';
import { beginning, parsed } from './read-file.ts';
import { weightsManifest } from './tfjs/topology.ts';

/**
 * The names of the files that the model at `file` needs beside it, in the order it first names them: shards of a TF.js model, external data of an
 * ONNX file. As the file has them: {@link pathBeside} makes paths of them.
 */
export async function namesBeside(file: string): Promise<string[]> {
  const json = parsed(await beginning(file));
  if (json !== undefined) {
    const manifest = weightsManifest.safeParse(json && typeof json === 'object' && 'weightsManifest' in json ? json.weightsManifest : []);
    return [...new Set(manifest.data?.flatMap(({ paths }) => paths))];
  }
  const names = new Set<string>();
  for (const { external, externalData } of tensorsOf(readModel(await readFile(file))))
    if (external) names.add(externalData.get('location') ?? '');
  return [...names];
}

/** Where a file that the model at `file` names is, or is to be put; nothing where that is outside the model's folder. */
export async function pathBeside(name: string, file: string): Promise<string | undefined> {
  const beside = await findBeside(name, file);
  return beside.kind === 'outside' ? undefined : beside.path;
}
