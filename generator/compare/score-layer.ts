/** The scorer: from opaque directions and their pictures to measures. It knows no unit by name and no arm. */
import type { Measures } from '../../data/schema.ts';
import { attainment } from '../measure/attainment.ts';
import { heldOutTransforms } from '../measure/held-out-transforms.ts';
import { labGabor, type Observer } from '../measure/observer.ts';
import { type Picture, readPicture } from '../measure/picture.ts';
import {
  type DirectionMoments,
  directionMoments,
  dot,
  type PooledStatistics,
  pooledRows,
  poolStatistics,
} from '../measure/pooled-statistics.ts';
import type { ReferenceImages } from '../measure/reference-images.ts';
import { type IdentityItem, renderIdentity } from '../measure/render-identity.ts';
import { robustness } from '../measure/robustness.ts';
import type { Probe } from '../render/renderer.ts';

/** A direction without its name. */
export interface OpaqueUnit {
  /** Says nothing about the direction: a hash. */
  readonly id: string;
  /** Which arm, as a number that says nothing about it. */
  readonly group: number;
  /** Unit vector, `[C]`. */
  readonly vector: Float32Array;
  /** Image files by seed; nothing where a render failed. */
  readonly files: readonly (string | undefined)[];
}

export interface UnitScores {
  readonly moments: DirectionMoments;
  readonly measures: Measures;
  /** Attainment of each render that has one. */
  readonly attainments: readonly number[];
}

export interface ScoreOptions {
  readonly signal?: AbortSignal;
  /** Called with the pictures that the network has seen so far, reference images and transformed renders included. */
  readonly onProgress?: (pictures: number) => void;
  readonly observer?: Observer;
}

/** Pictures that {@link scoreLayer} shows the network, for a progress bar. */
export function countPictures(units: readonly Pick<OpaqueUnit, 'files'>[], images: number): number {
  const transforms = heldOutTransforms(1).length;
  return units.reduce((sum, { files }) => {
    const pictures = files.filter((file) => file !== undefined).length;
    return sum + pictures + (pictures > 0 ? transforms : 0);
  }, images);
}

/** Measures of every unit by its opaque id: D1 of every render, D2 of the first, M4 of those with two renders or more. */
export async function scoreLayer(
  probe: Probe,
  units: readonly OpaqueUnit[],
  images: ReferenceImages,
  options: ScoreOptions = {},
): Promise<Map<string, UnitScores>> {
  const { signal, onProgress } = options;
  const pass = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
  const statistics = await poolStatistics(probe, images, pass);
  const ordered = units.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const seen = await showRenders(probe, ordered, images.size, options, statistics);
  const identity = renderIdentity(ordered.map(({ group }, i): IdentityItem => ({ group, renders: seen[i].descriptions })));
  return new Map(ordered.map((unit, i) => [unit.id, summarise(unit, seen[i], identity[i], statistics)]));
}

/** What the network and the observer see of one unit's renders. */
interface Seen {
  /** Score of each render that has a picture, by seed. */
  readonly scores: number[];
  /** Scores of the first render, transformed. */
  readonly transformed: number[];
  /** By seed; empty for a unit with a single render. */
  readonly descriptions: (Float32Array | undefined)[];
}

/** One pass over all pictures of the layer; memory holds one batch of them. */
async function showRenders(
  probe: Probe,
  units: readonly OpaqueUnit[],
  size: number,
  { signal, onProgress, observer = labGabor }: ScoreOptions,
  statistics: PooledStatistics,
): Promise<Seen[]> {
  const seen = units.map((): Seen => ({ scores: [], transformed: [], descriptions: [] }));
  const transforms = heldOutTransforms(size);
  /** For every picture under way, in order, where its score belongs. */
  const owners: { vector: Float32Array; scores: number[] }[] = [];
  async function* pictures(): AsyncGenerator<Picture> {
    for (const [i, { vector, files }] of units.entries()) {
      let first = true;
      for (const file of files) {
        const picture = file === undefined ? undefined : await readPicture(file);
        if (files.length > 1) seen[i].descriptions.push(picture && observer.describe(picture));
        if (picture === undefined) continue;
        owners.push({ vector, scores: seen[i].scores });
        yield picture;
        if (!first) continue;
        first = false;
        for (const transform of transforms) {
          owners.push({ vector, scores: seen[i].transformed });
          yield transform.apply(picture);
        }
      }
    }
  }
  let done = statistics.n;
  for await (const rows of pooledRows(probe, pictures())) {
    signal?.throwIfAborted();
    const count = rows.length / statistics.channels;
    for (const [k, { vector, scores }] of owners.splice(0, count).entries()) scores.push(dot(vector, rows, k * statistics.channels));
    done += count;
    onProgress?.(done);
  }
  return seen;
}

function summarise(unit: OpaqueUnit, seen: Seen, identity: number | null, statistics: PooledStatistics): UnitScores {
  const moments = directionMoments(statistics, unit.vector);
  const scored = seen.scores.map((score) => attainment(score, moments));
  const attainments = scored.flatMap(({ attainment: value }) => (value !== null && Number.isFinite(value) ? [value] : []));
  const exceeding = scored.flatMap(({ exceeds }) => (exceeds === null ? [] : [Number(exceeds)]));
  const steady = seen.scores.length > 0 ? robustness(seen.scores[0], seen.transformed, moments) : null;
  return {
    moments,
    attainments,
    measures: {
      attainment: stored(mean(attainments)),
      exceeds: stored(mean(exceeding)),
      robustness: stored(steady),
      render_identity: stored(identity),
    },
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A number as the store keeps it: seven digits, so that what is computed from the file is what was computed from memory; null if not finite. */
export function stored(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(7));
}
