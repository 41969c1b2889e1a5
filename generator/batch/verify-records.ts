/** Checking a layer's records: each unit in its place, each picture with what the plan asks for, as many as atlas.json says. */
import { readFile } from 'node:fs/promises';
import type { Atlas, AtlasLayer, RenderRecord, UnitRecord } from '../../data/schema.ts';
import { reason } from '../graph/errors.ts';
import { isFinished } from './atlas-record.ts';
import { frameSteps, sameSteps } from './frames.ts';
import { layerFile, readLines } from './journal.ts';
import { firstSeeds } from './seeds.ts';
import { ATLAS_FILE } from './store.ts';

/** One thing wrong. */
export interface Finding {
  /** Relative to the store: `layers/conv-1.jsonl`. */
  readonly file: string;
  readonly problem: string;
}

/** The records of a layer, as far as they can be read; what is wrong with them is added to the findings. */
export async function checkRecords(folder: string, layer: AtlasLayer, atlas: Atlas, findings: Finding[]): Promise<readonly UnitRecord[]> {
  const file = layerFile(layer.slug);
  const add = (problem: string) => findings.push({ file, problem });
  const bytes = await readFile(`${folder}/${file}`).catch(() => undefined);
  if (!bytes) {
    if (atlas.complete) add('is missing');
    return [];
  }
  try {
    const { lines, length } = readLines(bytes, file);
    if (length < bytes.length) add(`its last line is torn (${bytes.length - length} bytes); run the plan again`);
    if (atlas.complete) {
      checkOrder(lines, layer, add);
      checkCounts(lines, layer, add);
    }
    const steps = frameSteps(layer.render.steps, atlas.plan.frames ?? 0);
    const [first] = firstSeeds(atlas.plan, 1);
    const finished = isFinished(atlas);
    for (const { id, renders, diverse = [] } of lines) {
      for (const render of renders) checkRender(`${id}, seed ${render.seed}`, render, render.seed === first ? steps : [], finished, add);
      for (const render of diverse) checkRender(`${id}, diverse, seed ${render.seed}`, render, [], finished, add);
    }
    return lines;
  } catch (error) {
    add(reason(error));
    return [];
  }
}

/** A render has an image and the frames that the plan asks for; in a complete atlas none failed. */
function checkRender(
  name: string,
  { state, image, frames }: RenderRecord,
  wanted: readonly number[],
  finished: boolean,
  add: (problem: string) => void,
): void {
  if (state === 'failed') {
    if (finished) add(`${name}: failed, in an atlas that calls itself complete`);
    return;
  }
  if (!image) add(`${name}: has no image`);
  if (finished && !sameSteps(frames?.steps ?? [], wanted))
    add(`${name}: expected frames after ${wanted.join(', ') || 'no'} steps, received ${frames?.steps.join(', ') ?? 'none'}`);
}

/** A finished shard has as many pictures as its plan's division gives it. */
export function checkShard({ shard }: Atlas, records: readonly UnitRecord[], findings: Finding[]): void {
  if (!shard?.complete) return;
  const found = records.reduce((sum, { renders, diverse = [] }) => sum + renders.length + diverse.length, 0);
  const expected = shard.pictures[shard.index - 1];
  if (found === expected) return;
  const problem = `expected ${expected} pictures of shard ${shard.index}/${shard.of}, received ${found}; give its command again`;
  findings.push({ file: ATLAS_FILE, problem });
}

/** A complete layer has as many pictures as atlas.json says; one from before these were counted says nothing. */
function checkCounts(lines: readonly UnitRecord[], { pictures }: AtlasLayer, add: (problem: string) => void): void {
  if (!pictures) return;
  const found = {
    renders: lines.reduce((sum, { renders }) => sum + renders.length, 0),
    frames: lines.filter(({ renders }) => renders[0]?.frames).length,
    diverse: lines.reduce((sum, { diverse = [] }) => sum + diverse.length, 0),
  };
  for (const kind of ['renders', 'frames', 'diverse'] as const)
    if (found[kind] !== pictures[kind]) add(`expected ${pictures[kind]} ${kind}, as ${ATLAS_FILE} says, received ${found[kind]}`);
}

/** A complete layer has a line per unit, in the order of the arms. */
function checkOrder(lines: readonly UnitRecord[], { units }: AtlasLayer, add: (problem: string) => void): void {
  const found = lines.map(({ id }) => id);
  const expected = NUMBERED_ARMS.flatMap((arm) => Array.from({ length: units[arm] ?? 0 }, (_, index) => unitId(arm, index)));
  // What a plan calls its own units stands nowhere but in their records, after the others.
  const chosen = lines.slice(expected.length, expected.length + (units.chosen ?? 0));
  expected.push(...Array.from({ length: units.chosen ?? 0 }, (_, i) => (chosen[i]?.arm === 'chosen' ? chosen[i].id : 'a chosen unit')));
  const different = expected.findIndex((id, i) => found[i] !== id);
  if (different >= 0) add(`line ${different + 1}: expected ${expected[different]}, received ${found[different] ?? 'nothing'}`);
  else if (found.length > expected.length) add(`line ${expected.length + 1}: expected nothing, received ${found[expected.length]}`);
}

const NUMBERED_ARMS = ['basis', 'basis-negative', 'random'] as const;

function unitId(arm: (typeof NUMBERED_ARMS)[number], index: number): string {
  return arm === 'random' ? `random-${index}` : `channel-${index}${arm === 'basis-negative' ? '-negative' : ''}`;
}
