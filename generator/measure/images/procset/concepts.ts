/** The 131 concepts of `procset-1`, in the order of their indices. */
import type { Concept } from '../image-set.ts';
import { COLOUR_NAMES } from './colour-names.ts';
import { COLOUR_STRUCTURES } from './colour-structure.ts';
import { COMPOSITES } from './composites.ts';
import { ORIENTATIONS, WAVELENGTHS } from './grating.ts';
import { LINES } from './lines.ts';
import { PERIODIC } from './periodic.ts';
import { SHAPES } from './shapes.ts';
import { STOCHASTIC } from './stochastic.ts';

const named = (category: string, names: readonly string[]): Concept[] => names.map((name) => ({ id: `${category}-${name}`, category }));

/**
 * Category by category: colour 11; grating 24 (`grating-45-8`: stripes that run at 45°, 8 pixels apart) with its marginals, orientation 6
 * (`grating-45`) and wavelength 4 (`grating-8px`); line 36; shape 10; periodic 12; stochastic 10; colour structure 10; composite 8. Pixels are
 * those of a picture of 224 and scale with its size; angles are in degrees, counter-clockwise from the right as one looks at the picture.
 */
export const CONCEPTS: readonly Concept[] = [
  ...named('colour', COLOUR_NAMES),
  ...named('grating', [
    ...ORIENTATIONS.flatMap((orientation) => WAVELENGTHS.map((wavelength) => `${orientation}-${wavelength}`)),
    ...ORIENTATIONS.map(String),
    ...WAVELENGTHS.map((wavelength) => `${wavelength}px`),
  ]),
  ...named(
    'line',
    LINES.map(({ name }) => name),
  ),
  ...named('shape', Object.keys(SHAPES)),
  ...named('periodic', Object.keys(PERIODIC)),
  ...named('stochastic', Object.keys(STOCHASTIC)),
  ...named('structure', Object.keys(COLOUR_STRUCTURES)),
  ...named('composite', Object.keys(COMPOSITES)),
];

const INDEX: ReadonlyMap<string, number> = new Map(CONCEPTS.map(({ id }, index) => [id, index]));

/** The place of a concept in {@link CONCEPTS}. */
export function conceptIndex(id: string): number {
  const index = INDEX.get(id);
  if (index === undefined) throw new Error(`procset: no concept is called ${id}`);
  return index;
}
