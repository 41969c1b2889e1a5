/** Which device is taken, and what is said where one is not there. */
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { attempt } from '../../generator/runtime/attempt.ts';
import { findLack } from '../../generator/runtime/devices.ts';
import { choosePlace, type Machine, openRuntime } from '../../generator/runtime/open.ts';

afterEach(() => vi.unstubAllEnvs());

/** A machine where nothing visibly lacks but what is named, and where those places that are named work. */
function machine(works: readonly string[], lacks: Record<string, string> = {}): Machine {
  return {
    findLack: ({ device }) => (lacks[device] ? { why: lacks[device], remedy: 'Do this.' } : undefined),
    attempt: async ({ runtime, device }) =>
      works.includes(`${runtime} ${device}`) ? { works: true } : { works: false, why: 'the first run failed' },
  };
}

const SERVER = { directml: 'not Windows', coreml: 'not macOS' };

describe('auto', () => {
  it('takes the first device that runs a program to its end', async () => {
    expect(await choosePlace('auto', 'auto', machine(['onnxruntime cuda', 'onnxruntime webgpu'], SERVER))).toEqual({
      place: { runtime: 'onnxruntime', device: 'cuda' },
    });
  });

  it('goes on past one that opens and fails at its first run, and says so in one line', async () => {
    const { place, fallback } = await choosePlace('auto', 'auto', machine(['onnxruntime webgpu'], SERVER));
    expect(place).toEqual({ runtime: 'onnxruntime', device: 'webgpu' });
    expect(fallback).toBe(
      'auto: cuda not there (the first run failed), directml not there (not Windows), coreml not there (not macOS) — using webgpu',
    );
  });

  it('has TensorFlow.js use a CUDA device that onnxruntime cannot', async () => {
    const { place } = await choosePlace('auto', 'auto', machine(['tfjs cuda', 'onnxruntime webgpu'], SERVER));
    expect(place).toEqual({ runtime: 'tfjs', device: 'cuda' });
  });

  it('keeps to the runtime that was asked for', async () => {
    expect((await choosePlace('auto', 'tfjs', machine(['onnxruntime cuda']))).place).toEqual({ runtime: 'tfjs', device: 'cpu' });
  });

  it('ends with the CPU, and with a line on standard error', async () => {
    const { place, fallback } = await choosePlace('auto', 'auto', machine([], { ...SERVER, cuda: 'no driver', webgpu: 'no card' }));
    expect(place).toEqual({ runtime: 'onnxruntime', device: 'cpu' });
    expect(fallback?.split('\n')).toHaveLength(1);
    const lines: string[] = [];
    vi.stubEnv('VK_DRIVER_FILES', '/nowhere.json');
    const runtime = await openRuntime({ device: 'auto', onFallback: (line) => lines.push(line) });
    if (runtime.device === 'cpu') expect(lines).toEqual([expect.stringMatching(/^auto: .*webgpu not there \(.+\) — using cpu$/)]);
  });
});

describe('a device asked for by name', () => {
  it('is taken without a word where it works', async () => {
    expect(await choosePlace('webgpu', 'auto', machine(['onnxruntime webgpu']))).toEqual({
      place: { runtime: 'onnxruntime', device: 'webgpu' },
    });
  });

  it('is an error where it does not, with what to do', async () => {
    await expect(choosePlace('webgpu', 'auto', machine([], { webgpu: 'no card' }))).rejects.toThrow(
      '--device webgpu: expected a device that works for onnxruntime, received "no card"\nDo this. "atlas doctor" shows what is there.',
    );
  });

  it('is wrong usage where the runtime has no such device', async () => {
    await expect(choosePlace('webgpu', 'tfjs', machine([]))).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('this machine', () => {
  it('computes on its processor with both runtimes, in a process of its own', async () => {
    expect(await attempt({ runtime: 'onnxruntime', device: 'cpu' })).toMatchObject({
      works: true,
      version: expect.stringMatching(/^onnxruntime-node /),
    });
    expect(await attempt({ runtime: 'tfjs', device: 'cpu' }, 'wasm')).toMatchObject({ works: true });
  });

  it('says why a device does not work, on one line', async () => {
    vi.stubEnv('VK_DRIVER_FILES', '/nowhere.json');
    const { works, why } = await attempt({ runtime: 'onnxruntime', device: 'webgpu' });
    expect(works).toBe(false);
    expect(why).toMatch(/^[^\n]+$/);
  });

  it.runIf(process.platform === 'linux')('offers auto no software device, but has one when asked by name', () => {
    vi.stubEnv('VK_DRIVER_FILES', undefined);
    vi.stubEnv('VK_ICD_FILENAMES', '/nowhere.json');
    const place = { runtime: 'onnxruntime', device: 'webgpu' } as const;
    const lack = findLack(place, true);
    expect(lack?.why).toMatch(/not installed|no Vulkan driver \(\/nowhere\.json cannot be read\)/);
    const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json';
    if (!existsSync(swiftshader) || /not installed/.test(lack?.why ?? '')) return;
    vi.stubEnv('VK_ICD_FILENAMES', swiftshader);
    expect(findLack(place, true)?.why).toBe('its only Vulkan driver is a software one');
    expect(findLack(place, false)).toBeUndefined();
  });
});
