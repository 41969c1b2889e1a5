/** Computing a comparison again from its files alone: no network is run, no picture is looked at. */
import { readFile } from 'node:fs/promises';
import type { Comparison } from '../../data/schema.ts';
import { canonicalJson, sha256 } from '../batch/canonical.ts';
import { readAtlas } from '../batch/store.ts';
import { fault, reason } from '../graph/errors.ts';
import type { Rows } from '../measure/rows.ts';
import { frameCount } from './analysis.ts';
import { assembleComparison, readComparison } from './comparison-file.ts';
import { reviveDissection } from './evidence/dissect.ts';
import { partNames, readLabels } from './evidence/draw-directions.ts';
import type { ImageEvidence, LayerEvidence } from './evidence/evidence.ts';
import { imagePart, type Stages } from './evidence/gather.ts';
import { renderParts } from './evidence/look-at-renders.ts';
import { Parts } from './evidence/parts.ts';
import { readLayer } from './read-layer.ts';
import { judgeLayer } from './score/judge-layer.ts';

export interface RecomputeRequest {
  readonly folder: string;
  readonly threads?: number;
  readonly stages?: Stages;
  readonly signal?: AbortSignal;
}

export interface Recomputed {
  readonly rows: number;
  /** Rows and directions that came out otherwise: `conv-1: natural-2afc basis/random`. */
  readonly different: readonly string[];
}

/** Recomputes every row and every direction's scores and compares them with the file, to the last bit. Throws where files are missing or were altered. */
export async function recompute({ folder, threads, stages, signal }: RecomputeRequest): Promise<Recomputed> {
  const known = await readComparison(folder);
  const atlas = await readAtlas(folder);
  const wrong = (expected: string, name: string, received: unknown) =>
    fault({ where: folder, expected, name, received, remedy: 'Run "atlas compare" without --recompute: it makes the comparison anew.' });
  if (!atlas) throw wrong('an atlas', 'atlas.json', undefined);
  if (sha256(canonicalJson(known.analysis)) !== known.analysis_sha256)
    throw wrong(`the hash ${known.analysis_sha256}`, 'the analysis plan', sha256(canonicalJson(known.analysis)));
  await checkFiles(folder, known);
  const parts = await Parts.open(folder);
  const sets = new Map<number, ImageEvidence>();
  const judged = [];
  for (const layer of atlas.layers) {
    const set = sets.get(layer.render.size) ?? (await readImages(parts, known, layer.render.size));
    sets.set(layer.render.size, set);
    const evidence = await readEvidence(folder, parts, known, layer, set);
    stages?.begin(`Judging ${layer.slug}`, frameCount(atlas.layers.length, atlas.plan.compare?.frames));
    judged.push(
      await judgeLayer({
        evidence,
        layer,
        weightsSha256: atlas.model.weights_sha256,
        analysis: {
          content: known.analysis ?? {},
          sha256: known.analysis_sha256,
          frames: frameCount(atlas.layers.length, atlas.plan.compare?.frames),
        },
        observers: known.observers.map(({ id }) => id),
        seed: atlas.plan.seed,
        ...(threads ? { threads } : {}),
        ...(stages ? { onProgress: stages.done } : {}),
        ...(signal ? { signal } : {}),
      }),
    );
  }
  const again = assembleComparison({
    atlas,
    analysis: { content: known.analysis ?? {}, sha256: known.analysis_sha256, frames: 0 },
    judged,
    parts,
    observers: known.observers,
    runtime: known.software.runtime,
    device: known.software.device,
  });
  return { rows: known.layers.reduce((sum, { results }) => sum + results.length, 0), different: differences(known, again) };
}

/** Every file that the comparison names is there, as it was. */
async function checkFiles(folder: string, { files = [] }: Comparison): Promise<void> {
  for (const { path, sha256: expected } of files) {
    const wrong = (text: string, received: unknown) =>
      fault({
        where: `${folder}/${path}`,
        expected: text,
        name: 'a file that comparison.json names',
        received,
        remedy: 'Run "atlas compare" without --recompute: it makes what is missing.',
      });
    const bytes = await readFile(`${folder}/${path}`).catch((cause: unknown) => {
      throw wrong('a file that can be read', reason(cause));
    });
    const found = sha256(bytes);
    if (found !== expected) throw wrong(`the SHA-256 ${expected}`, found);
  }
}

async function readImages(parts: Parts, known: Comparison, size: number): Promise<ImageEvidence> {
  const set = known.images.find((one) => one.size === size);
  if (!set) throw new Error(`comparison.json: no images of ${size} pixels`);
  const embeddings = new Map<string, Rows>();
  for (const { id } of known.observers) {
    const rows = await parts.read(imagePart(id, { size }), 'f32');
    embeddings.set(id, { rows, dimension: rows.length / set.n });
  }
  return {
    id: set.id.replace(/-at-\d+$/, ''),
    kind: set.kind === 'folder' ? 'folder' : 'procset',
    n: set.n,
    size,
    sha256: set.sha256,
    skipped: set.skipped ?? [],
    embeddings,
  };
}

async function readEvidence(
  folder: string,
  parts: Parts,
  known: Comparison,
  layer: Parameters<typeof readLayer>[1],
  images: ImageEvidence,
): Promise<LayerEvidence> {
  const units = await readLayer(folder, layer);
  const names = partNames(layer.slug);
  const renders = renderParts(layer.slug);
  const channels = layer.shape[0];
  const { directions } = readLabels(await parts.read(names.labels, 'json'), await parts.read(names.vectors, 'f32'), channels, units);
  const seen = await parts.read(renders.seen, 'f32');
  const looks = new Map<string, Rows>();
  for (const { id } of known.observers) {
    const rows = await parts.read(renders.look(id), 'f32');
    looks.set(id, { rows, dimension: images.embeddings.get(id)?.dimension ?? 0 });
  }
  const counted = known.files?.some(({ path }) => path.endsWith(`/${layer.slug}/dissection.json`));
  return {
    layer: layer.slug,
    directions,
    means: await parts.read(names.means, 'f32'),
    seen,
    transformed: await parts.read(renders.transformed, 'f32'),
    looks,
    ...(counted ? { dissected: reviveDissection(await parts.read(`${layer.slug}/dissection`, 'json')) } : {}),
    images,
  };
}

/** Rows, directions and curves that are not the same to the last bit. */
function differences(known: Comparison, again: Comparison): string[] {
  const text = (value: unknown) => JSON.stringify(JSON.parse(JSON.stringify(value ?? null)));
  const found: string[] = [];
  for (const [i, layer] of known.layers.entries()) {
    const other = again.layers[i];
    for (const [k, row] of layer.results.entries())
      if (text(row) !== text(other?.results[k])) found.push(`${layer.id}: ${row.metric} ${row.armA}/${row.armB}`);
    if (layer.results.length !== other?.results.length)
      found.push(`${layer.id}: ${layer.results.length} rows, ${other?.results.length} again`);
    const { results: _, ...rest } = layer;
    const { results: __, ...otherRest } = other ?? { results: [] };
    for (const [name, value] of Object.entries(rest))
      if (text(value) !== text((otherRest as Record<string, unknown>)[name])) found.push(`${layer.id}: ${name}`);
  }
  for (const [i, direction] of known.directions.entries())
    if (text(direction.scores) !== text(again.directions[i]?.scores)) found.push(`${direction.layer}/${direction.id}: scores`);
  return found;
}
