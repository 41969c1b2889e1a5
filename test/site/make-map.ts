/** A made-up map of the fixture store: the places of units in clusters by layer, the same each time. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AtlasLayer, type AtlasMap, atlasMap, type UnitRecord } from '../../data/schema.ts';
import { placeOnGrid } from '../../generator/portray/grid-places.ts';
import { bell, drawFrom } from './make-picture.ts';

/** Writes map.json with every unit that has a picture. */
export async function makeMap(
  root: string,
  layers: readonly AtlasLayer[],
  units: ReadonlyMap<string, readonly UnitRecord[]>,
): Promise<void> {
  const draw = drawFrom(5);
  const drawn = layers.flatMap(({ slug }, depth) =>
    (units.get(slug) ?? [])
      .filter(({ renders }) => renders.some(({ image }) => image))
      .map(({ id }) => ({ layer: slug, id, x: (depth + 0.5) / layers.length + bell(draw) * 0.12, y: bell(draw) })),
  );
  const { columns, rows, cells } = placeOnGrid(Float64Array.from(drawn.flatMap(({ x, y }) => [x, y])));
  const places = drawn.map(({ layer, id }, i) => {
    const cell = cells[i] ?? 0;
    return { layer, id, x: ((cell % columns) + 0.5) / columns, y: (Math.floor(cell / columns) + 0.5) / rows };
  });
  const map: AtlasMap = atlasMap.parse({ schema: 'basis-map/1', about: 'Made up, seed 5.', columns, rows, units: places });
  await writeFile(join(root, 'map.json'), JSON.stringify(map));
}
