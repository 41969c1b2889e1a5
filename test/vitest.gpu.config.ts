/** The contract on a graphics card: `ATLAS_GPU=cuda npm run test:gpu`, or `webgpu`, or `tfjs` for @tensorflow/tfjs-node-gpu. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: { include: ['test/contract/gpu.ts'], testTimeout: 120_000 },
});
