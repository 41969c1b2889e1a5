/**
 * What an encoding takes and spoils: `node test/bench/encoding.ts [PLAN [FOLDER]]`. Renders nine seeded units of every layer of a plan and encodes
 * the very pixels: bytes, PSNR, SSIM of the lightness (Wang et al. 2004, windows of 8 × 8), what the hand-built observer makes of it, and milliseconds.
 * With a folder, sheets of three pictures a layer at three times their size, a row for each encoding, to look at.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { DEFAULT_FRAMES, FRAME_SIZE, frameSteps, makeStrip, STRIP_ENCODING } from '../../generator/batch/frames.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { readPlan } from '../../generator/batch/plan.ts';
import { listWork } from '../../generator/batch/work.ts';
import { labGabor, similarity } from '../../generator/measure/observer.ts';
import { RandomStream } from '../../generator/render/random.ts';

const [file = 'data/plans/default.json', folder] = process.argv.slice(2);
const UNITS = 9;
const STRIP_QUALITIES = [70, 60, 50, 40, 30];

const webp = (quality: number, smartSubsample: boolean, effort = 6) => ({
  name: `webp ${quality}${smartSubsample ? ' smart' : ''}, effort ${effort}`,
  encode: (picture: Sharp) => picture.webp({ quality, smartSubsample, effort }).toBuffer(),
});
const avif = (quality: number, chromaSubsampling: '4:4:4' | '4:2:0') => ({
  name: `avif ${quality} ${chromaSubsampling}, effort 4`,
  encode: (picture: Sharp) => picture.avif({ quality, chromaSubsampling, effort: 4 }).toBuffer(),
});
const ENCODINGS = [
  webp(85, true, 4),
  ...[85, 80, 75, 70, 60].flatMap((quality) => [webp(quality, true), webp(quality, false)]),
  avif(60, '4:4:4'),
  avif(50, '4:4:4'),
  avif(50, '4:2:0'),
];

interface Sample {
  readonly layer: string;
  readonly size: number;
  readonly pixels: Uint8Array;
  readonly frames: readonly Uint8Array[];
}

async function renderSamples(): Promise<Sample[]> {
  const plan = await readPlan(file);
  const engine = openEngine();
  const model = await engine.openModel(plan.plan.model);
  const runtime = await engine.openRuntime({});
  const samples: Sample[] = [];
  for (const { layer, settings, units } of listWork(plan, model, engine)) {
    const order = new RandomStream('encoding', layer.slug).permutation(units.length);
    const jobs = [...order.subarray(0, UNITS)].map((i) => ({ unit: units[i].id, direction: units[i].vector, seed: 0 }));
    const renderer = await engine.openRenderer({ model, runtime, layer: layer.name, settings, batch: UNITS });
    const frames = frameSteps(settings.steps, DEFAULT_FRAMES);
    for (const { pixels, frames: kept = [] } of await renderer.render(jobs, { frames }))
      samples.push({ layer: layer.slug, size: settings.size, pixels, frames: kept });
    await renderer.dispose();
  }
  return samples;
}

const raw = (pixels: Uint8Array, size: number) => sharp(pixels, { raw: { width: size, height: size, channels: 3 } });

function lightness(pixels: Uint8Array): Float64Array {
  return Float64Array.from(
    { length: pixels.length / 3 },
    (_, i) => 0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2],
  );
}

function psnr(a: Uint8Array, b: Uint8Array): number {
  const error = a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length;
  return 10 * Math.log10(255 ** 2 / error);
}

function ssim(a: Float64Array, b: Float64Array, size: number): number {
  const [c1, c2, side] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2, 8];
  const values: number[] = [];
  for (let top = 0; top + side <= size; top += 4)
    for (let left = 0; left + side <= size; left += 4) {
      let [x, y, xx, yy, xy] = [0, 0, 0, 0, 0];
      for (let k = 0; k < side ** 2; k++) {
        const i = (top + Math.floor(k / side)) * size + left + (k % side);
        x += a[i];
        y += b[i];
        xx += a[i] ** 2;
        yy += b[i] ** 2;
        xy += a[i] * b[i];
      }
      const n = side ** 2;
      const [mx, my] = [x / n, y / n];
      const [vx, vy, cov] = [xx / n - mx ** 2, yy / n - my ** 2, xy / n - mx * my];
      values.push(((2 * mx * my + c1) * (2 * cov + c2)) / ((mx ** 2 + my ** 2 + c1) * (vx + vy + c2)));
    }
  return mean(values);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const samples = await renderSamples();
const views = samples.map(({ pixels, size }) => labGabor.describe({ pixels, size }));
console.log(`${samples.length} pictures of ${samples[0].size} px`);
const rows: Buffer[][] = [];
for (const { name, encode } of ENCODINGS) {
  const start = performance.now();
  const files: Buffer[] = [];
  for (const { pixels, size } of samples) files.push(await encode(raw(pixels, size)));
  const milliseconds = (performance.now() - start) / samples.length;
  const decoded = await Promise.all(files.map((bytes) => sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer()));
  rows.push(decoded);
  const size = samples[0].size;
  const likenesses = samples.map(({ pixels }, i) => ({
    psnr: psnr(pixels, decoded[i]),
    ssim: ssim(lightness(pixels), lightness(decoded[i]), size),
    seen: similarity(views[i], labGabor.describe({ pixels: decoded[i], size })),
  }));
  const of = (measure: keyof (typeof likenesses)[number]) => likenesses.map((likeness) => likeness[measure]);
  console.log(
    `${name}: ${Math.round(mean(files.map(({ length }) => length)))} bytes, PSNR ${mean(of('psnr')).toFixed(1)} dB, SSIM ${mean(of('ssim')).toFixed(4)} (least ${Math.min(...of('ssim')).toFixed(3)}), observer ${mean(of('seen')).toFixed(4)} (least ${Math.min(...of('seen')).toFixed(3)}), ${milliseconds.toFixed(1)} ms`,
  );
}
if (folder) await mkdir(folder, { recursive: true });
for (const quality of STRIP_QUALITIES) {
  const strips = await Promise.all(samples.map(({ frames, size }) => makeStrip(frames, size, { ...STRIP_ENCODING, quality })));
  const lengths = strips.map(({ length }) => length);
  console.log(
    `strips of ${DEFAULT_FRAMES}, webp ${quality} smart, effort 6: ${Math.round(mean(lengths))} bytes (most ${Math.max(...lengths)})`,
  );
  const composite = strips.map((input, i) => ({ input, left: 0, top: i * FRAME_SIZE }));
  const sheet = { width: DEFAULT_FRAMES * FRAME_SIZE, height: strips.length * FRAME_SIZE, channels: 3 as const, background: 'black' };
  if (folder)
    await sharp({ create: sheet })
      .composite(composite)
      .toFile(path.join(folder, `strips-${quality}.png`));
}
if (folder) {
  for (let start = 0; start < samples.length; start += UNITS) {
    const { size, layer } = samples[start];
    const composed = [samples.map(({ pixels }) => Buffer.from(pixels)), ...rows].flatMap((row, y) =>
      [0, 4, 8].map((k, x) => ({
        input: row[start + k],
        raw: { width: size, height: size, channels: 3 as const },
        left: x * size,
        top: y * size,
      })),
    );
    const sheet = sharp({ create: { width: 3 * size, height: (rows.length + 1) * size, channels: 3, background: 'black' } }).composite(
      composed,
    );
    const whole = await sheet.png().toBuffer();
    await sharp(whole)
      .resize({ width: 9 * size, kernel: 'nearest' })
      .toFile(path.join(folder, `${layer}.png`));
  }
}
