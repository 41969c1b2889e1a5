/** The progress of a run: a bar on a terminal, lines elsewhere. */
import { describe, expect, it } from 'vitest';
import { describeProgress, durationText, openProgress } from '../../generator/batch/progress.ts';

function watch(isTTY: boolean) {
  const clock = { time: 0 };
  const written: string[] = [];
  const progress = openProgress({ isTTY, columns: 100, write: (text: string) => written.push(text) }, () => clock.time);
  return { clock, written, progress };
}

describe('progress', () => {
  it('counts what was there, but takes the rate from this run', () => {
    expect(describeProgress({ total: 1020, done: 412, before: 300, seconds: 56 })).toBe(
      '[█████████···············] 412 of 1,020 pictures · 2.0/s · 5 min 4 s left',
    );
    expect(describeProgress({ total: 10, done: 4, before: 4, seconds: 3 })).toBe('[█████████···············] 4 of 10 pictures');
    expect(describeProgress({ total: 0, done: 0, before: 0, seconds: 0 })).toBe(`[${'█'.repeat(24)}] 0 of 0 pictures`);
    expect(describeProgress({ total: 10, done: 1, before: 0, seconds: 60 })).toContain(' · 1.0/min · 9 min 0 s left');
  });

  it('is a bar on a terminal, drawn over itself at most ten times a second, and gone at the end', () => {
    const { clock, written, progress } = watch(true);
    progress.start(10, 0);
    for (clock.time = 0; clock.time < 1000; clock.time += 10) progress.update(clock.time / 100);
    expect(written).toHaveLength(10);
    expect(written.every((text) => text.startsWith('\r\u001b[K['))).toBe(true);
    progress.note('A line');
    expect(written.at(-1)).toBe('\r\u001b[KA line\n');
    progress.stop();
    expect(written.at(-1)).toBe('\r\u001b[K');
  });

  it('is a whole line every five seconds where there is no terminal', () => {
    const { clock, written, progress } = watch(false);
    progress.start(100, 0);
    for (clock.time = 0; clock.time <= 12_000; clock.time += 500) progress.update(clock.time / 500);
    progress.stop();
    expect(written.filter(Boolean)).toEqual([
      '[██······················] 10 of 100 pictures · 2.0/s · 45 s left\n',
      '[████····················] 20 of 100 pictures · 2.0/s · 40 s left\n',
    ]);
  });

  it('tells long times in hours', () => {
    expect([0.2, 59.4, 60, 3599, 11_520].map(durationText)).toEqual(['1 s', '1 min 0 s', '1 min 0 s', '59 min 59 s', '3 h 12 min']);
  });
});
