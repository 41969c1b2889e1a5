/** The picture as a Fourier spectrum (Olah, Mordvintsev and Schubert, Distill 2017, "Preconditioning"; lucid/optvis/param/spatial.py, fft_image). */
import type { RenderSettings } from '../../../data/schema.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { float32 } from '../../graph/tensor.ts';
import { addColour, type ColourMatrix } from './colour.ts';

/** Lucid divides the spectrum's picture by four before the sigmoid. */
export const FOURIER_CONTRAST = 1 / 4;

/** The spectrum of a real picture of `[size,size]`: kx from 0 to size/2 alone, since the rest is its conjugate. */
export function spectrumShape(size: number): readonly [number, number, number] {
  return [2, size, Math.floor(size / 2) + 1];
}

/** Adds colour · irfft2(spectrum · decay), `[batch,colours,size,size]`, for parameters `[batch,axes,2,size,size/2+1]`. */
export function addFourier(
  builder: GraphBuilder,
  parameters: string,
  { size, decay_power }: Pick<RenderSettings, 'size' | 'decay_power'>,
  colour: ColourMatrix,
): string {
  const [batch, axes] = builder.shape(parameters);
  const [parts, rows, columns] = spectrumShape(size);
  const spectrum = builder.add('Reshape', [parameters, builder.integers([batch, axes, parts * rows, columns])], { allowzero: 0 });
  const decay = builder.constant(float32([1, 1, parts * rows, columns], decayFilter(size, decay_power)));
  const scaled = builder.add('Mul', [spectrum, decay], {});
  // Colour is linear, so that it may come before the transform.
  return addInverseTransform(builder, addColour(builder, scaled, colour), size);
}

/** Adds the orthonormal inverse transform of `[batch,planes,2·size,size/2+1]` (real parts, then imaginary ones): `[batch,planes,size,size]`. */
export function addInverseTransform(builder: GraphBuilder, spectrum: string, size: number): string {
  const [batch, colours] = builder.shape(spectrum);
  const [parts, rows, columns] = spectrumShape(size);
  const planes = batch * colours;
  const flat = builder.add('Reshape', [spectrum, builder.integers([planes, parts * rows, columns])], { allowzero: 0 });
  const columnsDone = builder.add('MatMul', [builder.constant(float32([2 * size, 2 * size], inverseColumns(size))), flat], {});
  const lines = builder.add('Reshape', [columnsDone, builder.integers([planes * size, 2 * columns])], { allowzero: 0 });
  const rowsDone = builder.add('MatMul', [lines, builder.constant(float32([2 * columns, size], inverseRows(size)))], {});
  return builder.add('Reshape', [rowsDone, builder.integers([batch, colours, size, size])], { allowzero: 0 });
}

/**
 * The factor of every coefficient, `[2·size, size/2+1]`: 1/max(f, 1/size)^power with f in cycles per pixel, scaled so that white parameters
 * give a picture of the same energy whatever the power: a learning rate then means the same for all.
 */
export function decayFilter(size: number, power: number): Float32Array {
  const columns = Math.floor(size / 2) + 1;
  const filter = new Float32Array(2 * size * columns);
  let energy = 0;
  let lucidEnergy = 0;
  for (let ky = 0; ky < size; ky++) {
    for (let kx = 0; kx < columns; kx++) {
      const frequency = Math.max(Math.hypot(Math.min(ky, size - ky), kx) / size, 1 / size);
      filter[ky * columns + kx] = frequency ** -power;
      energy += frequency ** (-2 * power);
      lucidEnergy += frequency ** -2;
    }
  }
  const level = Math.sqrt(lucidEnergy / energy);
  const half = size * columns;
  for (let i = 0; i < half; i++) {
    filter[i] *= level;
    filter[half + i] = filter[i];
  }
  return filter;
}

/**
 * The inverse transform along y as a real matrix, `[2·size, 2·size]`. It reads the real parts, then the imaginary ones; it writes them
 * alternating, so that the rows of one y lie together.
 */
function inverseColumns(size: number): Float32Array {
  const matrix = new Float32Array((2 * size) ** 2);
  const level = 1 / Math.sqrt(size);
  for (let y = 0; y < size; y++) {
    for (let ky = 0; ky < size; ky++) {
      const angle = (2 * Math.PI * ((y * ky) % size)) / size;
      const [cosine, sine] = [level * Math.cos(angle), level * Math.sin(angle)];
      const real = 2 * y * 2 * size;
      const imaginary = real + 2 * size;
      matrix[real + ky] = cosine;
      matrix[real + size + ky] = -sine;
      matrix[imaginary + ky] = sine;
      matrix[imaginary + size + ky] = cosine;
    }
  }
  return matrix;
}

/** The inverse transform along x, `[2·(size/2+1), size]`: columns between the first and the Nyquist one count twice, for their conjugates. */
function inverseRows(size: number): Float32Array {
  const columns = Math.floor(size / 2) + 1;
  const matrix = new Float32Array(2 * columns * size);
  for (let kx = 0; kx < columns; kx++) {
    const level = (kx === 0 || 2 * kx === size ? 1 : 2) / Math.sqrt(size);
    for (let x = 0; x < size; x++) {
      const angle = (2 * Math.PI * ((x * kx) % size)) / size;
      matrix[kx * size + x] = level * Math.cos(angle);
      matrix[(columns + kx) * size + x] = -level * Math.sin(angle);
    }
  }
  return matrix;
}
