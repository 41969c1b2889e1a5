/** What runs and workers say of themselves, kept in Redis only as long as they go on saying it: so no clock but Redis's own is asked. */
import type { Redis } from 'ioredis';
import { type ReportKind, reportKey, reportsKey } from './keys.ts';
import { type RunReport, runReport, type WorkerReport, workerReport } from './messages.ts';

/** Milliseconds between reports, and after how many without one its sender counts as gone. */
export const REPORT_INTERVAL = 2_000;
const REPORT_LIFE = 30_000;
/** Longer reports are nobody's. */
const MOST_BYTES = 2 ** 20;
const MOST_REPORTS = 5_000;

/** A report with its sender's id, and how many seconds ago it came. */
export interface Reported<T> {
  readonly id: string;
  readonly seconds_ago: number;
  readonly report: T;
}

export async function sendReport(redis: Redis, kind: ReportKind, id: string, report: RunReport | WorkerReport): Promise<void> {
  await redis.sadd(reportsKey(kind), id);
  await redis.set(reportKey(kind, id), JSON.stringify(report), 'PX', REPORT_LIFE);
}

/** Says goodbye. */
export async function endReports(redis: Redis, kind: ReportKind, id: string): Promise<void> {
  await redis.del(reportKey(kind, id));
  await redis.srem(reportsKey(kind), id);
}

/** How many workers there are, dead ones for half a minute more. */
export async function countWorkers(redis: Redis): Promise<number> {
  return (await presentIds(redis, 'worker')).length;
}

export const readWorkers = (redis: Redis): Promise<Reported<WorkerReport>[]> => readReports(redis, 'worker', workerReport);
export const readRuns = (redis: Redis): Promise<Reported<RunReport>[]> => readReports(redis, 'run', runReport);

interface Parser<T> {
  safeParse(value: unknown): { success: boolean; data?: T | undefined };
}

async function readReports<T>(redis: Redis, kind: ReportKind, schema: Parser<T>): Promise<Reported<T>[]> {
  const ids = await presentIds(redis, kind);
  const reports = await Promise.all(
    ids.map(async (id): Promise<Reported<T> | undefined> => {
      const key = reportKey(kind, id);
      const [text, left] = await Promise.all([redis.getrange(key, 0, MOST_BYTES), redis.pttl(key)]);
      const { data } = schema.safeParse(parse(text));
      return data === undefined ? undefined : { id, seconds_ago: Math.max(0, REPORT_LIFE - left) / 1000, report: data };
    }),
  );
  // What is no report is left out: whoever may write here can also write nothing.
  return reports.flatMap((report) => report ?? []);
}

async function presentIds(redis: Redis, kind: ReportKind): Promise<string[]> {
  const [, found] = await redis.sscan(reportsKey(kind), 0, 'COUNT', MOST_REPORTS);
  const ids = found.slice(0, MOST_REPORTS).sort();
  const there = await Promise.all(ids.map(async (id) => /^[\w-]{1,80}$/.test(id) && (await redis.exists(reportKey(kind, id))) === 1));
  const gone = ids.filter((_, i) => !there[i]);
  if (gone.length > 0) await redis.srem(reportsKey(kind), ...gone);
  return ids.filter((_, i) => there[i]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
