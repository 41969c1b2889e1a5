/** Filling in atlas.json. */

import { ARMS, type Atlas, type AtlasLayer } from '../../data/schema.ts';
import manifest from '../../package.json' with { type: 'json' };
import { fault } from '../graph/errors.ts';
import type { Model } from '../models/model.ts';
import { RENDERER_VERSION } from '../render/renderer.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CheckedPlan } from './plan.ts';
import type { LayerWork } from './work.ts';

/** What atlas.json is made from. */
export interface AtlasParts {
  readonly plan: CheckedPlan;
  readonly model: Model;
  readonly runtime: Runtime;
  readonly work: readonly LayerWork[];
  /** What an earlier run wrote. */
  readonly before: Atlas | undefined;
}

/** The record of a run that starts: not complete. An edition ends when a complete atlas is changed by another plan or renderer. */
export function startAtlas({ plan: { plan, sha256 }, model, runtime, work, before }: AtlasParts): Atlas {
  const same = before?.plan_sha256 === sha256 && before.software.renderer === RENDERER_VERSION;
  const next = before?.complete && !same;
  return {
    schema: 'basis-atlas/1',
    slug: plan.atlas,
    title: plan.title ?? model.title,
    edition: (before?.edition ?? 1) + (next ? 1 : 0),
    complete: false,
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
    software: {
      atlas: manifest.version,
      renderer: RENDERER_VERSION,
      node: process.version,
      runtime: runtime.version,
      device: runtime.device,
      threads: runtime.threads,
      platform: `${process.platform} ${process.arch}`,
    },
    created: before && same ? before.created : new Date().toISOString(),
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

/** Refuses to write one network's or one atlas's pictures over another's. */
export function checkSameAtlas(folder: string, before: Atlas | undefined, plan: CheckedPlan, model: Model): void {
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
}
