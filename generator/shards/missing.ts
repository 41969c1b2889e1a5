/** What no store has, and which shard should have had it. */
import type { LayerWork, Task } from '../batch/work.ts';
import type { Model } from '../models/model.ts';
import { shardText } from './shard.ts';
import { divideWork } from './share.ts';
import type { Source } from './sources.ts';

/** Parts that are named before the rest is counted. */
const NAMED = 8;

/** `104 of shard 2/4 (its store was not given), 3 of shard 3/4 (data/shards/net/3-of-4 is not finished)`; by layer where the stores are not of one division. */
export function describeMissing(
  missing: ReadonlyMap<string, readonly Task[]>,
  sources: readonly Source[],
  { work, model }: { work: readonly LayerWork[]; model: Model },
): string {
  const [first, ...others] = sources.flatMap(({ atlas }) => atlas.shard ?? []);
  const division = ({ of, costs }: typeof first) => JSON.stringify([of, costs]);
  if (!first || others.some((other) => division(other) !== division(first)))
    return listed([...missing].map(([layer, tasks]) => `${tasks.length} of ${layer}`));
  const shards = divideWork({ work, model, costs: first.costs }, first.of);
  const counts = new Map<number, number>();
  for (const task of [...missing.values()].flat()) {
    const index = shards.get(task.key) ?? 0;
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return listed(
    [...counts]
      .sort(([a], [b]) => a - b)
      .map(([index, count]) => `${count} of shard ${shardText({ index, of: first.of })} (${stateOf(index, sources)})`),
  );
}

function stateOf(index: number, sources: readonly Source[]): string {
  const source = sources.find(({ atlas }) => atlas.shard?.index === index);
  if (!source) return 'its store was not given';
  return source.atlas.shard?.complete ? `${source.folder} should have them` : `${source.folder} is not finished`;
}

function listed(parts: readonly string[]): string {
  const rest = parts.length - NAMED;
  return rest > 0 ? `${parts.slice(0, NAMED).join(', ')} and some of ${rest} more` : parts.join(', ');
}
