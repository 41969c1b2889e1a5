/** Threads that render, each its own pictures: the same bytes as one thread makes, stopped together, and failing out loud. */
import { describe, expect, test } from 'vitest';
import { groupsTogether, hostPrograms } from '../../generator/render/host-programs.ts';
import { compileHostStepper } from '../../generator/render/host-stepper.ts';
import { optimise } from '../../generator/render/optimise.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import type { RenderJob } from '../../generator/render/renderer.ts';
import { deal, openThreads } from '../../generator/render/threads.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { tinyModel } from './tiny-model.ts';

const settings = resolveSettings({ size: 16, steps: 12, pad: 2, jitter: 2, final_jitter: 2 });
const jobs: readonly RenderJob[] = Array.from({ length: 5 }, (_, i) => ({
  unit: `channel-${i}`,
  direction: Float32Array.from({ length: 6 }, (_, c) => (c === i ? 1 : 0)),
  seed: 0,
}));
const programs = hostPrograms({ model: tinyModel(), layer: 'second', settings }, jobs.length);

describe('threads', () => {
  test('make what one thread makes, to the byte, in the order of the jobs', async () => {
    const stepper = await compileHostStepper(programs, openOnnxRuntime({ threads: 1 }));
    const expected = await optimise(stepper, jobs, settings, {});
    await stepper.dispose();
    const { render, dispose } = await openThreads(programs, 3);
    expect(await render(jobs)).toEqual(expected);
    // Fewer jobs than threads, and the same threads again.
    expect(await render(jobs.slice(3, 4))).toEqual(expected.slice(3, 4));
    await dispose();
  });

  test('tell of a step once all of them have done it', async () => {
    const { render, dispose } = await openThreads(programs, 2);
    const seen: number[] = [];
    await render(jobs, { onStep: (step) => seen.push(step) });
    await dispose();
    expect(seen.at(-1)).toBe(settings.steps - 1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('stop between steps with the reason given, and render again', async () => {
    const { render, dispose } = await openThreads(programs, 2);
    const stop = new AbortController();
    const stopped = render(jobs, { signal: stop.signal, onStep: () => stop.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
    expect(await render(jobs.slice(0, 2))).toHaveLength(2);
    await dispose();
  });

  test('fail with the message of the thread that failed, and render again', async () => {
    const { render, dispose } = await openThreads(programs, 2);
    const wrong = [jobs[0], { ...jobs[1], direction: new Float32Array(7) }];
    await expect(render(wrong)).rejects.toThrow('render: expected a direction of 6 channels for channel-1, received 7');
    expect(await render(jobs.slice(0, 2))).toHaveLength(2);
    await dispose();
  });

  test('take groups of pictures through the network one by one, and single pictures up to four', () => {
    const together = (pictures: number | undefined, share: number) =>
      groupsTogether({ ...settings, ...(pictures ? { group: { pictures, diversity: 1 } } : {}) }, share);
    expect([together(2, 8), together(4, 4), together(undefined, 8), together(undefined, 2.5), together(undefined, 0.5)]).toEqual([
      1, 1, 4, 2, 1,
    ]);
  });

  test('take no more jobs than their programs are for', async () => {
    const stepper = await compileHostStepper(
      hostPrograms({ model: tinyModel(), layer: 'second', settings }, 2.5),
      openOnnxRuntime({ threads: 1 }),
    );
    await stepper.start(jobs.slice(0, 3));
    await expect(stepper.start(jobs.slice(0, 4))).rejects.toThrow('render: expected at most 3 groups of pictures, received 4');
    await stepper.dispose();
  });

  test('fail at once where a program does not compile', async () => {
    const nodes = programs.network.graph.nodes.map((node) => ({ ...node, name: 'the same' }));
    await expect(
      openThreads({ ...programs, network: { ...programs.network, graph: { ...programs.network.graph, nodes } } }, 2),
    ).rejects.toThrow(/^onnxruntime on cpu: expected to compile the program for .*, received ".*two nodes with same node name/);
  });
});

test('jobs are dealt in runs as equal as can be, groups unbroken', () => {
  expect(deal([1, 2, 3, 4, 5], 2)).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  expect(deal([1, 2], 4)).toEqual([[1], [2]]);
  expect(deal([1, 2, 3, 4, 5, 6], 2, 4)).toEqual([
    [1, 2, 3, 4],
    [5, 6],
  ]);
});
