/** The tests of `npm test`: everything but `*.long.test.ts`, from the repository's root. */
import { defineConfig } from 'vitest/config';
import { CHILD_ENVIRONMENT } from './child-environment.ts';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.long.test.ts'],
    env: CHILD_ENVIRONMENT,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
