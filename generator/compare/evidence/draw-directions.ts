/** The directions of a layer's arms, each with its level: from what the first pass over the images kept. No network is run. */
import { z } from 'zod';
import { slug } from '../../../data/schema.ts';
import { float32Bytes, sha256 } from '../../batch/canonical.ts';
import type { Activations } from '../../measure/activations.ts';
import { quantiles } from '../../measure/passes/quantiles.ts';
import { pinArray } from '../../render/array-file.ts';
import { armsFor, type ComparisonArm } from '../directions/arm-table.ts';
import { generateArm } from '../directions/generate-arm.ts';
import type { LayerInput } from '../directions/layer-input.ts';
import type { NamedDirection } from '../directions/named-direction.ts';
import type { DirectionEvidence } from './evidence.ts';
import type { GatherLayer, GatherRequest } from './gather.ts';
import { activationsKey, DRAWN, findActivations, partNames } from './keep-activations.ts';
import type { Parts } from './parts.ts';

/** The arm of directions that a plan names beside those that every layer has. It is kept apart, so that another file changes nothing of the others. */
export const FILE_ARM = 'file';

/** What the first pass gives of a layer. */
export interface DrawnLayer {
  readonly directions: readonly DirectionEvidence[];
  readonly means: Float32Array;
  /** T_v of the directions that are dissected, by id. */
  readonly levels: ReadonlyMap<string, number>;
}

/** As the part `directions` keeps them; their vectors lie in a file of their own. */
const kept = z.object({
  directions: z.array(z.object({ id: slug, arm: z.string(), index: z.int(), frame: z.int().optional() })),
  levels: z.record(z.string(), z.number()),
});
type Label = z.infer<typeof kept>['directions'][number];

/** A part of a layer's directions, and where it is kept. */
interface Drawing {
  readonly vectors: string;
  readonly labels: string;
  readonly key: unknown;
  list(input: LayerInput): readonly NamedDirection[];
}

/**
 * The layer's directions: the units that were rendered, then the other arms', then the file's. What is not on disk is drawn from the activations:
 * those given, or those on disk. Nothing where they are needed and not there.
 */
export async function drawDirections(request: GatherRequest, item: GatherLayer, given?: Activations): Promise<DrawnLayer | undefined> {
  const { parts } = request;
  const { layer, units } = item;
  const [names, key, channels] = [partNames(layer.slug), activationsKey(request, item), layer.shape[0]];
  let activations = given;
  const drawn: ReturnType<typeof readLabels>[] = [];
  for (const drawing of drawingsOf(request, item)) {
    let kept = await findDrawn(parts, drawing);
    if (!kept) {
      activations ??= await findActivations(parts, layer.slug, channels, key);
      if (!activations) return undefined;
      kept = await draw(request, item, drawing, activations);
    }
    drawn.push(readLabels(kept.labels, kept.vectors, channels, units));
  }
  const means = activations?.means ?? (await parts.find(names.means, 'f32', key));
  if (!means) return undefined;
  for (const name of [names.moments, names.sample]) parts.keep(name, key);
  return {
    means,
    directions: drawn.flatMap(({ directions }) => directions),
    levels: new Map(drawn.flatMap(({ levels }) => [...levels])),
  };
}

/** The layer's arms, and the file's where the plan names one. */
function drawingsOf(request: GatherRequest, item: GatherLayer): Drawing[] {
  const { compare, seed } = request;
  const { layer, units } = item;
  const names = partNames(layer.slug);
  const from = { ...activationsKey(request, item), drawn: DRAWN };
  const arms = armsFor(layer.tap, layer.shape[0]).filter(({ id }) => id !== FILE_ARM);
  const rendered = units.map(({ record, vector }) => ({ id: record.id, sha256: sha256(float32Bytes(vector)) }));
  const file = compare?.directions?.[layer.slug];
  const drawings: Drawing[] = [
    {
      vectors: names.vectors,
      labels: names.labels,
      key: { ...from, arms: arms.map(({ id }) => id), rendered, seed },
      list: (input) => listDirections(input, arms, units),
    },
  ];
  if (file !== undefined)
    drawings.push({
      vectors: names.fileVectors,
      labels: names.fileLabels,
      key: { ...from, file: pinArray(file).sha256 },
      list: (input) => generateArm(FILE_ARM, { ...input, file }),
    });
  return drawings;
}

async function findDrawn(
  parts: Parts,
  { vectors: name, labels: labelsName, key }: Drawing,
): Promise<{ vectors: Float32Array; labels: unknown } | undefined> {
  const vectors = await parts.find(name, 'f32', key);
  const labels = vectors && (await parts.find(labelsName, 'json', key));
  return vectors && labels !== undefined ? { vectors, labels } : undefined;
}

/** Draws directions and finds their levels, and keeps both. */
async function draw(
  { parts, atlas, runtime, seed, signal }: GatherRequest,
  { layer }: GatherLayer,
  drawing: Drawing,
  activations: Activations,
): Promise<{ vectors: Float32Array; labels: unknown }> {
  const directions = drawing.list({
    weightsSha256: atlas.model.weights_sha256,
    layerName: layer.name,
    channels: layer.shape[0],
    tap: layer.tap,
    activations,
    counts: {},
    seed,
  });
  const dissected = directions.filter(({ arm }) => isDissected(arm));
  const levels = await quantiles({ runtime, activations, directions: stack(dissected), ...(signal ? { signal } : {}) });
  const vectors = stack(directions);
  const labels = {
    directions: directions.map(({ id, arm, index, frame }): Label => ({ id, arm, index, ...(frame === undefined ? {} : { frame }) })),
    levels: Object.fromEntries(dissected.map(({ id }, i) => [id, levels[i]])),
  };
  await parts.write(drawing.vectors, 'f32', drawing.key, vectors);
  await parts.write(drawing.labels, 'json', drawing.key, labels);
  return { vectors, labels };
}

/** Arms that are dissected: those that are rendered, and the turned bases of the curve. */
export function isDissected(arm: string): boolean {
  return ['basis', 'basis-negative', 'random', FILE_ARM].includes(arm) || arm.startsWith('rotated-');
}

/** Puts labels and vectors together again, with what was rendered of each. Throws a Zod error for labels that are none. */
export function readLabels(labels: unknown, vectors: Float32Array, channels: number, units: readonly StoredRenders[]) {
  const { directions, levels } = kept.parse(labels);
  const renders = new Map(units.map(({ record }) => [record.id, record.renders]));
  return {
    directions: directions.map(({ frame, ...label }, i): DirectionEvidence => {
      const vector = vectors.subarray(i * channels, (i + 1) * channels);
      return {
        ...label,
        ...(frame === undefined ? {} : { frame }),
        vector,
        sha256: sha256(float32Bytes(vector)),
        renders: (renders.get(label.id) ?? []).map(({ seed, image }) => ({ seed, image: image ?? null })),
      };
    }),
    levels: new Map(Object.entries(levels)),
  };
}

/** What of a stored unit is needed here. */
interface StoredRenders {
  readonly record: { readonly id: string; readonly renders: readonly { readonly seed: number; readonly image?: string | undefined }[] };
}

/** Rendered units of the arms first, as they were rendered, then what else the arms have. */
function listDirections(
  input: LayerInput,
  arms: readonly ComparisonArm[],
  units: readonly GatherLayer['units'][number][],
): NamedDirection[] {
  const rendered = units.map(({ record: { id, arm, index, direction }, vector }): NamedDirection => {
    const frame = direction.kind === 'haar' ? { frame: direction.frame } : {};
    return { id, arm, index, ...frame, vector, sha256: sha256(float32Bytes(vector)) };
  });
  const known = new Set(rendered.map(({ id }) => id));
  // A layer that never varies has no covariance to draw from: it is compared by its other arms, and one such layer does not end them all.
  const varies = input.activations?.covariance.some((value) => value !== 0) ?? false;
  const possible = arms.filter(({ needs }) => varies || needs === 'nothing');
  const others = possible.flatMap(({ id }) => generateArm(id, input)).filter(({ id }) => !known.has(id));
  return [...rendered, ...others];
}

/** Vectors one after the other, `[count,C]`. */
export function stack(directions: readonly Pick<NamedDirection, 'vector'>[]): Float32Array {
  const channels = directions[0]?.vector.length ?? 0;
  const rows = new Float32Array(directions.length * channels);
  for (const [i, { vector }] of directions.entries()) rows.set(vector, i * channels);
  return rows;
}
