/** The table of ONNX operators that can be read, each with its rule. To add one, write its rule in the file of its family. */
import type { Rule } from '../rule.ts';
import { ACTIVATIONS } from './activation.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { MOVING_RULES } from './moving.ts';
import { NORMALISATIONS } from './normalisation.ts';
import { REDUCTIONS } from './reduction.ts';
import { RESHAPING } from './reshaping.ts';
import { RESIZING } from './resize.ts';
import { SPECIAL } from './special.ts';
import { WINDOWS } from './windows.ts';

/** By ONNX's name. */
export const RULES: Readonly<Record<string, Rule>> = {
  ...WINDOWS,
  ...ELEMENTWISE,
  ...ACTIVATIONS,
  ...REDUCTIONS,
  ...NORMALISATIONS,
  ...RESHAPING,
  ...MOVING_RULES,
  ...RESIZING,
  ...SPECIAL,
};
