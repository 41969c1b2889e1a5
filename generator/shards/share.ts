/** A shard's share of a plan: which pictures, and what its store says of itself. */
import type { Shard } from '../../data/schema.ts';
import type { Engine } from '../batch/engine.ts';
import { type LayerWork, listTasks, partsOf, type Share } from '../batch/work.ts';
import { fault } from '../graph/errors.ts';
import type { Model } from '../models/model.ts';
import { type DividedPart, dividePictures } from './divide.ts';
import type { ShardName } from './shard.ts';

/** By layer slug, how long a step of a picture takes, in any unit. */
export type Costs = Readonly<Record<string, number>>;

/** What a plan comes to with a model. */
export interface DividedPlan {
  readonly work: readonly LayerWork[];
  readonly model: Model;
  readonly costs: Costs;
}

/** The share of one shard. Depends on the plan, the costs and the shard, and on nothing else. */
export function shareOf(plan: DividedPlan, { index, of }: ShardName): Share {
  const shards = divideWork(plan, of);
  const pictures = Array.from({ length: of }, () => 0);
  for (const shard of shards.values()) pictures[shard - 1]++;
  return { shard: { index, of, costs: plan.costs, pictures }, has: (key) => shards.get(key) === index };
}

/** Which shard each picture of a plan belongs to, from 1 to `of`, by its key. */
export function divideWork({ work, model, costs }: DividedPlan, of: Shard['of']): Map<string, number> {
  const parts = work.flatMap((layer) =>
    partsOf(layer).map((part): DividedPart => ({ work: part, tasks: listTasks(part, model), cost: costs[layer.layer.slug] })),
  );
  return dividePictures(parts, of);
}

/** The costs of every layer: the ones given, which must name each of them, or what their graphs tell. */
export function costsOf(work: readonly LayerWork[], model: Model, engine: Engine, given?: { costs: Costs; file: string }): Costs {
  return Object.fromEntries(
    work.map(({ layer, settings }) => {
      const cost = given ? given.costs[layer.slug] : (engine.stepCost?.({ model, layer: layer.name, settings }) ?? 1);
      if (cost !== undefined) return [layer.slug, cost];
      throw fault({
        where: given?.file ?? '--costs',
        expected: 'a number for every layer of the plan',
        name: layer.slug,
        received: cost,
        remedy: 'Measure the plan as it is: "atlas bench --plan PLAN --json".',
        exitCode: 2,
      });
    }),
  );
}
