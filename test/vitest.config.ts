/** The tests of `npm test`: all but those of the built site (`npm run test:browser`) and those that take minutes (`npm run test:long`), from the repository's root. */
import { defineConfig } from 'vitest/config';
import { CHILD_ENVIRONMENT } from './child-environment.ts';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/**/*.long.test.ts'],
    env: CHILD_ENVIRONMENT,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
