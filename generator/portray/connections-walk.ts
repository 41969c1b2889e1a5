/** Walks from a layer's value through linear operators: back to what it reads, on to what it feeds. */
import type { Tap } from '../models/model.ts';
import type { Network, Step } from './connections-network.ts';

/** A value at the other end of a linear map, and the way there. */
export interface Way {
  readonly value: string;
  /** The operators between, in the network's order. */
  readonly steps: readonly Step[];
}

/** What a walk found. */
export interface Walk {
  /** Nearest first. */
  readonly ways: readonly Way[];
  /** The layer's own non-linearity, which is taken for the identity. */
  readonly own: ReadonlySet<Step>;
  /** Whatever was not gone on with, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Back to the nearest values that come out of something that is not linear, or that are the network's input. A layer that is tapped after its
 * non-linearity is walked from before it.
 */
export function walkBack(network: Network, layer: string, tap: Tap): Walk {
  const maker = network.makers.get(layer);
  const own = new Set(tap === 'after' && maker?.kind === 'curve' ? [maker] : []);
  if (maker && maker.kind !== 'linear' && !own.has(maker))
    return { ways: [], own, notes: [`It comes out of ${maker.op}, which is not linear: there is nothing that it reads linearly.`] };
  const found = new Set<string>();
  const between = new Set<Step>();
  const seen = new Set<string>();
  const stack = [layer];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    const step = network.makers.get(value);
    if (step && (step.kind === 'linear' || own.has(step))) {
      between.add(step);
      stack.push(...step.inputs);
    } else found.add(value);
  }
  const steps = network.steps.filter((step) => between.has(step));
  const order = new Map(network.steps.map((step, i) => [step, i]));
  const depth = (value: string) => order.get(network.makers.get(value) as Step) ?? -1;
  const nearest = [...found].sort((a, b) => depth(b) - depth(a));
  return named(network, nearest, { own, between: steps, back: true, wayOf: (value) => stepsFrom(value, steps, layer) });
}

/** On to the next values that go into something that is not linear, or that nothing reads. The layer's own non-linearity counts for the identity. */
export function walkOn(network: Network, layer: string, tap: Tap): Walk {
  const own = new Set(tap === 'before' ? (network.readers.get(layer) ?? []).filter(({ kind }) => kind === 'curve') : []);
  const same = new Set([layer, ...[...own].flatMap(({ outputs }) => outputs)]);
  const reached = new Set([layer]);
  const between: Step[] = [];
  const ends = new Set<string>();
  const stops = new Set<string>();
  for (const step of network.steps) {
    const from = step.inputs.filter((name) => reached.has(name));
    if (from.length === 0) continue;
    if (step.kind === 'linear' || own.has(step)) {
      between.push(step);
      for (const name of step.outputs) reached.add(name);
      if (from.some((name) => same.has(name)) && isSame(step)) for (const name of step.outputs) same.add(name);
    } else {
      for (const name of from) ends.add(name);
      if (from.some((name) => same.has(name))) stops.add(step.op);
    }
  }
  for (const name of reached) if (!network.readers.has(name)) ends.add(name);
  // The layer itself, turned or moved by a constant, is nothing that it feeds.
  const targets = [...reached].filter((name) => ends.has(name) && !same.has(name));
  const walk = named(network, targets, { own, between, back: false, wayOf: (value) => stepsFrom(layer, between, value) });
  if (walk.ways.length > 0) return walk;
  const why = stops.size > 0 ? `It goes into ${[...stops].join(', ')}, which is not linear` : 'Nothing reads it';
  return { ...walk, notes: [...walk.notes, `${why}: there is nothing that it feeds linearly.`] };
}

/** The most values that a layer's page names either way: in a chain of sums each block reads, and feeds, all of the others. */
const MOST = 8;

interface Walked {
  readonly own: ReadonlySet<Step>;
  readonly between: readonly Step[];
  readonly back: boolean;
  wayOf(value: string): readonly Step[];
}

/** Keeps what has an axis of channels; a value without one is followed towards the layer, through operators of one input, to one that has: attention's heads, put together again. */
function named(network: Network, values: readonly string[], { own, between, back, wayOf }: Walked): Walk {
  const ways = new Map<string, Way>();
  const notes: string[] = [];
  for (const value of values) {
    const end = withChannels(network, value, between, back);
    const steps = end === undefined ? [] : wayOf(end);
    if (end === undefined || steps.length === 0)
      notes.push(`"${network.nameOf(value)}" has no axis that is known to hold channels: left out.`);
    else if (!ways.has(end)) ways.set(end, { value: end, steps });
  }
  if (ways.size > MOST) notes.push(`Of ${ways.size} values the ${MOST} nearest are kept.`);
  return { ways: [...ways.values()].slice(0, MOST), own, notes };
}

function withChannels(network: Network, from: string, between: readonly Step[], back: boolean): string | undefined {
  let value: string | undefined = from;
  while (value !== undefined && !network.placeOf(value)) {
    const here: string = value;
    const next: Step[] = between.filter(({ inputs, outputs }) => (back ? inputs : outputs).includes(here));
    const alone: boolean = next.length === 1 && next[0].inputs.length === 1 && (!back || next[0].outputs.length === 1);
    value = alone ? (back ? next[0].outputs : next[0].inputs)[0] : undefined;
  }
  return value;
}

/** Of `steps`, those that lead from one value to another. */
function stepsFrom(from: string, steps: readonly Step[], to: string): readonly Step[] {
  const after = new Set([from]);
  const downstream = steps.filter(({ inputs, outputs }) => {
    const depends = inputs.some((name) => after.has(name));
    if (depends) for (const name of outputs) after.add(name);
    return depends;
  });
  const before = new Set([to]);
  const way = downstream.toReversed().filter(({ inputs, outputs }) => {
    const leads = outputs.some((name) => before.has(name));
    if (leads) for (const name of inputs) if (after.has(name)) before.add(name);
    return leads;
  });
  return way.reverse();
}

/** Whether what a step makes holds the same numbers, up to a constant. */
function isSame(step: Step): boolean {
  return isOffset(step) || /^(Transpose|Reshape|Squeeze|Unsqueeze)$/.test(step.op);
}

/** Whether a step does no more than add a constant, which is no part of a linear map. */
export function isOffset({ op, inputs, node }: Step): boolean {
  return op === 'Identity' || ((op === 'Add' || (op === 'Sub' && node?.inputs[0] === inputs[0])) && inputs.length === 1);
}
