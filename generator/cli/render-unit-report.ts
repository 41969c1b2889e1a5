/** What is said of a unit that was rendered again: beside what was published of it, and beside what else the atlas shows. */
import type { Atlas } from '../../data/schema.ts';
import { APART, pictureDistance, SAME_PICTURE } from '../batch/picture-distance.ts';
import { fault } from '../graph/errors.ts';
import { type PublishedUnit, publishedFile } from './render-unit-again.ts';

/** Pictures of other units that the published one is measured against. */
const OTHERS = 8;

type Software = Atlas['software'];

/** What was rendered. */
export interface UnitReport {
  readonly atlas: string;
  readonly layer: string;
  readonly unit: string;
  readonly seed: number;
  /** Where the picture was written. */
  readonly file: string;
  readonly sha256: string;
  readonly state: string;
  readonly score: number | null;
  readonly software: Software;
  readonly comparison?: UnitComparison;
}

/** How it stands to what was published. */
export interface UnitComparison {
  readonly published: { readonly sha256: string; readonly score: number | null; readonly software: Software };
  /** Whether all that pixels depend on, but the machine, is what it was: the renderer, the encoding, the weights, settings and direction. */
  readonly same_recipe: boolean;
  readonly same_bytes: boolean;
  /** Mean absolute difference of 8-bit values after a blur of two pixels. */
  readonly distance: number;
  /** Up to which it is the same picture, rounded otherwise. */
  readonly bound: number;
  readonly same_picture: boolean;
  /** Medians of the distances from the published picture to those of the unit's other starts, and to the first of some other units of the layer. */
  readonly other_starts: number | null;
  readonly other_units: number | null;
}

/** Compares a picture's bytes with the published ones. Throws where nothing was published. */
export async function compareUnit(
  unit: PublishedUnit,
  { bytes, sha256, key }: { bytes: Uint8Array; sha256: string; key: string },
): Promise<UnitComparison> {
  const { atlas, published, folder, records, task } = unit;
  const file = publishedFile(unit, published);
  if (!published?.image || !file)
    throw fault({
      where: folder,
      expected: 'a published picture',
      name: `${task.unit.id}, seed ${task.seed}`,
      received: published?.message ?? 'none',
      remedy: 'Without --compare it is rendered all the same.',
    });
  const distance = await pictureDistance(bytes, file);
  const own = records.find(({ id }) => id === task.unit.id)?.[task.series]?.filter(({ seed }) => seed !== task.seed) ?? [];
  const others = records.filter(({ id }) => id !== task.unit.id).map(({ renders }) => renders[0]);
  const spread = Array.from(
    { length: Math.min(OTHERS, others.length) },
    (_, i) => others[Math.floor((i * others.length) / OTHERS)] ?? others[i],
  );
  const median = async (renders: typeof own) => {
    const files = renders.flatMap((render) => publishedFile(unit, render) ?? []);
    const distances = await Promise.all(files.map((other) => pictureDistance(file, other)));
    return distances.length === 0 ? null : distances.sort((a, b) => a - b)[distances.length >> 1];
  };
  return {
    published: { sha256: published.image, score: published.score, software: atlas.software },
    same_recipe: key === published.key,
    same_bytes: sha256 === published.image,
    distance,
    bound: SAME_PICTURE.largest,
    same_picture: distance <= SAME_PICTURE.largest,
    other_starts: await median(own),
    other_units: await median(spread),
  };
}

/** The report for people. */
export function describeUnit({ atlas, layer, unit, seed, file, sha256, state, score, software, comparison }: UnitReport): string {
  const lines = [`${atlas}/${layer}/${unit}, seed ${seed}: ${file}${state === 'ok' ? '' : ` (${state})`}`];
  if (!comparison) return `${[...lines, `sha256    ${sha256}`, `score     ${score}`, `software  ${said(software)}`].join('\n')}\n`;
  const { published, same_recipe, same_bytes, distance, bound, same_picture, other_starts, other_units } = comparison;
  const bytes = same_bytes ? 'the same as published' : 'not those published';
  const apart = [
    ...(other_starts === null ? [] : [`its other starts lie ${other_starts.toFixed(1)} from it`]),
    ...(other_units === null ? [] : [`other units of the layer ${other_units.toFixed(1)}`]),
  ];
  lines.push(
    `bytes     ${bytes}, sha256 ${sha256}`,
    `distance  ${distance.toFixed(1)} of 255 from the published picture${apart.length > 0 ? `; ${apart.join(', ')}` : ''}`,
    `          A change of rounding alone moves a picture by less than ${SAME_PICTURE.median} in the median and ${bound} at most; two starts of a unit are ${APART.starts} apart, two units ${APART.units}.`,
    `score     ${published.score} then, ${score} now`,
    `software  ${said(published.software)} then`,
    `          ${said(software)} now`,
    ...(same_recipe ? [] : ['recipe    another than then: the renderer, the encoding, a setting or the direction has changed']),
    same_picture
      ? `It is the same picture${same_bytes ? ', to the last byte' : ', as near as rounding lets it be'}.`
      : `It is another picture: ${distance.toFixed(1)} is beyond ${bound}.`,
  );
  return `${lines.join('\n')}\n`;
}

function said({ atlas, renderer, runtime, device, node, platform }: Software): string {
  return `atlas ${atlas}, renderer ${renderer}, ${runtime} on ${device}, Node ${node}, ${platform}`;
}
