/** What a comparison says that its figures do not show. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { atlas as atlasSchema } from '../../data/schema.ts';
import { describeLimits } from '../../generator/compare/limits.ts';

const committed = atlasSchema.parse(JSON.parse(await readFile('data/atlases/coco-ssd-mobilenet-v2/atlas.json', 'utf8')));

test.each([
  { cosine_power: 2 },
  { objective: 'deepdream' },
  { group: { pictures: 2, diversity: 1 } },
] as const)('a layer whose pictures were made for another score is named, with %o', (said) => {
  expect(describeLimits(committed, []).filter((limit) => limit.includes('another score'))).toEqual([]);
  const [first, ...rest] = committed.layers;
  const changed = { ...committed, layers: [{ ...first, render: { ...first.render, ...said } }, ...rest] };
  const added = describeLimits(changed, []).filter((limit) => limit.includes('another score'));
  expect(added).toHaveLength(1);
  expect(added[0]).toMatch(new RegExp(`^${first.slug}: `));
});
