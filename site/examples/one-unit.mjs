// A unit's picture, direction and place among the others, with nothing but fetch: in Node, Deno, Bun or a browser.
// node one-unit.mjs https://atlas.example/an-atlas/a-layer/channel-42/
const page = process.argv[2];
const unit = await (await fetch(new URL('unit.json', page))).json();
console.log(`${unit.title} of ${unit.layer}, score ${unit.score}`);
for (const [name, { value, basis }] of Object.entries(unit.measures))
  if (basis) console.log(`${name} ${value}: above ${Math.round(100 * basis.below)}% of ${basis.of} channels`);
if (unit.picture) {
  const picture = await fetch(new URL(unit.picture.address, page));
  console.log(`${unit.picture.type}, ${(await picture.arrayBuffer()).byteLength} bytes`);
}
console.log(unit.direction.about);
