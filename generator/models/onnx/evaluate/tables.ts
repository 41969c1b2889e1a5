/** Operators that work element by element, as functions of numbers. */

/** The error function by its series and continued fraction (Abramowitz & Stegun 7.1.5, 7.1.14), to double precision. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let [term, sum] = [z, z];
    for (let n = 1; n < 60; n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
}

/** To the nearest integer, halves to the even one. */
export function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Of one number, which keep its type. */
export const UNARY: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Abs: Math.abs,
  Sign: Math.sign,
  Ceil: Math.ceil,
  Floor: Math.floor,
  Round: roundEven,
  Sqrt: Math.sqrt,
  Exp: Math.exp,
  Log: Math.log,
  Reciprocal: (x) => 1 / x,
  Sin: Math.sin,
  Cos: Math.cos,
  Tan: Math.tan,
  Atan: Math.atan,
  Tanh: Math.tanh,
  Erf: erf,
  Relu: (x) => Math.max(x, 0),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  Not: (x) => (x ? 0 : 1),
};

/** Of two numbers, which keep their type. Integers divide towards zero. */
export const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Max: Math.max,
  Min: Math.min,
  Sum: (a, b) => a + b,
  And: (a, b) => (a && b ? 1 : 0),
  Or: (a, b) => (a || b ? 1 : 0),
  Xor: (a, b) => (!a !== !b ? 1 : 0),
};

/** Of two numbers, to a truth value. */
export const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equal: (a, b) => a === b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
};

/** Start, and what is done with every value. */
export const REDUCE: Readonly<Record<string, { start: number; f: (sum: number, value: number) => number }>> = {
  ReduceSum: { start: 0, f: (sum, value) => sum + value },
  ReduceProd: { start: 1, f: (sum, value) => sum * value },
  ReduceMax: { start: Number.NEGATIVE_INFINITY, f: Math.max },
  ReduceMin: { start: Number.POSITIVE_INFINITY, f: Math.min },
  ReduceSumSquare: { start: 0, f: (sum, value) => sum + value * value },
  ReduceMean: { start: 0, f: (sum, value) => sum + value },
};
