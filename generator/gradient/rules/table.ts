/** Every gradient rule. The type holds an entry for each differentiable operator: leaving one out does not compile. */
import type { DifferentiableOp, Rule } from '../rule.ts';
import { activation } from './activation.ts';
import { arithmetic } from './arithmetic.ts';
import { convolution } from './convolution.ts';
import { convolutionByRank } from './convolution-by-rank.ts';
import { einsum } from './einsum.ts';
import { extremum } from './extremum.ts';
import { interpolation } from './interpolation.ts';
import { normalisation } from './normalisation.ts';
import { pooling } from './pooling.ts';
import { power } from './power.ts';
import { reduction } from './reduction.ts';
import { selection } from './selection.ts';
import { shape } from './shape.ts';
import { smoothActivation } from './smooth-activation.ts';

export type RuleTable = { [O in DifferentiableOp]: Rule<O> };

export const RULES = {
  ...arithmetic,
  ...power,
  ...einsum,
  ...activation,
  ...smoothActivation,
  ...extremum,
  ...convolution,
  ...convolutionByRank,
  ...pooling,
  ...normalisation,
  ...reduction,
  ...shape,
  ...selection,
  ...interpolation,
} satisfies RuleTable;
