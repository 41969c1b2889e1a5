/**
 * Directions scored a second by the engine of the frame test: `node test/bench/image-scores.ts [threads [directions]]`. Random activations with a
 * few strong factors, 6,000 images, an observer of 291 values and one of 1,920; warmed by one run, median of three;
 * the time of a core beside it, since a busy machine spoils the rate.
 */
import { openImageScorer } from '../../generator/measure/image-scores-engine.ts';
import { RandomStream } from '../../generator/render/random.ts';

const [threads = 2, count = 4096] = process.argv.slice(2).map(Number);
const N = 6000;

function normals(name: string, length: number): Float32Array {
  const stream = new RandomStream('bench', name);
  return Float32Array.from({ length }, () => stream.normal());
}

/** Rows of `dimension` values that depend on eight factors and noise. */
function correlated(name: string, dimension: number): Float32Array {
  const [factors, loads, rows] = [normals(`${name} factors`, N * 8), normals(`${name} loads`, 8 * dimension), normals(name, N * dimension)];
  for (let i = 0; i < rows.length; i++) {
    const [image, c] = [Math.floor(i / dimension), i % dimension];
    for (let k = 0; k < 8; k++) rows[i] += factors[image * 8 + k] * loads[k * dimension + c];
  }
  return rows;
}

function unitRows(rows: Float32Array, dimension: number): Float32Array {
  for (let start = 0; start < rows.length; start += dimension) {
    const row = rows.subarray(start, start + dimension);
    const length = Math.hypot(...row);
    for (let i = 0; i < dimension; i++) row[i] /= length;
  }
  return rows;
}

console.log(`threads ${threads}, ${count} directions, ${N} images`);
let consumed = 0;
for (const dimension of [291, 1920]) {
  const embeddings = { rows: unitRows(correlated('observer', dimension), dimension), dimension };
  for (const channels of [64, 192, 576]) {
    const vectors = unitRows(normals('vectors', count * channels), channels);
    const scorer = await openImageScorer({ means: correlated('means', channels), channels, embeddings, seed: 'bench', threads });
    await scorer.score(vectors);
    const rates: number[] = [];
    const before = process.cpuUsage();
    for (let run = 0; run < 3; run++) {
      const start = performance.now();
      const { m1 } = await scorer.score(vectors);
      rates.push(count / ((performance.now() - start) / 1000));
      consumed += m1[run];
    }
    const { user, system } = process.cpuUsage(before);
    rates.sort((a, b) => a - b);
    console.log(
      `C ${channels}, observer ${dimension}: ${rates[1].toFixed(0)} directions/s (${rates[0].toFixed(0)} to ${rates[2].toFixed(0)}), ${((user + system) / 3 / count).toFixed(0)} µs of a core each`,
    );
    await scorer.dispose();
  }
}
console.log(`consumed ${consumed.toFixed(3)}`);
