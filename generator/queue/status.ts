/** What a queue's runs and workers are at, as they say themselves. */

import { canonicalJson } from '../batch/canonical.ts';
import { durationText } from '../batch/progress.ts';
import { connect, type QueueAddress } from './connection.ts';
import { describeVersions } from './maker.ts';
import { type RunReport, VERSIONS, type WorkerReport } from './messages.ts';
import { type Reported, readRuns, readWorkers } from './reports.ts';

/** Everything there is to tell. */
export interface QueueStatus {
  readonly queue: string;
  readonly runs: readonly Reported<RunReport>[];
  readonly workers: readonly Reported<WorkerReport>[];
}

/** A look at a queue that can be taken again and again. */
export interface StatusReader {
  read(): Promise<QueueStatus>;
  close(): Promise<void>;
}

export async function openStatus(address: QueueAddress, note: (text: string) => void): Promise<StatusReader> {
  const { redis, shown, close } = await connect(address, note);
  return { read: async () => ({ queue: shown, runs: await readRuns(redis), workers: await readWorkers(redis) }), close };
}

/** For people: runs with their layers and failures, then a line for each worker. */
export function describeStatus({ queue, runs, workers }: QueueStatus): string {
  const nothing = runs.length === 0 ? ['No run is at work.'] : [];
  const none = workers.length === 0 ? ['No worker is there: start some with "atlas worker".'] : [];
  return [queue, ...nothing, ...runs.flatMap(describeRun), ...none, ...workers.map(describeWorker), ''].join('\n');
}

function describeRun({ report, seconds_ago }: Reported<RunReport>): string[] {
  const { atlas, host, pid, layers, rate, seconds, seconds_left, batches, failures } = report;
  const done = layers.reduce((sum, layer) => sum + layer.done, 0);
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  const left = seconds_left === undefined ? '' : `, ${durationText(seconds_left)} left`;
  return [
    `${atlas}, by process ${pid} on ${host}: ${done} of ${total} pictures in ${durationText(seconds)}, ${rate.toFixed(1)}/s${left}; ${batches} batches in the queue${ago(seconds_ago)}`,
    ...layers.map(({ layer, done, total, failed }) => `  ${layer}: ${done} of ${total}${failed > 0 ? `, ${failed} FAILED` : ''}`),
    ...failures.map(({ layer, unit, seed, message }) => `  FAILED ${layer} ${unit}, seed ${seed}: ${message.split('\n')[0]}`),
  ];
}

function describeWorker({ report, seconds_ago }: Reported<WorkerReport>): string {
  const { name, host, pid, device, threads, versions, at, seconds = 0, pictures, failures, last_error } = report;
  const other = canonicalJson(versions) === canonicalJson(VERSIONS) ? '' : `, OF ANOTHER VERSION (${describeVersions(versions)})`;
  const doing = at === undefined ? 'waiting' : `at ${at} for ${durationText(seconds)}`;
  const wrong = failures > 0 ? `, ${failures} failures${last_error ? ` (the last: ${last_error.split('\n')[0]})` : ''}` : '';
  return `${name} (process ${pid} on ${host}; ${device}, ${threads} threads${other}): ${doing}; ${pictures} pictures${wrong}${ago(seconds_ago)}`;
}

/** Only of those who are late: they speak every other second. */
function ago(seconds: number): string {
  return seconds > 6 ? `; SILENT for ${durationText(seconds)}` : '';
}
