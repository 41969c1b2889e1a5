/** The directions of a layer's arms, each with its level, and Ā: from what the first pass over the images kept, or from disk. */
import { z } from 'zod';
import { slug } from '../../../data/schema.ts';
import { float32Bytes, sha256 } from '../../batch/canonical.ts';
import type { Activations } from '../../measure/activations.ts';
import { ACTIVE_SHARE, quantiles } from '../../measure/passes/quantiles.ts';
import { pinArray } from '../../render/array-file.ts';
import { armsFor, type ComparisonArm } from '../directions/arm-table.ts';
import { generateArm } from '../directions/generate-arm.ts';
import { FRAME_CONVENTION } from '../directions/haar-rows.ts';
import type { LayerInput } from '../directions/layer-input.ts';
import type { NamedDirection } from '../directions/named-direction.ts';
import type { DirectionEvidence } from './evidence.ts';
import type { GatherLayer, GatherRequest } from './gather.ts';

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

/**
 * The layer's directions: the units that were rendered, then the other arms'. Without `activations`, what is on disk, or nothing where that was made
 * from something else.
 */
export async function drawDirections(
  { parts, compare, atlas, model, runtime, seed, signal }: GatherRequest,
  { layer, units, images }: GatherLayer,
  activations?: Activations,
): Promise<DrawnLayer | undefined> {
  const file = compare?.directions?.[layer.slug];
  const arms = armsFor(layer.tap, layer.shape[0]).filter(({ id }) => id !== 'file' || file !== undefined);
  const rendered = units.map(({ record, vector }) => ({ id: record.id, sha256: sha256(float32Bytes(vector)) }));
  const key = {
    weights: atlas.model.weights_sha256,
    preprocess: model.preprocess,
    layer: layer.name,
    images: images.sha256,
    arms: arms.map(({ id }) => id),
    drawn: [FRAME_CONVENTION, ACTIVE_SHARE],
    rendered,
    seed,
    ...(file ? { file: pinArray(file).sha256 } : {}),
  };
  const names = partNames(layer.slug);
  if (activations) {
    const input: LayerInput = {
      weightsSha256: atlas.model.weights_sha256,
      layerName: layer.name,
      channels: layer.shape[0],
      tap: layer.tap,
      activations,
      counts: {},
      seed,
      ...(file ? { file } : {}),
    };
    const directions = listDirections(input, arms, units);
    const dissected = directions.filter(({ arm }) => isDissected(arm));
    const levels = await quantiles({ runtime, activations, directions: stack(dissected), ...(signal ? { signal } : {}) });
    await parts.write(names.means, 'f32', key, activations.means);
    await parts.write(names.vectors, 'f32', key, stack(directions));
    await parts.write(names.labels, 'json', key, {
      directions: directions.map(({ id, arm, index, frame }): Label => ({ id, arm, index, ...(frame === undefined ? {} : { frame }) })),
      levels: Object.fromEntries(dissected.map(({ id }, i) => [id, levels[i]])),
    });
  }
  if (![names.means, names.vectors, names.labels].every((name) => parts.has(name, key))) return undefined;
  const [means, vectors, labels] = [
    await parts.find(names.means, 'f32', key),
    await parts.find(names.vectors, 'f32', key),
    await parts.find(names.labels, 'json', key),
  ];
  if (!means || !vectors || !labels) return undefined;
  return { means, ...readLabels(labels, vectors, layer.shape[0], units) };
}

export function partNames(slug: string) {
  return { means: `${slug}/means`, vectors: `${slug}/vectors`, labels: `${slug}/directions` };
}

/** Arms that are dissected: those that are rendered, and the turned bases of the curve. */
export function isDissected(arm: string): boolean {
  return ['basis', 'basis-negative', 'random', 'file'].includes(arm) || arm.startsWith('rotated-');
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
  const possible = arms.filter(({ needs }) => varies || needs === 'nothing' || needs === 'file');
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
