/** The formula that fills every parameter and input of the families' instances: the same numbers as formula.py, bit by bit. */

/** The tensor numbers of what is no parameter nor picture: the sampled positions of a gradient, the first projection of one. */
export const POSITION_TENSOR = 0xfffe;
export const PROJECTION_TENSOR = 0xff00;

/** `count` values in [-1,1) for the tensor of that number: the top 24 bits of a hash of (tensor, element), so exact in float32. */
export function uniform(tensor: number, count: number): Float64Array {
  const start = Math.imul(tensor, 0x9e3779b1);
  const values = new Float64Array(count);
  for (let element = 0; element < count; element++) values[element] = (hash(start + element) >>> 8) / 2 ** 23 - 1;
  return values;
}

/** float32 values: uniform · scale + offset in double precision, rounded once. */
export function fill(tensor: number, count: number, scale: number, offset: number): Float32Array {
  const values = new Float32Array(count);
  for (const [element, value] of uniform(tensor, count).entries()) values[element] = value * scale + offset;
  return values;
}

/** The finaliser of MurmurHash3 (Appleby, public domain), twice, since element numbers are neighbours. */
function hash(seed: number): number {
  let x = seed;
  for (let round = 0; round < 2; round++) {
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
  }
  return x;
}
