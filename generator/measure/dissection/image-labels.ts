/** An image's concepts laid out for counting. */
import { fault } from '../../graph/errors.ts';
import type { Concept, Labels } from '../images/image-set.ts';

/** The concepts of a set by number, and the categories they belong to by number, in the order of their first concept. */
export interface ConceptTable {
  readonly concepts: readonly Concept[];
  readonly categories: readonly string[];
  /** The category of every concept, `[K]`. */
  readonly category: Int32Array;
}

/** Numbers the categories of a set's concepts. */
export function conceptTable(concepts: readonly Concept[]): ConceptTable {
  const categories = [...new Set(concepts.map(({ category }) => category))];
  return { concepts, categories, category: Int32Array.from(concepts, ({ category }) => categories.indexOf(category)) };
}

/** The cells of an image, flat: cell j has the concepts `concepts[starts[j]]` to `concepts[starts[j+1] − 1]`. */
export interface FlatLabels {
  /** The cell of every pixel, `[size,size]`. */
  readonly cell: Uint8Array;
  readonly starts: Int32Array;
  readonly concepts: Int32Array;
  /** The categories that the image carries: those that a concept of any of its pixels belongs to. */
  readonly carried: Int32Array;
  /** Pixels of each cell. */
  readonly pixels: Int32Array;
}

/** Lays out an image's labels. Throws for labels of another size, a cell that the list lacks, and a concept that the set lacks. */
export function flattenLabels({ cell, concepts }: Labels, size: number, table: ConceptTable, index: number): FlatLabels {
  const wrong = (expected: string, name: string, received: unknown) =>
    fault({ where: `the labels of image ${index}`, expected, name, received, remedy: 'This is a bug in the image set: please report it.' });
  if (cell.length !== size * size) throw wrong(`${size * size} pixels`, 'the cells', cell.length);
  const pixels = new Int32Array(256);
  for (let p = 0; p < cell.length; p++) pixels[cell[p]]++;
  const last = pixels.findLastIndex((count) => count > 0);
  if (last >= concepts.length) throw wrong(`a number below ${concepts.length}`, 'a pixel’s cell', last);
  const flat = Int32Array.from(concepts.flat());
  const stranger = flat.find((concept) => !(concept >= 0 && concept < table.concepts.length));
  if (stranger !== undefined) throw wrong(`a number below ${table.concepts.length}`, 'a concept', stranger);
  const starts = new Int32Array(concepts.length + 1);
  const carried = new Set<number>();
  for (const [j, list] of concepts.entries()) {
    starts[j + 1] = starts[j] + list.length;
    if (pixels[j] > 0) for (const concept of list) carried.add(table.category[concept]);
  }
  return { cell, starts, concepts: flat, carried: Int32Array.from(carried).sort(), pixels: pixels.slice(0, concepts.length) };
}
