/** `atlas doctor`, on this machine and on ones made worse by their environment. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findLibrary } from '../../generator/runtime/graphics.ts';

const CLI = path.resolve(import.meta.dirname, '..', '..', 'generator', 'cli.ts');
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

const report = z.strictObject({
  fit: z.boolean(),
  findings: z.array(
    z.strictObject({
      area: z.enum(['system', 'processor', 'graphics', 'TensorFlow.js', 'storage']),
      name: z.string(),
      state: z.enum(['ok', 'missing', 'broken']),
      detail: z.string().min(1),
      remedy: z.string().optional(),
      essential: z.literal(true).optional(),
    }),
  ),
});

/** The exit code is 0, or this rejects. */
async function doctor(environment: NodeJS.ProcessEnv = {}) {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'doctor', '--json'], { env: { ...process.env, ...environment } });
  const { fit, findings } = report.parse(JSON.parse(stdout));
  return { fit, findings, find: (name: string) => findings.find((finding) => finding.name === name) };
}

describe('atlas doctor', () => {
  it('finds this machine fit to render, names what it has, and a cure for everything else', async () => {
    const { fit, findings, find } = await doctor();
    expect(fit).toBe(true);
    expect(find('Node.js')).toMatchObject({ state: 'ok', detail: process.versions.node });
    expect(find('onnxruntime cpu')).toMatchObject({ state: 'ok', detail: expect.stringMatching(/^onnxruntime-node \d.* in \d+ ms$/) });
    expect(find('@tensorflow/tfjs-backend-wasm')).toMatchObject({ state: 'ok' });
    expect(find('sharp')?.detail).toMatch(/libvips \d/);
    expect(find('memory')?.detail).toMatch(/GiB|MiB/);
    for (const { name, state, remedy } of findings) if (state !== 'ok') expect(remedy, name).toMatch(/\S/);
  });

  it.runIf(process.platform === 'linux')('tells of a driver that cannot be read, and is still fit to render', async () => {
    const { fit, find } = await doctor({ VK_DRIVER_FILES: undefined, VK_ICD_FILENAMES: '/nowhere.json' });
    expect(fit).toBe(true);
    expect(find('Vulkan drivers')).toMatchObject({ state: 'broken', detail: '/nowhere.json cannot be read' });
    const missing = findLibrary('libvulkan.so.1')
      ? 'there is no Vulkan driver (/nowhere.json cannot be read)'
      : 'the Vulkan loader is not installed';
    expect(find('onnxruntime webgpu')).toMatchObject({ state: 'missing', detail: missing });
  });

  it.runIf(existsSync(SWIFTSHADER) && findLibrary('libvulkan.so.1') !== undefined)('tries a software device and calls it one', async () => {
    const { find } = await doctor({
      VK_DRIVER_FILES: undefined,
      VK_ICD_FILENAMES: SWIFTSHADER,
      XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir(),
    });
    expect(find('Vulkan drivers')?.detail).toContain('(software)');
    expect(find('onnxruntime webgpu')).toMatchObject({ state: 'ok' });
  });
});
