/** Every arm of the comparison: what it is, what it is made from, where it is allowed, and what it may be used to say. */
import type { Tap } from '../../models/model.ts';
import { basis, basisNegative } from './basis.ts';
import { covariance, whitened } from './covariance.ts';
import { fromFile } from './file.ts';
import { kmeans } from './kmeans.ts';
import type { LayerInput } from './layer-input.ts';
import { matched } from './matched.ts';
import type { NamedDirection } from './named-direction.ts';
import { nmf } from './nmf.ts';
import { nonnegative } from './nonnegative.ts';
import { pca } from './pca.ts';
import { random } from './random.ts';
import { ALPHAS, rotated, rotatedArm } from './rotated.ts';
import { sparse } from './sparse.ts';

export interface ComparisonArm {
  /** `sparse-4`; part of its directions' ids, but for the channels'. */
  readonly id: string;
  readonly title: string;
  /** What it is drawn from beside the layer's name: the means over images and their covariance (`covariance`), positions (`sample`), a file. */
  readonly needs: 'nothing' | 'covariance' | 'sample' | 'file';
  readonly taps: readonly Tap[];
  /** `confirmatory` arms carry the headline; `sensitivity` ones ask whether it depends on how directions are drawn; see the plan's rules. */
  readonly role: 'confirmatory' | 'secondary' | 'sensitivity' | 'exploratory';
  /** Directions where none are asked for, and most that there are, in a layer of so many channels. */
  readonly usual: (channels: number) => number;
  readonly most: (channels: number) => number;
  readonly generate: (layer: LayerInput, count: number) => NamedDirection[];
}

const ANYWHERE: readonly Tap[] = ['before', 'after', 'linear'];
/** Where values below zero mean something: a linear layer's do, as those before a non-linearity. */
const SIGNED: readonly Tap[] = ['before', 'linear'];
const RECTIFIED: readonly Tap[] = ['after'];

const every = (channels: number) => channels;
const endless = () => Number.POSITIVE_INFINITY;
const drawn = { usual: () => 128, most: endless };
/** One direction a channel. */
const framed = { usual: every, most: every };
/** A few dozen: what such fits are usually asked for. */
const fitted = { usual: (channels: number) => Math.min(channels, 32), most: every };

const SPARSE_SIZES = [2, 4, 8] as const;

/** The arms by role. */
export const ARMS: readonly ComparisonArm[] = [
  { id: 'basis', title: 'channels', needs: 'nothing', taps: ANYWHERE, role: 'confirmatory', ...framed, generate: basis },
  { id: 'random', title: 'random directions', needs: 'nothing', taps: ANYWHERE, role: 'confirmatory', ...drawn, generate: random },
  {
    id: 'basis-negative',
    title: 'channels, negated',
    needs: 'nothing',
    taps: SIGNED,
    role: 'secondary',
    ...framed,
    generate: basisNegative,
  },
  ...ALPHAS.map(
    (alpha): ComparisonArm => ({
      id: rotatedArm(alpha),
      title: `channels, turned ${Math.round(alpha * 100)}% of the way to random`,
      needs: 'nothing',
      taps: ANYWHERE,
      role: 'secondary',
      ...framed,
      generate: (layer, count) => rotated(alpha, layer, count),
    }),
  ),
  ...SPARSE_SIZES.map(
    (size): ComparisonArm => ({
      id: `sparse-${size}`,
      title: `${size} random channels`,
      needs: 'nothing',
      taps: ANYWHERE,
      role: 'secondary',
      ...drawn,
      // A layer of fewer channels has none.
      most: (channels) => (channels < size ? 0 : endless()),
      generate: (layer, count) => sparse(size, layer, count),
    }),
  ),
  {
    id: 'covariance',
    title: 'random, as the layer varies',
    needs: 'covariance',
    taps: ANYWHERE,
    role: 'sensitivity',
    ...drawn,
    generate: covariance,
  },
  { id: 'whitened', title: 'random, whitened', needs: 'covariance', taps: ANYWHERE, role: 'sensitivity', ...drawn, generate: whitened },
  {
    id: 'matched',
    title: 'random, spread as the channels',
    needs: 'covariance',
    taps: ANYWHERE,
    role: 'sensitivity',
    ...framed,
    generate: matched,
  },
  {
    id: 'nonnegative',
    title: 'random, not below zero',
    needs: 'nothing',
    taps: RECTIFIED,
    role: 'sensitivity',
    ...drawn,
    generate: nonnegative,
  },
  { id: 'pca', title: 'principal components', needs: 'covariance', taps: ANYWHERE, role: 'exploratory', ...fitted, generate: pca },
  { id: 'nmf', title: 'non-negative factors', needs: 'sample', taps: RECTIFIED, role: 'exploratory', ...fitted, generate: nmf },
  { id: 'kmeans', title: 'clusters', needs: 'sample', taps: ANYWHERE, role: 'exploratory', ...fitted, most: endless, generate: kmeans },
  {
    id: 'file',
    title: 'directions from a file',
    needs: 'file',
    taps: ANYWHERE,
    role: 'exploratory',
    usual: endless,
    most: endless,
    generate: fromFile,
  },
];

/** The arms that a layer can have, by its tap and its channels. */
export function armsFor(tap: Tap, channels: number): ComparisonArm[] {
  return ARMS.filter((arm) => arm.taps.includes(tap) && arm.most(channels) > 0);
}
