/** What a run did, told from the records that it leaves. */
import type { UnitRecord } from '../../data/schema.ts';

/** A picture that an error kept from being made. */
export interface FailedRender {
  readonly layer: string;
  readonly unit: string;
  readonly seed: number;
  readonly message: string;
}

/** What a run did. */
export interface RunSummary {
  readonly folder: string;
  /** Pictures made by this run, and those that were there. */
  readonly rendered: number;
  readonly reused: number;
  /** Pictures without structure, and ones whose values were not finite: results, kept and shown. */
  readonly flat: number;
  readonly diverged: number;
  readonly failed: readonly FailedRender[];
  /** Files removed that nothing names any more. */
  readonly removed: number;
}

/** Every picture that failed, of the finished records by layer. */
export function listFailed(layers: ReadonlyMap<string, readonly UnitRecord[]>): FailedRender[] {
  return [...layers].flatMap(([layer, records]) =>
    records.flatMap(({ id, renders, diverse = [] }) =>
      [...renders, ...diverse].flatMap(({ state, seed, message = 'no reason recorded' }) =>
        state === 'failed' ? { layer, unit: id, seed, message } : [],
      ),
    ),
  );
}

/** What the finished records come to, `rendered` pictures of them by this run. */
export function summarise(
  layers: ReadonlyMap<string, readonly UnitRecord[]>,
  rendered: number,
): Omit<RunSummary, 'folder' | 'failed' | 'removed'> {
  const states = [...layers.values()].flatMap((records) =>
    records.flatMap(({ renders, diverse = [] }) => [...renders, ...diverse].map(({ state }) => state)),
  );
  const count = (wanted: string) => states.filter((state) => state === wanted).length;
  return { rendered, reused: states.length - count('failed') - rendered, flat: count('flat'), diverged: count('diverged') };
}
