/** A gate between 0 and a limit, in place. */
import { advance, assemble, f32x4, get, Locals, set, times, V128, type WasmFunction } from './code.ts';
import type { KernelMemory } from './memory.ts';

const FLOAT = 4;
const QUARTET = 4 * FLOAT;
/** Values of a turn of the loop. */
const TURN = 16;

/** How many numbers to allot for so many: the loop goes through as many as make whole turns. */
export function wholeTurns(numbers: number): number {
  return TURN * Math.ceil(numbers / TURN);
}

/** gate(gradient, values, limit, turns): `gradient · [0 < value] · [value < limit]`, whatever the gradient is. */
function gateLoop(): WasmFunction {
  const [gradient, values, limit, turns] = [0, 1, 2, 3];
  const locals = new Locals(4);
  const [most, value] = locals.many(V128, 2);
  const [nothing, one] = [0, 1].map((number) => locals.constant(number));
  const quartet = (offset: number) => {
    const isOpen = f32x4.and(f32x4.above(get(value), nothing), f32x4.below(get(value), get(most)));
    return [
      ...set(value, f32x4.load(get(values), offset)),
      ...f32x4.store(get(gradient), f32x4.mul(f32x4.load(get(gradient), offset), f32x4.and(one, isOpen)), offset),
    ];
  };
  const turn = Array.from({ length: TURN / 4 }, (_, i) => quartet(i * QUARTET)).flat();
  return locals.function([
    ...set(most, f32x4.loadSplat(get(limit))),
    ...times(turns, [...turn, ...advance(gradient, TURN * FLOAT), ...advance(values, TURN * FLOAT)]),
  ]);
}

const MODULE = assemble({ gate: gateLoop() });

/** Closes a gradient's places where a value is not between 0 and the limit; all are addresses, of `numbers` float32 and of one. */
export type GateKernel = (gradient: number, values: number, limit: number, numbers: number) => void;

export function openGateKernel({ memory }: KernelMemory): GateKernel {
  const { gate } = new WebAssembly.Instance(MODULE, { host: { memory } }).exports as Record<string, (...numbers: number[]) => void>;
  return (gradient, values, limit, numbers) => gate(gradient, values, limit, wholeTurns(numbers) / TURN);
}
