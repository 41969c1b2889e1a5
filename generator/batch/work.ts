/** What a plan comes to: its layers with their settings and units, and which renders are still to do. */
import type { Plan, RenderSettings, Shard } from '../../data/schema.ts';
import { fault } from '../graph/errors.ts';
import type { Layer, Model } from '../models/model.ts';
import type { RenderJob } from '../render/renderer.ts';
import { diverseUnits, listUnits, type Unit } from './arms.ts';
import { chosenUnits } from './chosen.ts';
import type { Engine } from './engine.ts';
import { frameSteps, sameSteps } from './frames.ts';
import type { Journal } from './journal.ts';
import { type LayerKey, renderKey } from './key.ts';
import type { CheckedPlan } from './plan.ts';
import type { Store } from './store.ts';

/** Where in a unit's record a picture stands. */
export type Series = 'renders' | 'diverse';

/** One layer of a plan. */
export interface LayerWork {
  readonly layer: Layer;
  readonly settings: RenderSettings;
  readonly units: readonly Unit[];
  /** After how many steps a unit's first picture is kept for its filmstrip; empty for none. */
  readonly frames: readonly number[];
  /** What the plan says of the network's pixels. */
  readonly preprocess?: Plan['preprocess'];
  readonly series: Series;
  /** The same layer's diverse pictures: other settings, some of the units, seeds of their own. */
  readonly diverse?: LayerWork;
}

/** One picture to make. */
export interface Task {
  readonly unit: Unit;
  readonly seed: number;
  readonly key: string;
  /** After how many steps the picture is kept for a filmstrip; empty for none. */
  readonly frames: readonly number[];
  readonly series: Series;
}

/** What is rendered of a layer, with settings of its own each: its renders, and its diverse pictures where there are any. */
export function partsOf(work: LayerWork): LayerWork[] {
  return [work, ...(work.diverse ? [work.diverse] : [])];
}

/** A part of a plan's pictures, for a store of its own. */
export interface Share {
  readonly shard: Omit<Shard, 'complete'>;
  /** Whether a picture belongs to it, by its key. */
  has(key: string): boolean;
}

/** A layer as the store of a part has it in the end: the units that have a picture among the tasks, and no other seeds of theirs. */
export function narrowWork(work: LayerWork, tasks: readonly Task[]): LayerWork {
  const units = (series: Series) => {
    const ofUnit = Map.groupBy(
      tasks.filter((task) => task.series === series),
      ({ unit }) => unit.id,
    );
    return (unit: Unit) => ({ ...unit, seeds: ofUnit.get(unit.id)?.map(({ seed }) => seed) ?? [] });
  };
  const diverse = work.diverse?.units.map(units('diverse')).filter(({ seeds }) => seeds.length > 0) ?? [];
  const apart = new Set(diverse.map(({ id }) => id));
  return {
    ...work,
    units: work.units.map(units('renders')).filter(({ id, seeds }) => seeds.length > 0 || apart.has(id)),
    ...(work.diverse ? { diverse: { ...work.diverse, units: diverse } } : {}),
  };
}

/** The layers of a plan, in its order. Throws before anything is rendered if one is unknown or named twice. */
export function listWork({ plan, file }: CheckedPlan, model: Model, engine: Engine): LayerWork[] {
  const seen = new Map<string, string>();
  return plan.layers.map((entry, i) => {
    const reference = layerReference(entry);
    const settings = engine.resolveSettings(plan.render, typeof entry === 'string' ? undefined : entry.render);
    const layer = engine.findLayer(model, reference, settings.size);
    const earlier = seen.get(layer.slug);
    if (earlier)
      throw fault({
        where: file,
        expected: 'every layer once',
        name: `layers[${i}]`,
        received: reference,
        remedy: `It is the same layer as ${JSON.stringify(earlier)}: remove one of the two.`,
        exitCode: 2,
      });
    seen.set(layer.slug, reference);
    const listed = listUnits(plan, layer, model.weightsSha256, settings.group);
    const find = (other: string) => engine.findLayer(model, other, settings.size);
    const chosen =
      typeof entry === 'string' ? [] : chosenUnits({ plan, file, layer, settings, find }, entry.units ?? [], `layers[${i}].units`);
    const preprocess = withoutNote(plan.preprocess);
    const frames = frameSteps(settings.steps, plan.frames ?? 0);
    const work: LayerWork = {
      layer,
      settings,
      units: [...listed, ...chosen],
      frames,
      series: 'renders',
      ...(preprocess ? { preprocess } : {}),
    };
    const group = diverseGroup({ plan, file }, settings);
    if (!group) return work;
    const own = { ...(typeof entry === 'string' ? {} : entry.render), group };
    const units = diverseUnits(plan, layer, listed);
    return {
      ...work,
      diverse: { ...work, settings: engine.resolveSettings(plan.render, own), units, frames: [], series: 'diverse' },
    };
  });
}

/** Weight of the diversity where a plan does not say; chosen by eye (generator/render/README.md). */
const DIVERSITY = 0.5;

/** How a unit's diverse pictures are coupled, if the plan asks for any. */
function diverseGroup({ plan: { diverse }, file }: Pick<CheckedPlan, 'plan' | 'file'>, { group }: RenderSettings): RenderSettings['group'] {
  if (!diverse) return undefined;
  if (group)
    throw fault({
      where: file,
      expected: 'no "group" in the render settings, where "diverse" asks for groups beside the renders,',
      name: 'diverse',
      received: group,
      remedy: 'Leave one of the two out.',
      exitCode: 2,
    });
  return { pictures: diverse.count, diversity: diverse.weight ?? DIVERSITY };
}

/** The pixels without what is said of them to people, so that a note changes no picture. */
function withoutNote(pixels: Plan['preprocess']): Plan['preprocess'] {
  if (!pixels) return undefined;
  const { about: _, ...range } = pixels;
  return range;
}

function layerReference(entry: Plan['layers'][number]): string {
  return typeof entry === 'string' ? entry : entry.layer;
}

/** Every picture of a layer's renders, or of its diverse groups, in the order of the store. */
export function listTasks({ layer, settings, units, frames, series, preprocess }: LayerWork, model: Model): Task[] {
  const name: LayerKey = { weights: model.weightsSha256, layer: layer.name, settings, ...(preprocess ? { preprocess } : {}) };
  return units.flatMap((unit) =>
    unit.seeds.map((seed, i) => ({
      unit,
      seed,
      key: renderKey(name, unit.id, directionsOf(unit, seed).direction, seed, unit.direction),
      frames: i === 0 ? frames : [],
      series,
    })),
  );
}

/** Whether a render is there: recorded under the same key, not failed, its image and the frames that the plan asks for on the disk. */
export function isDone({ unit, seed, key, frames, series }: Task, journal: Journal, store: Store): boolean {
  const record = journal.find(unit.id, seed, series);
  if (record?.key !== key || record.state === 'failed') return false;
  if (record.image === undefined || !store.hasImage(record.image)) return false;
  return (
    frames.length === 0 || (record.frames !== undefined && sameSteps(record.frames.steps, frames) && store.hasImage(record.frames.image))
  );
}

/** The tasks that are not done. Pictures that are made together are all to do where one of them is. */
export function missingTasks(tasks: readonly Task[], { settings }: LayerWork, journal: Journal, store: Store): Task[] {
  const missing = tasks.filter((task) => !isDone(task, journal, store));
  if (!settings.group) return missing;
  const units = new Set(missing.map(({ unit }) => unit.id));
  return tasks.filter(({ unit }) => units.has(unit.id));
}

/** What the renderer is asked for. */
export function jobOf({ unit, seed }: Task): RenderJob {
  const { direction, others } = directionsOf(unit, seed);
  return { unit: unit.id, direction, seed, ...(unit.others ? { others } : {}) };
}

function directionsOf({ pictures, seeds, vector }: Unit, seed: number): { direction: Float32Array; others: readonly Float32Array[] } {
  return pictures?.[seeds.indexOf(seed)] ?? { direction: vector, others: [] };
}
