/** Every kernel, one for every operator: the type sees to that. */
import type { OpName } from '../../../graph/graph.ts';
import type { Kernel } from '../kernel.ts';
import { activation } from './activation.ts';
import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { matrix } from './matrix.ts';
import { normalisation } from './normalisation.ts';
import { pooling } from './pooling.ts';
import { reduction } from './reduction.ts';
import { shape } from './shape.ts';

export const KERNELS = {
  ...elementwise,
  ...activation,
  ...matrix,
  ...convolution,
  ...pooling,
  ...normalisation,
  ...shape,
  ...indexing,
  ...reduction,
} satisfies { [O in OpName]: Kernel<O> };
