/** What every process that a test starts inherits: what one compiled of the project and its packages, the next one loads. */
export const CHILD_ENVIRONMENT = { NODE_COMPILE_CACHE: new URL('../node_modules/.cache/compiled', import.meta.url).pathname };
