/** Batches that fit: chosen by measure, made smaller before memory runs out and after, with the same bytes whatever their size. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { BatchSize, measureBatch } from '../../generator/batch/batch-size.ts';
import type { Engine } from '../../generator/batch/engine.ts';
import { readMemory } from '../../generator/batch/memory.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { SILENT } from '../../generator/batch/progress.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { isOutOfMemory } from '../../generator/runtime/out-of-memory.ts';
import { temporaryFolder } from '../temporary.ts';
import { LAYERS, SETTINGS, standInEngine, standInModel } from './stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, storeHashes } from './store-state.ts';

const folder = temporaryFolder('batch');

/** The stand-in, with memory for so many pictures at a time only; the failure is onnxruntime's own, from a real one. */
function narrowEngine(room: number, sizes: number[] = []): Engine {
  const engine = standInEngine();
  return {
    ...engine,
    openRenderer: async (request) => {
      sizes.push(request.batch);
      const renderer = await engine.openRenderer(request);
      return {
        ...renderer,
        render: async (jobs, options) => {
          if (request.batch > room)
            throw new Error(
              'Non-zero status code returned while running Mul node. Name:"Mul~40" Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 38879232',
            );
          return renderer.render(jobs, options);
        },
      };
    },
  };
}

async function run(engine: Engine, name: string, batch: number | 'auto') {
  const notes: string[] = [];
  const progress = { ...SILENT, note: (text: string) => notes.push(text) };
  const store = path.join(folder, name);
  const summary = await runPlan({ plan: checkPlan(SMALL_PLAN, 'plan.json'), folder: store, engine, batch, progress });
  return { summary, notes: notes.filter((note) => !/pictures to render$/.test(note)), hashes: storeHashes(store) };
}

describe('a batch that does not fit', () => {
  it('is halved until it does, each time with a line, and stays so; the pictures are the same', async () => {
    const sizes: number[] = [];
    const { summary, notes, hashes } = await run(narrowEngine(3, sizes), 'narrow', 16);
    expect(summary).toMatchObject({ rendered: SMALL_PLAN_PICTURES, failed: [] });
    expect(notes).toEqual([
      'early: 16 pictures at a time do not fit into memory (Failed to allocate memory for requested buffer of size 38879232); going on with 8',
      'early: 8 pictures at a time do not fit into memory (Failed to allocate memory for requested buffer of size 38879232); going on with 4',
      'early: 4 pictures at a time do not fit into memory (Failed to allocate memory for requested buffer of size 38879232); going on with 2',
    ]);
    // After each layer's renders a group of its diverse pictures, whole.
    expect(sizes).toEqual([16, 8, 4, 2, 3, 2, 3, 2, 3]);
    expect(hashes).toEqual((await run(standInEngine(), 'wide', 8)).hashes);
  });

  it('goes on after what is stored where memory runs out in the middle', async () => {
    const rendered: string[] = [];
    const engine = narrowEngine(Number.POSITIVE_INFINITY);
    let batches = 0;
    const failing: Engine = {
      ...engine,
      openRenderer: async (request) => {
        const renderer = await engine.openRenderer(request);
        return {
          ...renderer,
          render: async (jobs, options) => {
            if (++batches === 3) throw new Error('std::bad_alloc');
            rendered.push(
              ...jobs.map(({ unit, seed }) => `${request.layer} ${unit} ${seed} ${request.settings.group ? 'diverse' : 'render'}`),
            );
            return renderer.render(jobs, options);
          },
        };
      },
    };
    const { notes, hashes } = await run(failing, 'middle', 8);
    expect(notes).toEqual(['early: 8 pictures at a time do not fit into memory (std::bad_alloc); going on with 4']);
    expect(rendered.length).toBe(SMALL_PLAN_PICTURES);
    expect(new Set(rendered).size).toBe(SMALL_PLAN_PICTURES);
    expect(hashes).toEqual((await run(standInEngine(), 'undisturbed', 8)).hashes);
  });

  it('is a fault where it is of one picture, which says what is held and what to do', async () => {
    await expect(run(narrowEngine(0), 'none', 2)).rejects.toThrow(
      /^early: expected memory for one picture for --batch 1, received "Failed to allocate .*"\nThe process holds .* of .*: close other programs/,
    );
  });

  it('is not what another failure means: that is the failure of its units', async () => {
    const { summary, notes } = await run(standInEngine({ broken: ['channel-1'] }), 'broken', 8);
    expect(notes).toEqual([]);
    expect(summary.failed.map(({ unit }) => unit)).toContain('channel-1');
  });

  it('is halved beforehand by what its pictures are known to take', () => {
    const { free } = readMemory();
    const size = new BatchSize(64);
    expect(size.fit(() => 0, 'early')).toBeUndefined();
    expect(size.fit((batch) => (batch * free) / 10, 'early')).toMatch(
      /^early: 64 pictures at a time would take about .*, .* are free; going on with [124]$/,
    );
    expect(size.size).toBeLessThanOrEqual(4);
    size.fit(() => free * 100, 'early');
    expect(size.size).toBe(1);
  });

  it.runIf(process.platform === 'linux' && existsSync('/usr/bin/prlimit'))(
    'ends no process: under a real limit of addresses, the same bytes as without',
    async () => {
      const child = async (name: string, ...args: string[]) => {
        const { stdout } = await promisify(execFile)(process.execPath, [
          `${import.meta.dirname}/fit-child.ts`,
          path.join(folder, name),
          ...args,
        ]);
        return stdout;
      };
      expect(await child('free', '4')).toContain('10 rendered, 0 failed');
      const limited = await child('limited', '64', '1000');
      expect(limited).toMatch(
        /first: 64 pictures at a time would take about .*, 1000 MiB are free; going on with (8|16|32)\n10 rendered, 0 failed/,
      );
      expect(storeHashes(path.join(folder, 'limited'))).toEqual(storeHashes(path.join(folder, 'free')));
    },
  );
});

const runtime = await standInEngine().openRuntime({});

describe('--batch auto', () => {
  const request = { model: standInModel(), runtime, layer: LAYERS[0].name, settings: SETTINGS };

  /** A step of a batch takes as long as one of four pictures, and more beyond; there is room for so many. */
  function timedEngine(room: number): Engine {
    return {
      ...standInEngine(),
      openRenderer: async (asked) => {
        if (asked.batch > room) throw new Error('Failed to get memory', { cause: new Error('std::bad_alloc') });
        return standInEngine({ stepTime: asked.batch <= 4 ? 40 : 24 * asked.batch }).openRenderer(asked);
      },
    };
  }

  it('takes the size of the most pictures a second, and says what it measured and why it stopped', async () => {
    const { size, line } = await measureBatch(timedEngine(Number.POSITIVE_INFINITY), request);
    expect(size).toBe(4);
    expect(line).toMatch(
      /^Rendering 4 pictures at a time: of milliseconds a picture and step, 1: \d+\.\d, 2: \d+\.\d, 4: \d+\.\d, 8: \d+\.\d, 16: \d+\.\d; more are no faster\.$/,
    );
  });

  it('stops where more do not fit, and where they would want more than there is', async () => {
    expect(await measureBatch(timedEngine(2), request)).toEqual({ size: 2, line: expect.stringMatching(/; 4 do not fit\.$/) });
    const engine = { ...timedEngine(64), batchMemory: ({ batch }: { batch: number }) => (batch * readMemory().free) / 2 };
    expect(await measureBatch(engine, request)).toEqual({ size: 1, line: expect.stringMatching(/; 2 would want .* of .*\.$/) });
  });

  it('is a run’s choice on its first layer', async () => {
    const { summary, notes } = await run(standInEngine(), 'auto', 'auto');
    expect(summary.rendered).toBe(SMALL_PLAN_PICTURES);
    expect(notes).toEqual([expect.stringMatching(/^Rendering \d+ pictures at a time: /)]);
  });
});

describe('want of memory', () => {
  it.each([
    'std::bad_alloc',
    'bfc_arena.cc:360 Failed to allocate memory for requested buffer of size 38879232',
    'CUDA error cudaErrorMemoryAllocation: out of memory',
    'OOM when allocating tensor with shape[64,192,112,112]',
    'VK_ERROR_OUT_OF_DEVICE_MEMORY',
    'WebGPU device lost (1): out of memory',
    'Array buffer allocation failed',
    'WebAssembly.Memory(): could not allocate memory',
    'WebAssembly.Memory.grow(): Unable to grow instance memory',
  ])('is known by its words: %s', (text) => {
    expect(isOutOfMemory(new Error('render', { cause: new RangeError(text) }))).toBe(true);
  });

  it('is not seen in other failures', () => {
    for (const text of ['no picture of channel-1', 'expected shape [2,3] for input "a"', 'ENOSPC: no space left on device'])
      expect(isOutOfMemory(new Error(text))).toBe(false);
    expect(isOutOfMemory('std::bad_alloc')).toBe(false);
  });
});
