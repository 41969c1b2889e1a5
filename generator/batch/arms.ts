/** A layer's units: which directions a plan asks for, and in what order they stand. */
import type { Arm, Direction, Plan, RenderSettings } from '../../data/schema.ts';
import type { Layer } from '../models/model.ts';
import { float32Bytes, sha256 } from './canonical.ts';
import { HaarFrames, placeOf } from './haar.ts';
import { drawSubset, firstSeeds, renderSeeds } from './seeds.ts';

/** A direction to render, once per seed. */
export interface Unit {
  /** `channel-42`, `channel-42-negative`, `random-7`. */
  readonly id: string;
  readonly arm: Arm;
  /** Its number within the arm. */
  readonly index: number;
  readonly direction: Direction;
  /** The direction itself, `[C]`, of length one. */
  readonly vector: Float32Array;
  readonly seeds: readonly number[];
  /** Where they are not all of the vector alone: the directions of each picture, by the place of its seed. */
  readonly pictures?: readonly PictureDirections[];
  /** The further layers that these are of, by name. */
  readonly others?: readonly string[];
}

/** What one picture of a unit is of. */
export interface PictureDirections {
  /** `[C]` of the unit's own layer. */
  readonly direction: Float32Array;
  /** Of the unit's further layers, in their order. */
  readonly others: readonly Float32Array[];
}

/**
 * The units of one layer in the order of the store: basis, negatives, random, each by index. A layer tapped after its non-linearity has no
 * negatives: nothing there is below zero. `weights` is the SHA-256 of the network's weights. Units whose pictures are coupled all have as many.
 */
export function listUnits(plan: Plan, layer: Layer, weights: string, group?: RenderSettings['group']): Unit[] {
  const channels = layer.shape[0];
  const frames = new HaarFrames(weights, layer.name, channels);
  const counts: Record<Exclude<Arm, 'chosen'>, number> = {
    basis: asked(plan.arms.basis, channels),
    'basis-negative': layer.tap === 'after' ? 0 : asked(plan.arms['basis-negative'] ?? 0, channels),
    random: plan.arms.random,
  };
  return (['basis', 'basis-negative', 'random'] as const).flatMap((arm) => {
    const subset = drawSubset(plan, layer.name, arm, counts[arm]);
    return Array.from({ length: counts[arm] }, (_, index): Unit => {
      const seeds = group ? firstSeeds(plan, group.pictures) : renderSeeds(plan, subset.has(index));
      return arm === 'random' ? randomUnit(index, frames, channels, seeds) : channelUnit(arm, index, channels, seeds);
    });
  });
}

/**
 * The units that get diverse pictures, with the seeds of these: of every arm but the chosen the first of those that `seeds` draws, so that a unit
 * with diverse pictures is one with several renders, where there are as many.
 */
export function diverseUnits(plan: Plan, layer: Layer, units: readonly Unit[]): Unit[] {
  const { diverse } = plan;
  if (!diverse) return [];
  return [...Map.groupBy(units, ({ arm }) => arm)].flatMap(([arm, ofArm]) => {
    if (arm === 'chosen') return [];
    const drawn = drawSubset(plan, layer.name, arm, ofArm.length, diverse.subset);
    return ofArm.flatMap((unit) => (drawn.has(unit.index) ? { ...unit, seeds: firstSeeds(plan, diverse.count) } : []));
  });
}

function asked(number: number | 'every', channels: number): number {
  return number === 'every' ? channels : Math.min(number, channels);
}

function channelUnit(arm: 'basis' | 'basis-negative', channel: number, channels: number, seeds: readonly number[]): Unit {
  const sign = arm === 'basis' ? 1 : -1;
  const vector = new Float32Array(channels);
  vector[channel] = sign;
  const id = `channel-${channel}${sign < 0 ? '-negative' : ''}`;
  return { id, arm, index: channel, direction: { kind: 'channel', channel, sign }, vector, seeds };
}

function randomUnit(index: number, frames: HaarFrames, channels: number, seeds: readonly number[]): Unit {
  const place = placeOf(index, channels);
  const vector = frames.row(place);
  const direction: Direction = { kind: 'haar', ...place, sha256: sha256(float32Bytes(vector)) };
  return { id: `random-${index}`, arm: 'random', index, direction, vector, seeds };
}
