/** Seeded, colourful pictures that stand in for renders in the fixture store: gratings, rings, spots and their mixtures. */
import sharp from 'sharp';

/** A deterministic generator of numbers in [0, 1) (mulberry32), good enough for fixtures. */
export function drawFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A bell-shaped draw with mean 0 and standard deviation 1 (twelve uniforms). */
export function bell(draw: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += draw();
  return sum;
}

type Wave = (x: number, y: number) => number;

function makeWave(draw: () => number, detail: number): Wave {
  const angle = draw() * Math.PI;
  const frequency = (4 + draw() * 14) * detail;
  const phase = draw() * 6.28;
  const warp = 0.06 + draw() * 0.22;
  const warpAngle = draw() * 6.28;
  const kind = Math.floor(draw() * 4);
  const centre = [0.2 + draw() * 0.6, 0.2 + draw() * 0.6] as const;
  return (x, y) => {
    const bend = warp * Math.sin(6.28 * (x * Math.cos(warpAngle) + y * Math.sin(warpAngle)) * 1.7 + phase);
    const along = x * Math.cos(angle) + y * Math.sin(angle) + bend;
    const across = y * Math.cos(angle) - x * Math.sin(angle) + bend * 0.6;
    const radius = Math.hypot(x - centre[0] + bend * 0.3, y - centre[1]);
    if (kind === 0) return Math.sin(6.28 * frequency * along * 0.5 + phase);
    if (kind === 1) return Math.sin(6.28 * frequency * radius * 0.6 + phase);
    if (kind === 2) return Math.sin(6.28 * frequency * along * 0.4) * Math.sin(6.28 * frequency * across * 0.4 + phase);
    return Math.tanh(3 * Math.sin(6.28 * frequency * along * 0.25 + 2 * Math.sin(9 * across + phase)));
  };
}

/** A square picture as WebP bytes. `waves` patterns are mixed: one is clean, several look muddled. `start` moves details, as another seed would. */
export async function makePicture({ seed, start, size, waves, detail }: PictureSettings): Promise<Buffer> {
  const draw = drawFrom(seed);
  const layers = Array.from({ length: waves }, () => makeWave(draw, detail));
  const hue = Array.from({ length: 3 }, () => [0.3 + draw() * 0.35, 0.15 + draw() * 0.35, draw() * 6.28] as const);
  const shift = drawFrom(seed * 31 + start * 977 + 5);
  const [dx, dy] = [shift() * 0.6, shift() * 0.6];
  const pixels = new Uint8Array(size * size * 3);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [column / size + dx, row / size + dy];
      const value = layers.reduce((sum, wave) => sum + wave(x, y), 0) / Math.sqrt(waves);
      const second = layers[layers.length - 1]?.(y * 0.7, x * 0.7) ?? 0;
      for (const [channel, [base, span, phase]] of hue.entries()) {
        const level = base + span * value + 0.16 * Math.sin(phase + 2 * second) + (shift() - 0.5) * 0.06;
        pixels[(row * size + column) * 3 + channel] = Math.max(0, Math.min(255, Math.round(level * 255)));
      }
    }
  }
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .webp({ quality: 80 })
    .toBuffer();
}

export interface PictureSettings {
  seed: number;
  /** Which start: pictures of one seed differ in detail only. */
  start: number;
  /** Side in pixels. */
  size: number;
  /** Patterns mixed, from 1. */
  waves: number;
  /** Multiplies spatial frequency; deeper layers have lower values. */
  detail: number;
}
