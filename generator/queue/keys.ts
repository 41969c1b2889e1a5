/** Where things lie in Redis. Beside BullMQ's own keys, which are `atlas:batches:…`. */

/** Before every key. */
export const PREFIX = 'atlas';
/** The name of BullMQ's queue. */
export const QUEUE = 'batches';

/** A job's pictures, from when they are made until they are stored. */
export const resultKey = (job: string) => `${PREFIX}:result:${job}`;
/** A file, in pieces, by the SHA-256 of its bytes. */
export const fileKey = (sha256: string) => `${PREFIX}:file:${sha256}`;
/** What a worker or a run last said of itself; gone when it has not done so for a while. */
export const reportKey = (kind: ReportKind, id: string) => `${PREFIX}:${kind}:${id}`;
/** The ids of all workers or runs that ever said something, some of them gone. */
export const reportsKey = (kind: ReportKind) => `${PREFIX}:${kind}s`;

export type ReportKind = 'worker' | 'run';

/** Seconds that a result waits for its run: which may be started again tomorrow. */
export const RESULT_SECONDS = 2 * 24 * 3600;
/** Seconds that files stay when no run asks for them any more. */
export const FILE_SECONDS = 3600;
