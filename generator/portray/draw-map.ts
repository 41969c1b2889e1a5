/** The map of an atlas: every unit with a render has a place of its own among its like. */
import type { AtlasMap } from '../../data/schema.ts';
import { placeOnGrid } from './grid-places.ts';
import { COMPONENTS, LEAST_DISTANCE, layOut, MOST_FITTED, NEIGHBOURS } from './lay-out.ts';
import type { Looks } from './look-alikes.ts';
import type { PortrayedLayer } from './read-units.ts';

export interface MapRequest {
  readonly layers: readonly PortrayedLayer[];
  readonly looks: Looks;
  /** The observer's id. */
  readonly observer: string;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Coordinates are kept to so many digits, enough for a grid of thousands. */
const DIGITS = 5;

/** Draws it. The same bytes for the same renders, observer and seed. */
export async function drawMap({ layers, looks, observer, seed, signal, onProgress }: MapRequest): Promise<AtlasMap> {
  const points = await layOut(looks, { seed, ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
  const { columns, rows, cells } = placeOnGrid(points);
  const along = (place: number, count: number) => Number(((place + 0.5) / count).toFixed(DIGITS));
  const count = looks.owners.length;
  const fitted = count > MOST_FITTED ? `, fitted on ${MOST_FITTED} units, the others between those nearest to them` : '';
  const method =
    count > NEIGHBOURS + 1
      ? `UMAP (${NEIGHBOURS} neighbours, least distance ${LEAST_DISTANCE}, seed ${seed}${fitted}) of the first ${COMPONENTS} principal components`
      : 'The first two principal components';
  return {
    schema: 'basis-map/1',
    about: `${method} of what ${observer} sees in each unit's first render, features standardised; then a place each on a grid of ${columns} columns and ${rows} rows.`,
    columns,
    rows,
    units: looks.owners.map(({ layer, unit }, i) => ({
      layer: layers[layer].layer.slug,
      id: layers[layer].units[unit].record.id,
      x: along(cells[i] % columns, columns),
      y: along(Math.floor(cells[i] / columns), rows),
    })),
  };
}
