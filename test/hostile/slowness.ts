/** How much slower than a quiet machine's processor this one's is now: limits of time are for a quiet one, and beside others the same file takes three times as much of it. */

/** Milliseconds of a processor that the work below takes on the quiet machine whose figures RESULTS.md has. */
const QUIET = 43;
const TIMES = 5;

/** 1 on a quiet machine or a faster one; 2 where the same work takes twice the time. */
export function slowness(): number {
  const times = Array.from({ length: TIMES }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.max(1, times.sort((a, b) => a - b)[TIMES >> 1] / QUIET);
}

/** What an importer does all day: names made, kept and looked up, and small lists. */
function work(): void {
  const names = new Map<string, readonly number[]>();
  for (let i = 0; i < 60_000; i++) names.set(`value-${i}`, [1, i % 7, i % 11]);
  let sum = 0;
  for (let i = 0; i < 60_000; i++) sum += names.get(`value-${(i * 7919) % 60_000}`)?.map((extent) => extent + 1).length ?? 0;
  if (sum !== 180_000) throw new Error(`the measure of slowness is wrong: ${sum}`);
}
