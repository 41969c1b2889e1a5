/** What a command does, as lines of JSON for machines: `{"time":"2026-11-30T15:00:00.000Z","level":"info","event":"progress","done":412,…}`. */
import type { Progress, ProgressOutput } from './progress.ts';

/** Writes one event. Fields beside the first three are the event's own. */
export type Log = (level: 'info' | 'warning' | 'error', event: string, fields?: Readonly<Record<string, unknown>>) => void;

const INTERVAL = 5000;

/** A log of lines. */
export function openLog(output: ProgressOutput = process.stdout): Log {
  return (level, event, fields = {}) => {
    output.write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...fields })}\n`);
  };
}

/** A progress as events: `start`, `progress` every five seconds, `note`. `now` is in milliseconds. */
export function logProgress(log: Log, now: () => number = () => performance.now()): Progress {
  let [total, before, started, told] = [0, 0, now(), now()];
  return {
    start(all, done) {
      [total, before, started, told] = [all, done, now(), now()];
      log('info', 'start', { total, done });
    },
    update(done) {
      if (now() - told < INTERVAL) return;
      told = now();
      const rate = (done - before) / ((told - started) / 1000);
      log('info', 'progress', { total, done, rate, ...(rate > 0 ? { seconds_left: (total - done) / rate } : {}) });
    },
    note: (message) => log('info', 'note', { message }),
    stop() {},
  };
}
