/** Checking what a program is given: the same messages on every runtime. */
import { AtlasError } from '../graph/errors.ts';
import type { ValueType } from '../graph/graph.ts';
import type { Value } from './runtime.ts';

/** The value of an input, or an error that names the input: missing, of another shape, or of another type. */
export function checkFeed(name: string, type: ValueType, value: Value | undefined): Value {
  if (!value) throw new AtlasError(`program: expected a value for input "${name}", received nothing`);
  if (value.shape.length !== type.shape.length || value.shape.some((extent, i) => extent !== type.shape[i]))
    throw new AtlasError(`program: expected shape [${type.shape}] for input "${name}", received [${value.shape}]`);
  if ('dtype' in value && value.dtype !== type.dtype)
    throw new AtlasError(`program: expected ${type.dtype} for input "${name}", received ${value.dtype}`);
  return value;
}
