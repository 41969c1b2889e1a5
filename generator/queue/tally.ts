/** How far a run is with each of its parts: who waits for one is told, and `atlas status` reads it. */
import { hostname } from 'node:os';
import type { MadePicture } from '../batch/make-pictures.ts';
import type { Part } from '../batch/render-part.ts';
import type { FailedRender } from '../batch/summary.ts';
import type { Task } from '../batch/work.ts';
import { type RunReport, VERSIONS } from './messages.ts';

/** Failures that the report tells of. */
const TOLD = 50;

interface Waiting {
  readonly progress: (pictures: number) => void;
  readonly resolve: () => void;
}

/** Counts the pictures that are stored. */
export class Tally {
  readonly #atlas: string;
  readonly #parts: readonly Part[];
  readonly #done = new Map<Part, number>();
  readonly #failed: (FailedRender & { part: Part })[] = [];
  readonly #waiting = new Map<Part, Waiting>();
  readonly #started = performance.now();

  constructor(atlas: string, parts: readonly Part[]) {
    this.#atlas = atlas;
    this.#parts = parts;
  }

  /** Resolves when every picture of a part is stored; `progress` is told of each. */
  async whole(part: Part, progress: (pictures: number) => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(part, { progress, resolve });
    this.#tell(part);
    return promise;
  }

  /** So many more pictures are stored, failures among them. */
  add(part: Part, pictures: readonly (readonly [Task, MadePicture])[]): void {
    for (const [{ unit, seed }, { state, message = '' }] of pictures)
      if (state === 'failed') this.#failed.push({ part, layer: part.work.layer.slug, unit: unit.id, seed, message });
    this.#done.set(part, this.#doneOf(part) + pictures.length);
    this.#tell(part);
  }

  /** What the run says of itself, with so many batches in the queue. */
  describe(batches: number): RunReport {
    const seconds = (performance.now() - this.#started) / 1000;
    const done = this.#parts.reduce((sum, part) => sum + this.#doneOf(part), 0);
    const total = this.#parts.reduce((sum, { tasks }) => sum + tasks.length, 0);
    const rate = done / Math.max(seconds, 1e-3);
    const layers = [...Map.groupBy(this.#parts, ({ work }) => work.layer.slug)].map(([layer, parts]) => ({
      layer,
      done: parts.reduce((sum, part) => sum + this.#doneOf(part), 0),
      total: parts.reduce((sum, { tasks }) => sum + tasks.length, 0),
      failed: this.#failed.filter(({ part }) => parts.includes(part)).length,
    }));
    return {
      atlas: this.#atlas,
      host: hostname(),
      pid: process.pid,
      versions: VERSIONS,
      seconds,
      rate,
      ...(rate > 0 ? { seconds_left: (total - done) / rate } : {}),
      batches,
      layers,
      failures: this.#failed.slice(-TOLD).map(({ part: _, ...failure }) => failure),
    };
  }

  #doneOf(part: Part): number {
    return this.#done.get(part) ?? 0;
  }

  #tell(part: Part): void {
    const waiting = this.#waiting.get(part);
    waiting?.progress(this.#doneOf(part));
    if (this.#doneOf(part) >= part.tasks.length) waiting?.resolve();
  }
}
