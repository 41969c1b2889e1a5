/** The inside of a rendering thread: a host stepper on one thread of onnxruntime, fed by messages. */

import { parentPort, workerData } from 'node:worker_threads';
import { reason } from '../graph/errors.ts';
import { endWhenAsked } from '../runtime/end-thread.ts';
import { openOnnxRuntime } from '../runtime/onnxruntime.ts';
import { compileHostStepper } from './host-stepper.ts';
import { optimise } from './optimise.ts';
import type { ThreadData, ThreadReply, ThreadRequest } from './threads.ts';

endWhenAsked();

const { programs, stop } = workerData as ThreadData;
const say = (reply: ThreadReply) => parentPort?.postMessage(reply);

/** Thrown between steps when the main thread has asked to stop. */
class Stopped extends Error {}

const signal = {
  throwIfAborted: () => {
    if (Atomics.load(stop, 0) === 1) throw new Stopped();
  },
};

try {
  const stepper = await compileHostStepper(programs, openOnnxRuntime({ threads: 1 }));
  parentPort?.on('message', async ({ jobs, frames }: ThreadRequest) => {
    try {
      say({
        kind: 'rendered',
        rendered: await optimise(stepper, jobs, programs.settings, {
          signal,
          onStep: (step) => say({ kind: 'step', step }),
          ...(frames ? { frames } : {}),
        }),
      });
    } catch (error) {
      say(error instanceof Stopped ? { kind: 'stopped' } : { kind: 'failed', message: reason(error) });
    }
  });
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'failed', message: reason(error) });
}
