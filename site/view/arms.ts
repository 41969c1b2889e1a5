/** What each arm is called and how it is told apart: a colour (by its class in the style sheet), a mark and the shape of its tiles. */
import type { Arm } from '../../data/schema.ts';

export interface ArmName {
  /** The class in the style sheet, short since every tile has one. */
  readonly css: 'b' | 'n' | 'r';
  readonly mark: string;
  /** `Basis` */
  readonly title: string;
  /** `channels`: what its units are. */
  readonly units: string;
  readonly about: string;
}

export const ARM_NAMES: Record<Arm, ArmName> = {
  basis: {
    css: 'b',
    mark: '◆',
    title: 'Basis',
    units: 'channels',
    about: 'One channel each: the axes that the network itself computes with.',
  },
  'basis-negative': {
    css: 'n',
    mark: '◇',
    title: 'Basis, negative',
    units: 'negated channels',
    about: 'One channel each, driven down instead of up.',
  },
  random: {
    css: 'r',
    mark: '○',
    title: 'Random',
    units: 'random directions',
    about: 'Rows of random rotations of the same space: a mixture of all channels each, of the same length as one channel.',
  },
  chosen: {
    css: 'r',
    mark: '□',
    title: 'Chosen',
    units: 'chosen units',
    about:
      'Units that the plan makes up: sums of channels, ways from one to another, given directions. They are of no arm that is compared.',
  },
};

/** Arms that are compared and have no pages of their own. */
const COMPARED: Record<string, string> = {
  'sparse-2': 'sums of 2 channels',
  'sparse-4': 'sums of 4 channels',
  'sparse-8': 'sums of 8 channels',
  covariance: 'random, as the layer varies',
  whitened: 'random, whitened',
  matched: 'random, spread as the channels',
  nonnegative: 'random, not below zero',
  pca: 'principal components',
  nmf: 'non-negative factors',
  kmeans: 'cluster centres',
  file: 'directions from a file',
};

/** What the directions of an arm of a comparison are called: `random directions`, `sums of 4 channels`, `channels turned 40% of the way to random`. */
export function armUnits(id: string): string {
  const [, whole, tenths] = /^rotated-(\d)(?:-(\d))?$/.exec(id) ?? [];
  if (whole !== undefined) return `channels turned ${Number(`${whole}.${tenths ?? 0}`) * 100}% of the way to random`;
  return (ARM_NAMES as Record<string, ArmName | undefined>)[id]?.units ?? COMPARED[id] ?? id;
}
