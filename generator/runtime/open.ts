/** Choosing a runtime and a device: what was asked for, or the best that works. */
import { fault } from '../graph/errors.ts';
import { type Attempt, attempt } from './attempt.ts';
import { type Device, findLack, type Lack, PLACES, type Place, type RuntimeName } from './devices.ts';
import { openOnnxRuntime } from './onnxruntime.ts';
import type { Runtime } from './runtime.ts';
import { openTfjsRuntime } from './tfjs/open.ts';

export interface RuntimeChoice {
  /** `auto` is the first that works of CUDA, DirectML, CoreML, WebGPU on a graphics card, CPU. The CPU if left out. */
  readonly device?: Device | 'auto';
  /** `auto`, as if left out, is onnxruntime, and TensorFlow.js for a CUDA device that onnxruntime cannot use. */
  readonly runtime?: RuntimeName | 'auto';
  /** Threads of one operator; every core if left out. */
  readonly threads?: number;
  /** Told in one line what `auto` could not have; standard error if left out. */
  readonly onFallback?: (line: string) => void;
}

/** How places are looked at and tried; a test puts other machines in their place. */
export interface Machine {
  findLack(place: Place, auto: boolean): Lack | undefined;
  attempt(place: Place): Promise<Attempt>;
}

interface Failure {
  readonly place: Place;
  readonly lack: Lack;
}

const THIS_MACHINE: Machine = { findLack, attempt };

/** What was chosen in this process: a command that opens its runtime twice looks, and tells, once. */
const chosen = new Map<string, { readonly place: Place; readonly fallback?: string }>();

/** Opens the runtime for a device. Throws for one that was asked for by name and does not work, saying what to do. */
export async function openRuntime(choice: RuntimeChoice = {}): Promise<Runtime> {
  const { device = 'cpu', runtime = 'auto', threads, onFallback = (line) => process.stderr.write(`${line}\n`) } = choice;
  const key = `${device} ${runtime}`;
  const known = chosen.get(key);
  const { place, fallback } = known ?? (await choosePlace(device, runtime));
  if (fallback && !known) onFallback(fallback);
  chosen.set(key, { place });
  if (place.runtime === 'tfjs') return openTfjsRuntime({ device: place.device === 'cuda' ? 'cuda' : 'cpu' });
  return openOnnxRuntime({ device: place.device, ...(threads ? { threads } : {}) });
}

/**
 * The first place that works of those asked for, and the line that says why none before it did. The CPU is not tried, since nothing is left
 * after it; what else `auto` finds is, by a small program from beginning to end, so that a device that opens and then fails does not count.
 */
export async function choosePlace(
  device: Device | 'auto',
  runtime: RuntimeName | 'auto',
  machine: Machine = THIS_MACHINE,
): Promise<{ place: Place; fallback?: string }> {
  const auto = device === 'auto';
  const wanted = PLACES.filter((place) => (auto || place.device === device) && (runtime === 'auto' || place.runtime === runtime));
  if (wanted.length === 0)
    throw fault({
      where: `--device ${device}`,
      expected: 'a device of the runtime',
      name: `--runtime ${runtime}`,
      received: device,
      remedy: 'TensorFlow.js has cuda and cpu.',
      exitCode: 2,
    });
  const failed: Failure[] = [];
  for (const place of wanted) {
    const lack = await lackOf(place, auto, machine);
    if (!lack) return { place, ...(failed.length > 0 && auto ? { fallback: describe(failed, place) } : {}) };
    failed.push({ place, lack });
  }
  const [{ place, lack }] = failed;
  throw fault({
    where: `--device ${device}`,
    expected: 'a device that works',
    name: failed.map((one) => one.place.runtime).join(' or '),
    received: [...new Set(failed.map((one) => one.lack.why))].join('; '),
    remedy: place.device === 'cpu' ? lack.remedy : `${lack.remedy} "atlas doctor" shows what is there.`,
  });
}

async function lackOf(place: Place, auto: boolean, machine: Machine): Promise<Lack | undefined> {
  if (place.device === 'cpu') return undefined;
  const lack = machine.findLack(place, auto);
  if (lack) return lack;
  const { works, why = 'it does not work' } = await machine.attempt(place);
  return works ? undefined : { why, remedy: 'See to its driver.' };
}

/** `auto: cuda not there (no NVIDIA driver is loaded), webgpu not there (there is no graphics card) — using cpu`. */
function describe(failed: readonly Failure[], chosen: Place): string {
  const reasons = new Map<Device, string>();
  for (const { place, lack } of failed) if (!lack.elsewhere && !reasons.has(place.device)) reasons.set(place.device, lack.why);
  const list = [...reasons].map(([device, why]) => `${device} not there (${why})`).join(', ');
  return `auto: ${list || 'no graphics device for this system'} — using ${chosen.device}`;
}
