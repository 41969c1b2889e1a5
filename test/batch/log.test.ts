/** Logs for machines: a line of JSON for everything that happens. */
import { expect, it } from 'vitest';
import { logProgress, openLog } from '../../generator/batch/log.ts';

const written = () => {
  const lines: string[] = [];
  return { lines, log: openLog({ write: (text) => lines.push(text) }) };
};
const events = (lines: readonly string[]) =>
  lines.map((line) => {
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect(line).toBe(`${line.trim()}\n`);
    expect(new Date(String(time)).toISOString()).toBe(time);
    return rest;
  });

it('tells each event in one line, its fields beside its time, level and name', () => {
  const { lines, log } = written();
  log('error', 'rendered', { failed: [{ message: 'a\nb' }] });
  expect(events(lines)).toEqual([{ level: 'error', event: 'rendered', failed: [{ message: 'a\nb' }] }]);
});

it('tells how far the work is every five seconds, with the rate of this run and the time left', () => {
  const { lines, log } = written();
  let now = 0;
  const progress = logProgress(log, () => now);
  progress.start(100, 20);
  for (now = 1000; now <= 11_000; now += 1000) progress.update(20 + now / 1000);
  progress.note('Note');
  progress.stop();
  expect(events(lines)).toEqual([
    { level: 'info', event: 'start', total: 100, done: 20 },
    { level: 'info', event: 'progress', total: 100, done: 25, rate: 1, seconds_left: 75 },
    { level: 'info', event: 'progress', total: 100, done: 30, rate: 1, seconds_left: 70 },
    { level: 'info', event: 'note', message: 'Note' },
  ]);
});
