/** Filling in atlas.json. */

import { ARMS, type Atlas, type AtlasLayer, type Shard } from '../../data/schema.ts';
import manifest from '../../package.json' with { type: 'json' };
import { fault } from '../graph/errors.ts';
import type { Model } from '../models/model.ts';
import { RENDERER_VERSION } from '../render/renderer.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { canonicalJson } from './canonical.ts';
import type { CheckedPlan } from './plan.ts';
import type { LayerWork } from './work.ts';

/** What atlas.json is made from. */
export interface AtlasParts {
  readonly plan: CheckedPlan;
  readonly model: Model;
  /** What renders, or rendered. */
  readonly software: Atlas['software'];
  readonly work: readonly LayerWork[];
  /** What an earlier run wrote. */
  readonly before: Atlas | undefined;
  /** Where the store is to hold a part alone. */
  readonly shard?: Omit<Shard, 'complete'>;
}

/** The record of a run that starts: not complete. An edition ends when a complete atlas is changed by another plan or renderer. */
export function startAtlas({ plan: { plan, sha256 }, model, software, work, before, shard }: AtlasParts): Atlas {
  const same = before?.plan_sha256 === sha256 && before.software.renderer === RENDERER_VERSION;
  const next = before?.complete && !same;
  return {
    schema: 'basis-atlas/1',
    slug: plan.atlas,
    title: plan.title ?? model.title,
    edition: (before?.edition ?? 1) + (next ? 1 : 0),
    complete: false,
    ...(shard ? { shard: { ...shard, complete: false } } : {}),
    model: {
      id: model.id,
      title: model.title,
      format: model.format,
      source: model.source,
      licence: model.licence,
      weights_sha256: model.weightsSha256,
      size: model.size,
      preprocess: { ...model.preprocess, scale: [...model.preprocess.scale], offset: [...model.preprocess.offset] },
      ...describeShown(model.preprocess.scale.length),
    },
    plan,
    plan_sha256: sha256,
    layers: work.map(describeLayer),
    software,
    created: before && same ? before.created : new Date().toISOString(),
  };
}

/** The record of a run that ended: of a shard, that its part is there. */
export function finishAtlas(atlas: Atlas, complete: boolean): Atlas {
  return atlas.shard ? { ...atlas, shard: { ...atlas.shard, complete } } : { ...atlas, complete };
}

/** Whether all is there that a store is to hold. */
export function isFinished({ complete, shard }: Atlas): boolean {
  return shard ? shard.complete : complete;
}

/** Whether a finished atlas is what this run would write; then what rendered it stays on record. */
export function sameButSoftware(before: Atlas, now: Atlas): boolean {
  const comparable = (atlas: Atlas) => {
    const { software: _, ...rest } = finishAtlas({ ...atlas, complete: false }, false);
    return canonicalJson(rest);
  };
  return comparable(before) === comparable(now);
}

/** What renders here and now. */
export function describeSoftware(runtime: Runtime): Atlas['software'] {
  return {
    atlas: manifest.version,
    renderer: RENDERER_VERSION,
    node: process.version,
    runtime: runtime.version,
    device: runtime.device,
    threads: runtime.threads,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** What a picture's three colours are of a network's channels (generator/render/open.ts shows them so). */
function describeShown(channels: number): { shown?: string } {
  if (channels === 3) return {};
  if (channels === 1) return { shown: 'the one channel, as grey' };
  return {
    shown: channels === 2 ? 'two channels as red and green, blue at its middle' : `the first three of ${channels} channels, as colours`,
  };
}

function describeLayer({ layer, settings, units, frames, diverse }: LayerWork): AtlasLayer {
  const counts = ARMS.map((arm) => [arm, units.filter((unit) => unit.arm === arm).length] as const);
  return {
    slug: layer.slug,
    name: layer.name,
    tap: layer.tap,
    ...(layer.nonlinearity ? { nonlinearity: layer.nonlinearity } : {}),
    operator: layer.operator,
    shape: [...layer.shape],
    ...(layer.layout ? { layout: layer.layout } : {}),
    receptive_field: layer.receptiveField,
    stride: layer.stride,
    render: settings,
    units: Object.fromEntries(counts.filter(([, total]) => total > 0)),
    pictures: {
      renders: countPictures(units),
      frames: frames.length > 0 ? units.length : 0,
      diverse: countPictures(diverse?.units ?? []),
    },
  };
}

function countPictures(units: LayerWork['units']): number {
  return units.reduce((sum, { seeds }) => sum + seeds.length, 0);
}

/** Refuses to write one network's or one atlas's pictures over another's, or a part over the whole. */
export function checkSameAtlas(
  folder: string,
  before: Atlas | undefined,
  plan: CheckedPlan,
  model: Model,
  shard?: Pick<Shard, 'index' | 'of'>,
): void {
  const remedy = 'Choose another folder with --out, another "atlas" in the plan, or remove the folder.';
  if (before && before.slug !== plan.plan.atlas)
    throw fault({ where: folder, expected: `the atlas "${plan.plan.atlas}"`, name: 'atlas.json', received: before.slug, remedy });
  if (before && before.model.weights_sha256 !== model.weightsSha256)
    throw fault({
      where: folder,
      expected: `an atlas of the network with weights ${model.weightsSha256}`,
      name: 'atlas.json',
      received: before.model.weights_sha256,
      remedy,
    });
  if (before && describePart(before.shard) !== describePart(shard))
    throw fault({ where: folder, expected: describePart(shard), name: 'atlas.json', received: describePart(before.shard), remedy });
}

function describePart(shard: Pick<Shard, 'index' | 'of'> | undefined): string {
  return shard ? `shard ${shard.index}/${shard.of}` : 'an atlas that is no shard';
}
