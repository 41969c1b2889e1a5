/** The random transformation: what it shows, that its adjoint is exact, and that the graph does what the loops do. */
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, float32Data, type Tensor } from '../../generator/graph/tensor.ts';
import { openWarpKernels, placeWarp } from '../../generator/render/kernels/warp.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import {
  applyWarp,
  applyWarpAdjoint,
  canvasSize,
  drawTransformation,
  fillWarp,
  identityTransformation,
  type Transformation,
} from '../../generator/render/transformation.ts';
import { addWarp, adjointWidth, warpInputs, warpTensors } from '../../generator/render/warp-graph.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { KernelMemory, Places } from '../../generator/wasm/memory.ts';
import { draws } from './tiny-model.ts';

const STILL = { ...PRESET_SETTINGS.lucid, size: 8, pad: 0, jitter: 0, final_jitter: 0 };
const AS_IS = { shift: [0, 0], finalShift: [0, 0], scale: 1, angle: 0 } as const;

/** The loops in WebAssembly, and their memory. */
function openKernels(settings: RenderSettings, planes: number, canvases: number) {
  const places = new Places();
  const place = placeWarp(settings, planes, canvases, places);
  const memory = new KernelMemory(places);
  return { ...openWarpKernels(place, memory), dispose: () => memory.dispose() };
}

/** One plane of a picture seen through a transformation, in the picture's own values. */
function seen(transformation: Transformation, settings: RenderSettings, picture: Float32Array): Float32Array {
  const canvas = new Float32Array(canvasSize(settings) ** 2);
  applyWarp(fillWarp(transformation, settings), picture, 1, [1], [0], canvas);
  return canvas;
}

const ramp = (size: number, value: (x: number, y: number) => number) =>
  Float32Array.from({ length: size * size }, (_, i) => value(i % size, Math.floor(i / size)));

describe('what the network sees', () => {
  test.each(['reflect', 'grey'] as const)('the identity on a canvas of the picture’s size changes no bit (%s)', (border) => {
    const settings = { ...STILL, size: 9, pad: 3, jitter: 4, final_jitter: 2, border };
    const picture = draws('identity', 81);
    expect(seen(identityTransformation(settings), settings, picture)).toEqual(picture);
  });

  test('the canvas is the picture with its padding, less both crops', () => {
    expect(canvasSize({ ...STILL, size: 128, pad: 12, jitter: 8, final_jitter: 4 })).toBe(128 + 24 - 12);
  });

  test('shifts move the window over the padded picture by whole pixels', () => {
    const settings = { ...STILL, size: 8, pad: 2, jitter: 3, final_jitter: 2 };
    const side = canvasSize(settings);
    const canvas = seen(
      { ...AS_IS, shift: [3, 1], finalShift: [0, 2] },
      settings,
      ramp(8, (x, y) => 10 * y + x),
    );
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const [x, y] = [column + 3 + 0 - 2, row + 1 + 2 - 2];
        const inside = x >= 0 && x < 8 && y >= 0 && y < 8;
        expect(canvas[row * side + column], `${row}, ${column}`).toBe(inside ? 10 * y + x : 0.5);
      }
    }
  });

  test('a turn by 90° shows the picture’s columns as rows', () => {
    const canvas = seen(
      { ...AS_IS, angle: Math.PI / 2 },
      STILL,
      ramp(8, (x, y) => 10 * y + x),
    );
    for (let row = 0; row < 8; row++) {
      for (let column = 0; column < 8; column++) expect(canvas[row * 8 + column]).toBeCloseTo(10 * column + (7 - row), 4);
    }
  });

  test('a magnification of 2 halves the distance between what neighbours show, about the centre', () => {
    const canvas = seen(
      { ...AS_IS, scale: 2 },
      STILL,
      ramp(8, (x) => x),
    );
    for (let column = 0; column < 8; column++) expect(canvas[8 + column]).toBeCloseTo(3.5 + (column - 3.5) / 2, 5);
  });

  test('grey borders show 0.5 before preprocessing; mirrored ones show the picture again, the outermost pixel once', () => {
    const picture = ramp(8, (x) => x);
    const settings = { ...STILL, pad: 3 };
    const row = (border: 'grey' | 'reflect') => [...seen(AS_IS, { ...settings, border }, picture).subarray(5 * 14, 6 * 14)];
    expect(row('grey')).toEqual([0.5, 0.5, 0.5, 0, 1, 2, 3, 4, 5, 6, 7, 0.5, 0.5, 0.5]);
    expect(row('reflect')).toEqual([3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4]);
  });

  test('half a pixel outside the picture is half grey', () => {
    const canvas = seen({ ...AS_IS, shift: [0.5, 0] }, { ...STILL, border: 'grey' }, new Float32Array(64).fill(1));
    expect(canvas[7]).toBeCloseTo(0.75, 6);
  });

  test('preprocessing follows colour by colour: scale · (picture or grey) + offset', () => {
    const settings = { ...STILL, size: 4, pad: 1, border: 'grey' } as const;
    const canvas = new Float32Array(6 * 36);
    applyWarp(fillWarp(AS_IS, settings), new Float32Array(6 * 16).fill(0.25), 6, [2, 4, 8], [-1, 0, 3], canvas);
    for (let plane = 0; plane < 6; plane++) {
      const [scale, offset] = [[2, 4, 8][plane % 3], [-1, 0, 3][plane % 3]];
      expect(canvas[plane * 36]).toBe(0.5 * scale + offset);
      expect(canvas[plane * 36 + 7]).toBe(0.25 * scale + offset);
    }
  });
});

describe('draws', () => {
  const settings = PRESET_SETTINGS.atlas;

  test('a draw depends on the seed and the step alone', () => {
    const again = drawTransformation(3, 7, settings);
    drawTransformation(4, 7, settings);
    expect(drawTransformation(3, 7, { ...settings, size: 32, steps: 5 })).toEqual(again);
    expect(drawTransformation(3, 8, settings)).not.toEqual(again);
    expect(drawTransformation(4, 7, settings)).not.toEqual(again);
  });

  test('draws fill their ranges and stay inside', () => {
    const all = Array.from({ length: 500 }, (_, step) => drawTransformation(1, step, settings));
    const shifts = all.flatMap(({ shift }) => shift);
    const finalShifts = all.flatMap(({ finalShift }) => finalShift);
    expect([Math.min(...shifts), Math.max(...shifts)]).toEqual([0, settings.jitter]);
    expect([Math.min(...finalShifts), Math.max(...finalShifts)]).toEqual([0, settings.final_jitter]);
    const degrees = all.map(({ angle }) => (angle * 180) / Math.PI);
    expect(Math.max(...degrees.map(Math.abs))).toBeLessThanOrEqual(settings.rotate);
    expect(Math.max(...degrees) - Math.min(...degrees)).toBeGreaterThan(1.9 * settings.rotate);
    expect(all.every(({ scale }) => scale >= settings.scale[0] && scale < settings.scale[1])).toBe(true);
  });
});

/** Settings that press on the bounds: odd sizes, no scaling, strong rotation, padding as wide as the picture. */
const HARD: readonly (readonly [string, RenderSettings])[] = [
  ['the atlas preset', { ...PRESET_SETTINGS.atlas, size: 33 }],
  ['the lucid preset', { ...PRESET_SETTINGS.lucid, size: 32 }],
  ['rotation without scaling', { ...STILL, size: 17, scale: [1, 1], rotate: 3 }],
  ['any angle, large scales, grey', { ...STILL, size: 19, pad: 4, jitter: 3, scale: [0.5, 1.5], rotate: 180, border: 'grey' }],
  ['mirrored on every side', { ...STILL, size: 20, pad: 9, jitter: 6, final_jitter: 2, border: 'reflect', rotate: 20, scale: [0.9, 1.2] }],
  ['a mirror in a mirror', { ...STILL, size: 16, pad: 12, jitter: 5, final_jitter: 3, border: 'reflect', rotate: 45 }],
];

describe.each(HARD)('%s', (_, settings) => {
  const side = canvasSize(settings);
  const [planes, scale, offset] = [6, [2, 0.5, 3], [-1, 0.25, 0]];
  const area = settings.size ** 2;

  test('the adjoint is exact: ⟨W x, y⟩ = ⟨x, Wᵀ y⟩', () => {
    for (let step = 0; step < 10; step++) {
      const warp = fillWarp(drawTransformation(5, step, settings), settings);
      const [x, y] = [draws(`x ${step}`, planes * area), draws(`y ${step}`, planes * side * side)];
      const canvas = new Float32Array(y.length);
      const picture = new Float32Array(x.length);
      // The linear part: what the borders and the offset add is taken off.
      const none = new Float32Array(y.length);
      applyWarp(warp, x, planes, scale, offset, canvas);
      applyWarp(warp, new Float32Array(x.length), planes, scale, offset, none);
      applyWarpAdjoint(warp, y, planes, scale, picture);
      const left = canvas.reduce((sum, value, i) => sum + (value - none[i]) * y[i], 0);
      const right = x.reduce((sum, value, i) => sum + value * picture[i], 0);
      const size = Math.hypot(...canvas) * Math.hypot(...y);
      expect(Math.abs(left - right)).toBeLessThan(1e-5 * Math.max(Math.abs(left), 1e-2 * size));
    }
  });

  test.each([1, 3, 4, 6])('the loops in WebAssembly equal those in JavaScript, for %i planes', (planes) => {
    const kernels = openKernels(settings, planes, 2);
    const [x, y] = [draws('picture', planes * area), draws('canvas', planes * side * side)];
    const [canvas, picture] = [new Float32Array(y.length), new Float32Array(x.length)];
    for (let step = 0; step < 5; step++) {
      fillWarp(drawTransformation(8, step, settings), settings, kernels.warp);
      applyWarp(kernels.warp, x, planes, scale, offset, canvas);
      applyWarpAdjoint(kernels.warp, y, planes, scale, picture);
      kernels.canvas.fill(Number.NaN);
      kernels.gradient.fill(Number.NaN);
      kernels.apply(x, scale, offset, 1);
      kernels.applyAdjoint(y, scale);
      expect(kernels.canvas.subarray(0, y.length).every(Number.isNaN)).toBe(true);
      const own = kernels.canvas.subarray(y.length);
      expect(canvas.every((value, i) => Math.abs(value - own[i]) <= 1e-5)).toBe(true);
      expect(picture.every((value, i) => Math.abs(value - kernels.gradient[i]) <= 1e-5 * (1 + Math.abs(value)))).toBe(true);
    }
    kernels.dispose();
  });

  test('the matrix is filled in WebAssembly as in JavaScript, to the bit', () => {
    const kernels = openKernels(settings, 3, 1);
    for (let step = 0; step < 20; step++) {
      const transformation = drawTransformation(9, step, settings);
      const expected = fillWarp(transformation, settings);
      kernels.fill(transformation);
      expect(kernels.warp.indices).toEqual(expected.indices);
      expect(kernels.warp.weights).toEqual(expected.weights);
      expect(kernels.warp.rest).toEqual(expected.rest);
    }
    kernels.dispose();
  });

  test('the loops’ memory is used again, empty and as large as is asked for', () => {
    const first = openKernels(settings, 3, 1);
    first.canvas.fill(Number.NaN);
    first.dispose();
    const second = openKernels(settings, 12, 8);
    expect(first.canvas.length).toBe(0);
    expect(second.canvas.length).toBe(8 * 12 * side * side);
    expect(second.canvas.every((value) => value === 0)).toBe(true);
    const third = openKernels(settings, 3, 1);
    expect(third.canvas.buffer).not.toBe(second.canvas.buffer);
  });

  test('300 draws stay within the bound on how many positions read a pixel', () => {
    let most = 0;
    for (let step = 0; step < 300; step++) {
      const { indices, weights } = fillWarp(drawTransformation(6, step, settings), settings);
      const readers = new Uint32Array(area);
      for (let i = 0; i < indices.length; i++) if (weights[i] !== 0) readers[indices[i]]++;
      most = Math.max(most, ...readers);
    }
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(adjointWidth(settings));
  });

  test('the graph equals the loops, forward and adjoint', async () => {
    const builder = new GraphBuilder();
    const inputs = warpInputs(builder, settings);
    builder.input('picture', { dtype: 'float32', shape: [2, 3, settings.size, settings.size] });
    builder.input('canvas', { dtype: 'float32', shape: [2, 3, side, side] });
    const outputs = [addWarp(builder, 'picture', inputs.forward, side), addWarp(builder, 'canvas', inputs.adjoint, settings.size)];
    const program = await openOnnxRuntime({ threads: 1 }).compile(builder.build(outputs));
    const warp = fillWarp(drawTransformation(7, 1, settings), settings);
    const [x, y] = [draws('picture', planes * area), draws('canvas', planes * side * side)];
    const result = await program.run({
      picture: float32([2, 3, settings.size, settings.size], x),
      canvas: float32([2, 3, side, side], y),
      ...warpTensors(warp, settings),
    });
    const [canvas, picture] = [new Float32Array(y.length), new Float32Array(x.length)];
    applyWarp(warp, x, planes, [1], [0], canvas);
    applyWarpAdjoint(warp, y, planes, [1], picture);
    const [forward, adjoint] = outputs.map((name) => float32Data(result[name] as Tensor, name));
    expect(Math.max(...forward.map((value, i) => Math.abs(value - canvas[i])))).toBeLessThan(1e-5);
    expect(Math.max(...adjoint.map((value, i) => Math.abs(value - picture[i])))).toBeLessThan(1e-5);
    await program.dispose();
  });
});
