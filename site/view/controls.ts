/** Values of a control, which may be anything, in a few words. */
import { number } from './numbers.ts';

/** `0.031`, `3 of …`, `0.01, −0.02, 0.00`; a record as `name: value`. Long lists are cut, and say so. */
export function controlValue(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? number(value, 0) : number(value, 3);
  if (value === null || value === undefined) return '–';
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(controlValue).join(', ');
    return value.length > 8 ? `${shown} … (${value.length} in all)` : shown;
  }
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, inner]) => `${name.replaceAll('_', ' ')}: ${controlValue(inner)}`)
      .join('; ');
  return String(value);
}
