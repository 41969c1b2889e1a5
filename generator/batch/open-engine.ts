/** The engine of every run but a test's: the real models, runtimes and renderers. */
import { findLayer } from '../models/layers.ts';
import { openModel } from '../models/open.ts';
import { batchMemory } from '../render/memory.ts';
import { openRenderer } from '../render/open.ts';
import { resolveSettings } from '../render/presets.ts';
import { openProbe } from '../render/probe.ts';
import { stepCost } from '../render/step-cost.ts';
import { openRuntime } from '../runtime/open.ts';
import type { Engine } from './engine.ts';
import type { Progress } from './progress.ts';

/** `progress` is told when a model has to be fetched. */
export function openEngine(progress?: Progress): Engine {
  return {
    openModel: (reference, options) =>
      openModel(reference, { ...options, ...(progress ? { onProgress: announceOnce(reference, progress) } : {}) }),
    findLayer,
    openRuntime,
    resolveSettings,
    openRenderer,
    batchMemory,
    stepCost,
    openProbe,
  };
}

function announceOnce(reference: string, progress: Progress): (received: number, total?: number) => void {
  let announced = false;
  return (_, total) => {
    if (announced) return;
    announced = true;
    progress.note(`Fetching ${reference}${total ? ` (${(total / 1e6).toFixed(1)} MB)` : ''}; this happens once.`);
  };
}
