/** Checking a layer's records: each unit in its place, each picture with what the plan asks for, as many as atlas.json says. */
import { readFile } from 'node:fs/promises';
import { type Atlas, type AtlasLayer, isSealed, type RenderRecord, type UnitRecord } from '../../data/schema.ts';
import { isFinished } from './atlas-record.ts';
import { type Finding, REPAIR } from './finding.ts';
import { frameSteps, sameSteps } from './frames.ts';
import { layerFile, splitLines } from './journal.ts';
import { firstSeeds } from './seeds.ts';
import { ATLAS_FILE } from './store.ts';

/** A layer's records as far as they can be read. */
export interface CheckedRecords {
  readonly records: readonly UnitRecord[];
  /** Lines without a digest, from before there were any. */
  readonly unsealed: number;
}

type Add = (problem: string, repair?: string) => void;

/** The records of a layer, as far as they can be read; what is wrong with them is added to the findings. */
export async function checkRecords(folder: string, layer: AtlasLayer, atlas: Atlas, findings: Finding[]): Promise<CheckedRecords> {
  const file = layerFile(layer.slug);
  const add: Add = (problem, repair = REPAIR.again) => findings.push({ file, problem, repair });
  const bytes = await readFile(`${folder}/${file}`).catch(() => undefined);
  if (!bytes) {
    if (atlas.complete) add('is missing');
    return { records: [], unsealed: 0 };
  }
  const lines = splitLines(bytes);
  const end = lines.at(-1)?.end ?? 0;
  if (end < bytes.length) add(`its last line is torn (${bytes.length - end} bytes)`, atlas.complete ? REPAIR.again : REPAIR.run);
  for (const [i, line] of lines.entries()) if ('mistake' in line) add(`line ${i + 1}: ${line.mistake}`);
  const records = lines.flatMap((line) => ('record' in line ? line.record : []));
  const unsealed = lines.filter((line) => 'record' in line && !isSealed(line.text.toString('utf8', 0, line.text.length - 1)));
  // A line that is lost would be told again as one that is missing.
  if (atlas.complete && records.length === lines.length && end === bytes.length) {
    checkOrder(records, layer, add);
    checkCounts(records, layer, add);
  }
  const steps = frameSteps(layer.render.steps, atlas.plan.frames ?? 0);
  const [first] = firstSeeds(atlas.plan, 1);
  const finished = isFinished(atlas);
  for (const { id, renders, diverse = [] } of records) {
    for (const render of renders) checkRender(`${id}, seed ${render.seed}`, render, render.seed === first ? steps : [], finished, add);
    for (const render of diverse) checkRender(`${id}, diverse, seed ${render.seed}`, render, [], finished, add);
  }
  return { records, unsealed: unsealed.length };
}

/** A render has an image and the frames that the plan asks for; in a complete atlas none failed. */
function checkRender(name: string, { state, image, frames }: RenderRecord, wanted: readonly number[], finished: boolean, add: Add): void {
  if (state === 'failed') {
    if (finished) add(`${name}: failed, in an atlas that calls itself complete`, REPAIR.run);
    return;
  }
  if (!image) add(`${name}: has no image`, REPAIR.run);
  if (finished && !sameSteps(frames?.steps ?? [], wanted))
    add(`${name}: expected frames after ${wanted.join(', ') || 'no'} steps, received ${frames?.steps.join(', ') ?? 'none'}`, REPAIR.run);
}

/** A finished shard has as many pictures as its plan's division gives it. */
export function checkShard({ shard }: Atlas, records: readonly UnitRecord[], findings: Finding[]): void {
  if (!shard?.complete) return;
  const found = records.reduce((sum, { renders, diverse = [] }) => sum + renders.length + diverse.length, 0);
  const expected = shard.pictures[shard.index - 1];
  if (found === expected) return;
  const problem = `expected ${expected} pictures of shard ${shard.index}/${shard.of}, received ${found}`;
  findings.push({ file: ATLAS_FILE, problem, repair: REPAIR.run });
}

/** A complete layer has as many pictures as atlas.json says; one from before these were counted says nothing. */
function checkCounts(lines: readonly UnitRecord[], { pictures }: AtlasLayer, add: Add): void {
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
function checkOrder(lines: readonly UnitRecord[], { units }: AtlasLayer, add: Add): void {
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
