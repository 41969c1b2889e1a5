/** The tests of `npm run test:long`: those that take minutes (`*.long.test.ts`). */
import { defineConfig } from 'vitest/config';
import { CHILD_ENVIRONMENT } from './child-environment.ts';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.long.test.ts'],
    env: CHILD_ENVIRONMENT,
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    maxWorkers: 2,
  },
});
