/** o1 `lab-gabor-1` for many pictures: observer.ts on several threads. */
import { availableParallelism } from 'node:os';
import { labGabor } from '../observer.ts';
import type { Picture } from '../picture.ts';
import { endThreads, startThreads } from '../thread.ts';
import { type Batch, batches, type ImageObserver } from './image-observer.ts';

/** Pictures that a thread is given at a time. */
const BATCH = 16;

/** What a thread is asked for. */
export interface LabGaborRequest {
  readonly pictures: readonly Picture[];
}

/** What it says: the descriptions, one after another. */
export interface LabGaborReply {
  readonly kind: 'described';
  readonly rows: Float32Array;
}

/** Opens the hand-built observer on so many threads, all cores if left out. What it sees of a picture does not depend on their number. */
export async function openLabGabor({ threads = availableParallelism() }: { threads?: number } = {}): Promise<ImageObserver> {
  const workers = await startThreads<LabGaborRequest, LabGaborReply>(new URL('./lab-gabor-thread.ts', import.meta.url), threads);
  const dimension = labGabor.describe({ size: 1, pixels: new Uint8Array(3) }).length;
  return {
    id: labGabor.id,
    about: labGabor.about,
    dimension,
    dispose: () => endThreads(workers),
    embed: async (pictures, n, { signal, onProgress } = {}) => {
      const result = new Float32Array(n * dimension);
      const source = batches(pictures, n, BATCH, labGabor.id);
      let done = 0;
      let failed = false;
      const next = async (): Promise<Batch | undefined> => {
        signal?.throwIfAborted();
        return failed ? undefined : (await source.next()).value;
      };
      const work = async (worker: (typeof workers)[number]) => {
        try {
          for (let batch = await next(); batch; batch = await next()) {
            const { rows } = await worker.ask({ pictures: batch.pictures }, (reply): reply is LabGaborReply => reply.kind === 'described');
            result.set(rows, batch.from * dimension);
            done += batch.pictures.length;
            onProgress?.(done);
          }
        } catch (error) {
          failed = true;
          throw error;
        }
      };
      try {
        for (const end of await Promise.allSettled(workers.map(work))) if (end.status === 'rejected') throw end.reason;
      } finally {
        await source.return(undefined);
      }
      return result;
    },
  };
}
