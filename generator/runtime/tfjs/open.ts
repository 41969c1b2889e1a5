/** The second runtime: graphs interpreted by TensorFlow.js, for its CUDA package; every other backend of it will do. */
import { availableParallelism } from 'node:os';
import { AtlasError, fault, reason } from '../../graph/errors.ts';
import type { Runtime } from '../runtime.ts';
import { loadTfjs, TFJS_BACKENDS, type TfjsBackend } from './load.ts';
import { TfjsProgram } from './program.ts';

export interface TfjsOptions {
  /** Where to compute: `cuda` takes `@tensorflow/tfjs-node-gpu` alone, `cpu` any other package; the first that works if left out. */
  readonly device?: 'cuda' | 'cpu';
  /** One backend by its name, `wasm`. */
  readonly backend?: TfjsBackend['backend'];
}

/**
 * Opens the runtime. Values are 32-bit floats throughout. On a GPU they stay in its memory between programs (`memory: 'device'`); the other
 * backends keep them in the process's own memory, where the host's loops may as well work on them.
 */
export async function openTfjsRuntime({ device, backend }: TfjsOptions = {}): Promise<Runtime> {
  // Nvidia's libraries would round the factors of products to 10 bits (TF32); read by them when they are loaded.
  process.env.NVIDIA_TF32_OVERRIDE ??= '0';
  const wanted = TFJS_BACKENDS.filter((one) => (!device || one.device === device) && (!backend || one.backend === backend));
  const loaded = await loadTfjs(wanted);
  return {
    name: 'tfjs',
    device: loaded.gpu ? 'cuda' : 'cpu',
    memory: loaded.gpu ? 'device' : 'host',
    version: loaded.version,
    // TensorFlow's own pool takes every core; the others have one thread.
    threads: loaded.backend.backend === 'tensorflow' ? availableParallelism() : 1,
    compile: async (graph, options = {}) => {
      if (options.loops && options.loops.size > 0) throw new AtlasError('program: expected loops set apart for onnxruntime alone');
      try {
        if (loaded.tf.getBackend() !== loaded.backend.backend) await loaded.tf.setBackend(loaded.backend.backend);
        return new TfjsProgram(loaded, graph, options);
      } catch (cause) {
        throw fault({
          where: `TensorFlow.js on ${loaded.backend.backend}`,
          expected: 'to make the program ready',
          name: `${graph.nodes.length} operators for ${graph.outputs.join(', ')}`,
          received: reason(cause),
          remedy: '"--runtime onnxruntime" runs every operator.',
          cause,
        });
      }
    },
  };
}
