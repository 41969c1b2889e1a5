/** How numbers are written: fixed digits, real minus signs, counted nouns. */

/** `−0.30`: fixed digits, with a real minus, and never `−0.00`. */
export function number(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** `+0.30`, `−0.12`, `0.00`. */
export function signed(value: number, digits: number): string {
  const text = number(value, digits);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** `0.003`, `< 0.001`. */
export function probability(p: number | null | undefined): string {
  if (p === null || p === undefined) return '–';
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

/** `[+0.12, +0.45]`, `–` for none. */
export function interval(ends: readonly [number, number] | null | undefined): string {
  return ends ? `[${signed(ends[0], 2)}, ${signed(ends[1], 2)}]` : '–';
}

/** `1 unit`, `1,200 units`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** `12 kB`, `3.4 MB`. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  return n < 1e6 ? `${Math.round(n / 1000)} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

/** The first letter made a capital. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
