/** Settings that contradict each other, each with what to do about it. */
import type { RenderSettings } from '../../data/schema.ts';
import { fault } from '../graph/errors.ts';
import { listLevels } from './parameterisation/pyramid.ts';
import { canvasSize } from './transformation.ts';

/** A setting that cannot be as it is: what it would have to be, and what to do. */
interface Contradiction {
  readonly name: keyof RenderSettings;
  readonly expected: string;
  readonly remedy: string;
}

/** Throws for the first contradiction, with exit code 2. */
export function checkSettings(settings: RenderSettings): void {
  const found = [...listSteps(settings), ...listMoves(settings), ...listPictures(settings), ...listObjectives(settings)].at(0);
  if (!found) return;
  const { name, expected, remedy } = found;
  throw fault({ where: 'the plan', expected, name: `render.${name}`, received: settings[name], remedy, exitCode: 2 });
}

function listSteps({ schedule, cooldown }: RenderSettings): Contradiction[] {
  if (cooldown === undefined || schedule === 'cooldown') return [];
  return [{ name: 'cooldown', expected: 'nothing without that schedule', remedy: 'Set "schedule": "cooldown", or leave it out.' }];
}

function listMoves(settings: RenderSettings): Contradiction[] {
  const { size, jitter, final_jitter, scale } = settings;
  const found: Contradiction[] = [];
  if (2 * canvasSize(settings) < size)
    found.push({
      name: 'pad',
      expected: `at least ${Math.ceil((jitter + final_jitter - size / 2) / 2)}, so that the shifts leave half of ${size} pixels in view`,
      remedy: 'Raise the padding, or lower jitter and final_jitter.',
    });
  if (scale[0] > scale[1]) found.push({ name: 'scale', expected: 'the smaller magnification first', remedy: 'Swap the two.' });
  return found;
}

function listPictures(settings: RenderSettings): Contradiction[] {
  const { size, parameterisation, levels, low_resolution, magnitude, cppn, transparency, grey_scale, penalties = [] } = settings;
  const found: Contradiction[] = [];
  const onlyWith = (name: 'levels' | 'low_resolution' | 'magnitude' | 'cppn', owner: RenderSettings['parameterisation']) =>
    found.push({
      name,
      expected: `nothing without the parameterisation "${owner}"`,
      remedy: `Set "parameterisation": "${owner}", or leave it out.`,
    });
  if (levels !== undefined && parameterisation !== 'laplacian-pyramid') onlyWith('levels', 'laplacian-pyramid');
  if (low_resolution && parameterisation !== 'low-resolution') onlyWith('low_resolution', 'low-resolution');
  if (magnitude && parameterisation !== 'maco') onlyWith('magnitude', 'maco');
  if (cppn && parameterisation !== 'cppn') onlyWith('cppn', 'cppn');
  if (parameterisation === 'low-resolution' && !low_resolution)
    found.push({
      name: 'low_resolution',
      expected: 'the smaller pictures of "low-resolution"',
      remedy: 'Give them, as [{ "factor": 2 }, { "factor": 4, "offset": "half" }].',
    });
  const sized = parameterisation === 'laplacian-pyramid' || (parameterisation === 'low-resolution' && low_resolution);
  if (sized && listLevels(settings).some(({ side, offset }) => side < 1 || offset > size))
    found.push({
      name: low_resolution ? 'low_resolution' : 'levels',
      expected: `pictures of one pixel or more, moved by ${size} at most`,
      remedy: 'Lower the levels, the factors or the offsets, or raise the size.',
    });
  if (parameterisation === 'maco' && transparency && Object.keys(transparency).length > 0)
    found.push({
      name: 'transparency',
      expected: 'no weights, since the alpha of "maco" is not optimised',
      remedy: 'Write "transparency": {}, or choose another parameterisation.',
    });
  if (parameterisation === 'maco' && magnitude && grey_scale)
    found.push({ name: 'grey_scale', expected: 'nothing beside magnitudes of a file', remedy: 'Leave one of the two out.' });
  if (penalties.some((penalty) => penalty.kind === 'boundary' && 2 * (penalty.width ?? 1) > size))
    found.push({ name: 'penalties', expected: `a boundary of at most ${size / 2} pixels`, remedy: 'Lower its width.' });
  if (transparency && parameterisation !== 'maco' && penalties.some(({ kind }) => kind === 'input-difference'))
    found.push({
      name: 'penalties',
      expected: 'no "input-difference" of a picture with alpha',
      remedy: 'Leave the transparency or the penalty out.',
    });
  return found;
}

function listObjectives({ objective, position, cosine_power, reference, group }: RenderSettings): Contradiction[] {
  const found: Contradiction[] = [];
  if (position !== undefined && objective !== 'neuron')
    found.push({
      name: 'position',
      expected: 'nothing without the objective "neuron"',
      remedy: 'Set "objective": "neuron", or leave it out.',
    });
  if (cosine_power !== undefined && objective === 'cosine')
    found.push({ name: 'cosine_power', expected: 'nothing with "cosine", which is one', remedy: 'Leave it out, or use "channel".' });
  if (cosine_power !== undefined && objective === 'deepdream')
    found.push({ name: 'cosine_power', expected: 'nothing with "deepdream", which has no direction', remedy: 'Leave it out.' });
  if (objective === 'caricature' && !reference)
    found.push({
      name: 'reference',
      expected: 'the picture of the caricature',
      remedy: 'Name a .npy file, [channels,size,size] in [0,1].',
    });
  if (reference && objective !== 'caricature')
    found.push({
      name: 'reference',
      expected: 'nothing without the objective "caricature"',
      remedy: 'Set it, or leave the reference out.',
    });
  if (group && group.diversity === undefined && group.alignment === undefined && group.share === undefined)
    found.push({
      name: 'group',
      expected: 'a diversity, an alignment or a share',
      remedy: 'Give the weight of one, or leave the group out: "seeds" renders several pictures apart.',
    });
  if (group?.decay_ratio !== undefined && group.alignment === undefined)
    found.push({ name: 'group', expected: 'no decay_ratio without an alignment', remedy: 'Leave it out.' });
  return found;
}
