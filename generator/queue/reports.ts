/** What runs and workers say of themselves, kept in Redis only as long as they go on saying it: so no clock but Redis's own is asked. */
import type { Redis } from 'ioredis';
import { type ReportKind, reportKey, reportsKey } from './keys.ts';
import { type RunReport, runReport, type WorkerReport, workerReport } from './messages.ts';

/** Milliseconds between reports, and after how many without one its sender counts as gone. */
export const REPORT_INTERVAL = 2_000;
const REPORT_LIFE = 30_000;
/** Longer reports are nobody's. */
const MOST_BYTES = 2 ** 20;
const MOST_REPORTS = 10_000;

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
  const reports: Reported<T>[] = [];
  for (const id of await presentIds(redis, kind)) {
    const text = await redis.getrange(reportKey(kind, id), 0, MOST_BYTES);
    const left = await redis.pttl(reportKey(kind, id));
    const { data } = schema.safeParse(parse(text));
    // What is no report is left out: whoever may write here can also write nothing.
    if (data !== undefined) reports.push({ id, seconds_ago: Math.max(0, REPORT_LIFE - left) / 1000, report: data });
  }
  return reports;
}

async function presentIds(redis: Redis, kind: ReportKind): Promise<string[]> {
  const [, ids] = await redis.sscan(reportsKey(kind), 0, 'COUNT', MOST_REPORTS);
  const present: string[] = [];
  for (const id of ids.sort()) {
    if (/^[\w-]{1,80}$/.test(id) && (await redis.exists(reportKey(kind, id)))) present.push(id);
    else await redis.srem(reportsKey(kind), id);
  }
  return present;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
