/** How far the work is: a bar on a terminal, a line every few seconds elsewhere. */

/** Told about the work as it goes. Numbers are pictures. */
export interface Progress {
  /** Work begins: so many in all, of which some were there already. */
  start(total: number, done: number): void;
  /** So many are done in all; fractions are fine. */
  update(done: number): void;
  /** A line of its own, above the bar. */
  note(text: string): void;
  /** Work has ended: the bar goes away. */
  stop(): void;
}

/** Where the progress is written. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const BAR_WIDTH = 24;
const TERMINAL_INTERVAL = 100;
const LINE_INTERVAL = 5000;

/** A progress that says nothing. */
export const SILENT: Progress = { start() {}, update() {}, note() {}, stop() {} };

/** The progress of a command, in pictures or what is named. `now` is in milliseconds. */
export function openProgress(
  output: ProgressOutput = process.stdout,
  now: () => number = () => performance.now(),
  things = 'pictures',
): Progress {
  let total = 0;
  let before = 0;
  let started = now();
  let shown = Number.NEGATIVE_INFINITY;
  const clear = () => (output.isTTY ? '\r\u001b[K' : '');
  return {
    start(all, done) {
      total = all;
      before = done;
      started = now();
      shown = output.isTTY ? Number.NEGATIVE_INFINITY : started;
    },
    update(done) {
      const time = now();
      if (time - shown < (output.isTTY ? TERMINAL_INTERVAL : LINE_INTERVAL)) return;
      shown = time;
      const line = describeProgress({ total, done, before, seconds: (time - started) / 1000, things });
      output.write(output.isTTY ? `${clear()}${line.slice(0, (output.columns ?? 80) - 1)}` : `${line}\n`);
    },
    note(text) {
      output.write(`${clear()}${text}\n`);
    },
    stop() {
      output.write(clear());
    },
  };
}

/** `[██████······] 412 of 1,020 pictures · 1.9/s · 5 min 20 s left`. The rate is that of this run; `before` were there when it began. */
export function describeProgress(state: { total: number; done: number; before: number; seconds: number; things?: string }): string {
  const { total, done, before, seconds, things = 'pictures' } = state;
  const filled = total > 0 ? Math.floor((BAR_WIDTH * done) / total) : BAR_WIDTH;
  const bar = '█'.repeat(filled) + '·'.repeat(BAR_WIDTH - filled);
  const rate = seconds > 0 ? (done - before) / seconds : 0;
  const pace = rate > 0 ? ` · ${rateText(rate)} · ${durationText((total - done) / rate)} left` : '';
  return `[${bar}] ${grouped(Math.floor(done))} of ${grouped(total)} ${things}${pace}`;
}

function rateText(rate: number): string {
  return rate < 0.1 ? `${(rate * 60).toFixed(1)}/min` : `${rate.toFixed(rate < 10 ? 1 : 0)}/s`;
}

/** `45 s`, `5 min 20 s`, `3 h 12 min`. */
export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function grouped(number: number): string {
  return number.toLocaleString('en-GB');
}
