/** Einstein's summation as ONNX writes it: `"bhid,bhjd->bhij"`. */

/** The indices of an equation, one character for each axis. */
export interface Equation {
  /** Indices of each input: `["bhid", "bhjd"]`. */
  readonly terms: readonly string[];
  /** Indices of the result: `"bhij"`. */
  readonly result: string;
}

const TERM = /^[A-Za-z]*(?:\.\.\.[A-Za-z]*)?$/;

/** Names for the axes behind an ellipsis, which an equation itself cannot use. */
const HIDDEN = 'αβγδεζηθικλμνξοπ';

/**
 * Reads an equation for inputs of these ranks; an ellipsis becomes an index for each axis behind it (Greek letters, aligned at the right).
 * Throws a plain `Error` where it does not fit, and where an index stands twice in one term (a diagonal), which is not supported.
 */
export function parseEquation(text: string, ranks: readonly number[]): Equation {
  const [left, right, ...more] = text.replaceAll(/\s/g, '').split('->');
  const written = left.split(',');
  if (more.length > 0 || ![...written, right ?? ''].every((term) => TERM.test(term))) throw new Error(`"${text}" is not an equation`);
  if (written.length !== ranks.length) throw new Error(`"${text}" has ${written.length} terms for ${ranks.length} inputs`);
  const hidden = written.map((term, i) => (term.includes('...') ? ranks[i] - (term.length - 3) : 0));
  const most = Math.max(...hidden);
  if (most > HIDDEN.length) throw new Error(`"${text}" hides ${most} axes`);
  const fill = (term: string, count: number) => term.replace('...', HIDDEN.slice(HIDDEN.length - count));
  const terms = written.map((term, i) => fill(term, Math.max(0, hidden[i])));
  terms.forEach((term, i) => {
    if (term.length !== ranks[i]) throw new Error(`"${text}" gives input ${i} ${term.length} axes, which has ${ranks[i]}`);
  });
  const result = right === undefined ? implicitResult(terms) : fill(right, most);
  for (const term of [...terms, result]) {
    if (new Set(term).size !== term.length) throw new Error(`"${text}" has an index twice in one term, which is not supported`);
  }
  const known = new Set(terms.join(''));
  for (const index of result) if (!known.has(index)) throw new Error(`"${text}" makes the index ${index} of nothing`);
  return { terms, result };
}

/** Without an arrow: the axes behind the ellipsis, then whatever stands once, in the alphabet's order. */
function implicitResult(terms: readonly string[]): string {
  const all = [...terms.join('')];
  const once = all.filter((index) => !HIDDEN.includes(index) && all.indexOf(index) === all.lastIndexOf(index)).sort();
  return [...[...HIDDEN].filter((index) => all.includes(index)), ...once].join('');
}

/** The extent of every index; throws where two inputs disagree. */
export function indexExtents({ terms }: Equation, shapes: readonly (readonly number[])[]): ReadonlyMap<string, number> {
  const extents = new Map<string, number>();
  terms.forEach((term, i) => {
    [...term].forEach((index, axis) => {
      const extent = shapes[i][axis];
      if ((extents.get(index) ?? extent) !== extent) throw new Error(`index ${index} has extents ${extents.get(index)} and ${extent}`);
      extents.set(index, extent);
    });
  });
  return extents;
}
