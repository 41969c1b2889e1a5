/** A file may call its values what the renderer calls its own. */
import { expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { checkLayer } from '../../generator/render/check.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import { openProbe } from '../../generator/render/probe.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { weight, write } from '../models/onnx/write-model.ts';

const NAMES = ['score', 'pooled', 'mask', 'directions', 'gradient', 'image_before', 'reference', 'parameters'];

/** A chain of convolutions, each value called by one of the names. */
function chain(names: readonly string[]) {
  return {
    nodes: names.map((name, i) => ({
      op: 'Conv',
      name,
      inputs: [i === 0 ? 'picture' : names[i - 1], `w${i}`],
      outputs: [name],
      attributes: { pads: [1, 1, 1, 1] },
    })),
    tensors: names.map((_, i) => weight(`w${i}`, [3, 3, 3, 3], i + 1)),
    inputs: [{ name: 'picture', shape: ['N', 3, 'H', 'W'] }],
    outputs: [{ name: names[names.length - 1] }],
  };
}

test.each(NAMES)('a layer called "%s", among others called like it, renders like one of another name', async (name) => {
  const runtime = openOnnxRuntime({ threads: 1 });
  const settings = resolveSettings({ size: 16, steps: 3, pad: 2, jitter: 2, final_jitter: 2 });
  const results = [];
  for (const rename of [(value: string) => value, (value: string) => `plain-${value}`]) {
    const model = await openModel(await write(chain(NAMES.map(rename))), { size: 16 });
    const request = { model, runtime, layer: rename(name), settings, batch: 1 };
    const renderer = await openRenderer(request);
    const [rendered] = await renderer.render([{ unit: 'channel-1', direction: Float32Array.of(0, 1, 0), seed: 0 }]);
    await renderer.dispose();
    const probe = await openProbe(request);
    const pooled = await probe.pooled(new Float32Array(3 * 256).fill(0.25), 1);
    await probe.dispose();
    const { score, gradient_l2 } = await checkLayer({ model, runtime, layer: rename(name) });
    results.push({ pixels: rendered.pixels, curve: rendered.curve, pooled, score, gradient_l2 });
  }
  expect(results[0]).toEqual(results[1]);
});
