/** Every gradient rule. The type holds an entry for each differentiable operator: leaving one out does not compile. */
import type { DifferentiableOp, Rule } from '../rule.ts';
import { activation } from './activation.ts';
import { arithmetic } from './arithmetic.ts';
import { convolution } from './convolution.ts';
import { pooling } from './pooling.ts';
import { shape } from './shape.ts';

export type RuleTable = { [O in DifferentiableOp]: Rule<O> };

export const RULES = { ...arithmetic, ...activation, ...convolution, ...pooling, ...shape } satisfies RuleTable;
