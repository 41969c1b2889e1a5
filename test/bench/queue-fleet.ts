/** A queue with many workers, in simulated time: one run stores what comes back, one batch after the other. */

/** In milliseconds. */
export interface Fleet {
  readonly workers: number;
  /** To check and store a batch. */
  readonly commit: number;
  /** To render one, give or take a fifth. */
  readonly render: number;
  /** Batches in the queue at a time: three a worker, as the run has it, if left out. */
  readonly window?: number;
}

/**
 * A thousand seconds of it. A worker takes a batch whenever one waits; a batch that is rendered waits for the run; one that is stored makes room
 * for another in the queue. `rate` is in batches a second, the others in shares of the time.
 */
export function simulateFleet({ workers, commit, render, window = Math.max(32, 3 * workers) }: Fleet): {
  rate: number;
  runBusy: number;
  workersBusy: number;
} {
  const end = 1e6;
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const events: { at: number; stored: boolean }[] = [];
  const put = (at: number, stored: boolean) => {
    let low = 0;
    for (let high = events.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (events[middle].at > at) low = middle + 1;
      else high = middle;
    }
    events.splice(low, 0, { at, stored });
  };
  let [waiting, idle, back, storing, stored, rendered] = [window, workers, 0, false, 0, 0];
  for (let now = 0; now < end; ) {
    for (; idle > 0 && waiting > 0; idle--, waiting--) {
      const time = render * (0.8 + 0.4 * random());
      rendered += Math.min(time, end - now);
      put(now + time, false);
    }
    if (!storing && back > 0) {
      [storing, back] = [true, back - 1];
      put(now + commit, true);
    }
    const next = events.pop();
    if (!next) break;
    now = next.at;
    if (now > end) break;
    if (next.stored) [storing, stored, waiting] = [false, stored + 1, waiting + 1];
    else [idle, back] = [idle + 1, back + 1];
  }
  return { rate: stored / (end / 1000), runBusy: (stored * commit) / end, workersBusy: rendered / (workers * end) };
}
