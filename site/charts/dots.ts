/** A dot plot: every value a dot, stacked where they would overlap. */
import type { Scale } from './scale.ts';

export interface Dot<T> {
  item: T;
  x: number;
  /** Distance from the base line, upwards. */
  y: number;
}

/** Stacks dots of a radius in columns over their rounded place, squeezed if the tallest would exceed `height`. Order within a column is by value. */
export function stackDots<T>(
  items: readonly T[],
  value: (item: T) => number,
  { x, radius, height }: { x: Scale; radius: number; height: number },
): Dot<T>[] {
  const columns = new Map<number, T[]>();
  for (const item of items.toSorted((a, b) => value(a) - value(b))) {
    const column = Math.round(x(value(item)) / (2 * radius));
    columns.set(column, [...(columns.get(column) ?? []), item]);
  }
  const tallest = Math.max(1, ...[...columns.values()].map((column) => column.length));
  const pitch = Math.min(2 * radius, (height - 2 * radius) / Math.max(1, tallest - 1));
  const round = (place: number) => Math.round(place * 10) / 10;
  return [...columns].flatMap(([column, stack]) =>
    stack.map((item, i) => ({ item, x: round(column * 2 * radius), y: round(radius + i * pitch) })),
  );
}
