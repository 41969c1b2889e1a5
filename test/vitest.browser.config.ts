/** The tests of `npm run test:browser`: the built site, by itself and in Chromium. */
import { defineConfig } from 'vitest/config';
import { CHILD_ENVIRONMENT } from './child-environment.ts';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/browser/**/*.test.ts'],
    exclude: ['test/**/*.long.test.ts'],
    env: CHILD_ENVIRONMENT,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
