/** Gates between 0 and a limit in place, plain or redirected (gradient/redirect.ts). */
import { advance, assemble, type Code, f32x4, get, Locals, set, times, V128, type WasmFunction } from './code.ts';
import type { KernelMemory, Places } from './memory.ts';

const FLOAT = 4;
const LANES = 4;
/** Values of a turn of the loop over whole batches, and of those over single pictures. */
const [WIDE, NARROW] = [8, LANES];

/** How many numbers to allot for so many: for whole turns, and so that what is taken after it begins at a multiple of 64 bytes as well. */
export function allotted(numbers: number): number {
  return 16 * Math.ceil(numbers / 16);
}

/** What a loop has at hand: four gradients and their values, and what those are compared with. */
interface Quartet {
  readonly gradient: Code;
  readonly value: Code;
  readonly limit: Code;
  readonly nothing: Code;
  readonly one: Code;
}

/** Gradients where values are between 0 and the limit, and 0 times them elsewhere. */
function passed({ gradient, value, limit, nothing, one }: Quartet): Code {
  return f32x4.mul(gradient, f32x4.and(one, f32x4.and(f32x4.above(value, nothing), f32x4.below(value, limit))));
}

/** Gradients but for those that would move a value further from what is between 0 and the limit. */
function redirected({ gradient, value, limit, nothing }: Quartet): Code {
  const stuckBelow = f32x4.andNot(f32x4.below(gradient, nothing), f32x4.above(value, nothing));
  const stuckAbove = f32x4.andNot(f32x4.above(gradient, nothing), f32x4.below(value, limit));
  return f32x4.andNot(gradient, f32x4.or(stuckBelow, stuckAbove));
}

/** A loop(gradients, values, limit, result, turns) of addresses and a count: what `each` makes of four goes where they were, or their largest to `result`. */
function loop(each: (quartet: Quartet) => Code, turn: number, sought = false): WasmFunction {
  const [gradients, values, limits, result, turns] = [0, 1, 2, 3, 4];
  const locals = new Locals(5);
  const [limit, value, largest] = locals.many(V128, 3);
  const [nothing, one] = [0, 1].map((number) => locals.constant(number));
  const quartet = (offset: number) => {
    const made = each({ gradient: f32x4.load(get(gradients), offset), value: get(value), limit: get(limit), nothing, one });
    return [
      ...set(value, f32x4.load(get(values), offset)),
      ...(sought ? set(largest, f32x4.max(get(largest), f32x4.abs(made))) : f32x4.store(get(gradients), made, offset)),
    ];
  };
  return locals.function([
    ...set(limit, f32x4.loadSplat(get(limits))),
    ...times(turns, [
      ...Array.from({ length: turn / LANES }, (_, i) => quartet(i * LANES * FLOAT)).flat(),
      ...advance(gradients, turn * FLOAT),
      ...advance(values, turn * FLOAT),
    ]),
    ...(sought ? f32x4.store(get(result), get(largest)) : []),
  ]);
}

const MODULE = assemble({
  close: loop(passed, WIDE),
  closeOne: loop(passed, NARROW),
  seek: loop(passed, NARROW, true),
  redirect: loop(redirected, NARROW),
});

/** Where a gate's numbers lie: a gradient and its values, of a batch of pictures. */
export interface GatePlace {
  readonly gradient: number;
  readonly value: number;
  readonly limit: number;
  readonly numbers: number;
  readonly pictures: number;
}

export interface GateKernels {
  /** Closes a gradient's places where a value is not between 0 and the limit. */
  close(place: GatePlace): void;
  /** The same for every picture that anything passes of; of others only what would move a value back is let through. A picture has whole quartets. */
  redirect(place: GatePlace): void;
}

/** Takes a place for what {@link openGateKernels} works with. */
export function placeGates(places: Places): number {
  return places.take(allotted(LANES));
}

export function openGateKernels(place: number, kernels: KernelMemory): GateKernels {
  const { exports } = new WebAssembly.Instance(MODULE, { host: { memory: kernels.memory } });
  const run = exports as Record<'close' | 'closeOne' | 'seek' | 'redirect', (...numbers: number[]) => void>;
  const largest = kernels.floats(place, LANES);
  return {
    close: ({ gradient, value, limit, numbers }) => run.close(gradient, value, limit, place, Math.ceil(numbers / WIDE)),
    redirect: ({ gradient, value, limit, numbers, pictures }) => {
      const each = numbers / pictures;
      for (let i = 0; i < pictures; i++) {
        const picture = [gradient + i * each * FLOAT, value + i * each * FLOAT, limit, place, each / NARROW];
        run.seek(...picture);
        if (largest.some((size) => size > 0)) run.closeOne(...picture);
        else run.redirect(...picture);
      }
    },
  };
}
