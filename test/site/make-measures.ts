/** Made-up measures of the fixture store's units: plausible values, drawn from a number, the same each time. */
import type { Measures, RenderRecord } from '../../data/schema.ts';
import { bell, drawFrom } from './make-picture.ts';

/** Concepts of the fixture's dissection. */
export const CONCEPTS = ['grating-45-8', 'colour-red', 'shape-star', 'line-arc-135-14', 'grating-16px'] as const;

const UNMEASURED: Measures = { attainment: null, exceeds: null, robustness: null, render_identity: null };
const rounded = (value: number) => Number(value.toFixed(3));
const share = (value: number) => rounded(Math.min(1, Math.max(0, value)));

/** Measures of renders alone, as atlases had them before images were looked at. */
export function measureRenders(favoured: boolean, seed: number, renders: readonly RenderRecord[]): Measures {
  if (renders.every((render) => render.score === null)) return UNMEASURED;
  const draw = drawFrom(seed);
  const attainment = 5.1 + bell(draw);
  const identity = (favoured ? 0.93 : 0.86) + bell(draw) * 0.05;
  return {
    attainment: rounded(attainment),
    exceeds: attainment > 4.5 ? 1 : 0,
    robustness: rounded(0.72 + bell(draw) * 0.08),
    render_identity: renders.length > 1 ? share(identity) : null,
  };
}

/** Every measure. What looks at images has a value even where the render failed. */
export function measureAll(favoured: boolean, seed: number, renders: readonly RenderRecord[]): Measures {
  const draw = drawFrom(seed + 77);
  const recognition = (favoured ? 0.8 : 0.62) + bell(draw) * 0.08;
  const failed = renders.every((render) => render.score === null);
  const of = (mean: number, deviation: number) => share(mean + bell(draw) * deviation);
  return {
    ...measureRenders(favoured, seed, renders),
    natural_2afc: share(recognition),
    natural_2afc_second: share(recognition + bell(draw) * 0.04),
    other_tops_2afc: of(0.7, 0.1),
    synthetic_2afc: failed ? null : of(favoured ? 0.7 : 0.66, 0.1),
    render_top: failed ? null : of(0.72, 0.1),
    dissection: of(favoured ? 0.06 : 0.04, 0.03),
    selectivity: failed ? null : of(0.2, 0.05),
    kurtosis: rounded(bell(draw)),
    participation_ratio: favoured ? 1 : rounded(6 + bell(draw)),
    monosemanticity: of(0.8, 0.05),
  };
}
