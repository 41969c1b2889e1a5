/** A made-up map of the fixture store: the places of units in clusters by layer, the same each time. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AtlasLayer, type AtlasMap, atlasMap, type UnitRecord } from '../../data/schema.ts';
import { bell, drawFrom } from './make-picture.ts';

/** Writes map.json with every unit that has a picture. */
export async function makeMap(
  root: string,
  layers: readonly AtlasLayer[],
  units: ReadonlyMap<string, readonly UnitRecord[]>,
): Promise<void> {
  const draw = drawFrom(5);
  const near = (middle: number) => Math.min(1, Math.max(0, Number((middle + bell(draw) * 0.12).toFixed(4))));
  const places = layers.flatMap(({ slug }, depth) =>
    (units.get(slug) ?? [])
      .filter(({ renders }) => renders.some(({ image }) => image))
      .map(({ id }) => ({ layer: slug, id, x: near((depth + 0.5) / layers.length), y: near(0.5) })),
  );
  const map: AtlasMap = atlasMap.parse({ schema: 'basis-map/1', about: 'Made up, seed 5.', units: places });
  await writeFile(join(root, 'map.json'), JSON.stringify(map));
}
