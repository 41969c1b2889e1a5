/** Data inside a page. */

/** A value as JSON for a `<script>` that is data: no `<` is left, so that nothing in it ends the element or begins a comment. */
export function dataBlock(value: unknown): string {
  return JSON.stringify(value)
    .replace(/</g, '\\u003c')
    .replace(/\u2028/g, '\\u2028')
    .replace(/\u2029/g, '\\u2029');
}
