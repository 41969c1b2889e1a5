// The mean of a measure for each layer and arm, from the Parquet file, with hyparquet.
// npm install hyparquet && node compare-arms.mjs https://atlas.example/an-atlas/ natural_2afc
import { parquetReadObjects } from 'hyparquet';

const [atlas, measure = 'natural_2afc'] = process.argv.slice(2);
const file = await (await fetch(new URL('units.parquet', atlas))).arrayBuffer();
const rows = await parquetReadObjects({ file, columns: ['layer', 'arm', measure] });
const groups = Map.groupBy(
  rows.filter((row) => row[measure] !== null),
  ({ layer, arm }) => `${layer} ${arm}`,
);
for (const [name, group] of groups) {
  const mean = group.reduce((sum, row) => sum + row[measure], 0) / group.length;
  console.log(`${name} ${mean.toFixed(4)} (${group.length})`);
}
