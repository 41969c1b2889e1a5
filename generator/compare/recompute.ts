/** Computing a comparison again from its files alone: no network is run, no picture is looked at. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Comparison, comparison as comparisonSchema } from '../../data/schema.ts';
import { canonicalJson, sha256 } from '../batch/canonical.ts';
import { readAtlas } from '../batch/store.ts';
import { fault, reason } from '../graph/errors.ts';
import type { Rows } from '../measure/rows.ts';
import type { AnalysisPlan } from './analysis.ts';
import { assembleComparison, readComparison } from './comparison-file.ts';
import { dissectionParts, mergeDissections } from './evidence/dissect.ts';
import { readLabels } from './evidence/draw-directions.ts';
import type { ImageEvidence, LayerEvidence } from './evidence/evidence.ts';
import type { Stages } from './evidence/gather.ts';
import { partNames } from './evidence/keep-activations.ts';
import { renderParts } from './evidence/look-at-renders.ts';
import { imagePart } from './evidence/observer-parts.ts';
import { EVIDENCE, Parts } from './evidence/parts.ts';
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
  /** Rows and directions that came out otherwise: `conv-1: natural-2afc basis/random by lab-gabor-1`, `conv-1/channel-3`. */
  readonly different: readonly string[];
}

/** Recomputes every row and every direction's scores and compares them with the file, to the last bit. Throws where files are missing or were altered. */
export async function recompute({ folder, threads, stages, signal }: RecomputeRequest): Promise<Recomputed> {
  const known = await readComparison(folder);
  const atlas = await readAtlas(folder);
  if (!atlas) throw unfit(folder, 'an atlas', 'atlas.json', undefined);
  const analysis = readAnalysis(folder, known);
  await checkFiles(folder, known);
  const parts = await Parts.open(folder);
  const sets = new Map<number, ImageEvidence>();
  const judged = [];
  for (const layer of atlas.layers) {
    const set = sets.get(layer.render.size) ?? (await readImages(folder, parts, known, layer.render.size));
    sets.set(layer.render.size, set);
    const evidence = await readEvidence(folder, parts, known, layer, set);
    stages?.begin(`Judging ${layer.slug}`, analysis.frames);
    judged.push(
      await judgeLayer({
        evidence,
        layer,
        weightsSha256: atlas.model.weights_sha256,
        analysis,
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
    analysis,
    judged,
    parts,
    observers: known.observers,
    runtime: known.software.runtime,
    device: known.software.device,
  });
  return { rows: known.layers.reduce((sum, { results }) => sum + results.length, 0), different: differences(known, again) };
}

function unfit(where: string, expected: string, name: string, received: unknown) {
  return fault({ where, expected, name, received, remedy: 'Run "atlas compare" without --recompute: it makes the comparison anew.' });
}

/** The plan that the comparison was made by, whatever the atlas's own says by now. */
function readAnalysis(folder: string, { analysis = {}, analysis_sha256: expected }: Comparison): AnalysisPlan {
  const found = sha256(canonicalJson(analysis));
  if (found !== expected) throw unfit(folder, `the hash ${expected}`, 'the analysis plan', found);
  const frames = z.int().min(1).safeParse(analysis.frames);
  if (!frames.success) throw unfit(folder, 'the number of random frames', 'analysis.frames', analysis.frames);
  return { content: analysis, sha256: expected, frames: frames.data };
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

async function readImages(folder: string, parts: Parts, known: Comparison, size: number): Promise<ImageEvidence> {
  const set = known.images.find((one) => one.size === size);
  if (!set)
    throw unfit(
      folder,
      `images of ${size} pixels, as the atlas has them,`,
      'the comparison',
      known.images.map((one) => one.size),
    );
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
    ...(set.files ? { files: set.files } : {}),
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
  const isNamed = (part: string) => known.files?.some(({ path }) => path.startsWith(`${EVIDENCE}/${part}.`)) ?? false;
  const labelled = async (labels: string, vectors: string) =>
    readLabels(await parts.read(labels, 'json'), await parts.read(vectors, 'f32'), channels, units).directions;
  const directions = [
    ...(await labelled(names.labels, names.vectors)),
    ...(isNamed(names.fileLabels) ? await labelled(names.fileLabels, names.fileVectors) : []),
  ];
  const seen = await parts.read(renders.seen, 'f32');
  const pictures = directions.flatMap((direction) => direction.renders.filter(({ image }) => image !== null)).length;
  if (seen.length !== pictures * channels)
    throw unfit(folder, `the ${seen.length / channels} pictures that were compared`, `the records of ${layer.slug}`, pictures);
  const looks = new Map<string, Rows>();
  for (const { id } of known.observers) {
    const rows = await parts.read(renders.look(id), 'f32');
    looks.set(id, { rows, dimension: images.embeddings.get(id)?.dimension ?? 0 });
  }
  const { arms, file } = dissectionParts(layer.slug);
  const counted = mergeDissections(await Promise.all([arms, file].filter(isNamed).map((part) => parts.read(part, 'json'))));
  return {
    layer: layer.slug,
    directions,
    means: await parts.read(names.means, 'f32'),
    seen,
    transformed: await parts.read(renders.transformed, 'f32'),
    looks,
    ...(counted ? { dissected: counted } : {}),
    images,
  };
}

/** What is not the same to the last bit: rows, the rest of the layers, directions. Fields that this program does not know are nobody's. */
function differences(known: Comparison, computed: Comparison): string[] {
  const again = comparisonSchema.parse(JSON.parse(JSON.stringify(computed)));
  const found: string[] = [];
  const compare = (name: string, a: unknown, b: unknown) => {
    if (canonicalJson(a ?? null) !== canonicalJson(b ?? null)) found.push(name);
  };
  for (const i of longer(known.layers, again.layers)) {
    const [{ results, ...rest }, { results: otherResults, ...otherRest }] = [known, again].map(
      ({ layers }): Partial<LayerPart> & Pick<LayerPart, 'results'> => layers[i] ?? { results: [] },
    );
    const id = rest.id ?? otherRest.id ?? '';
    for (const k of longer(results, otherResults)) compare(`${id}: ${rowName(results[k] ?? otherResults[k])}`, results[k], otherResults[k]);
    for (const name of new Set([...Object.keys(rest), ...Object.keys(otherRest)]))
      compare(`${id}: ${name}`, Reflect.get(rest, name), Reflect.get(otherRest, name));
  }
  for (const i of longer(known.directions, again.directions)) {
    const { layer, id } = known.directions[i] ?? again.directions[i];
    compare(`${layer}/${id}`, known.directions[i], again.directions[i]);
  }
  return found;
}

type LayerPart = Comparison['layers'][number];

const rowName = ({ metric, armA, armB, observer }: LayerPart['results'][number]) =>
  `${metric} ${armA}/${armB}${observer ? ` by ${observer}` : ''}`;

function longer(a: readonly unknown[], b: readonly unknown[]): number[] {
  return [...(a.length < b.length ? b : a).keys()];
}
