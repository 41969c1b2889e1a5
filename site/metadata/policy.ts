/** What a page lets the browser do, as its Content-Security-Policy (CSP Level 3): nothing that the page does not need, and nothing elsewhere. */

const PAGE = {
  'default-src': "'none'",
  'img-src': "'self'",
  'style-src': "'self'",
  'script-src': "'self'",
  'connect-src': "'self'",
  'font-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
} as const;

const POLICIES = {
  page: PAGE,
  /** Answers must not leave: the study fetches nothing. */
  study: { ...PAGE, 'connect-src': "'none'", 'font-src': "'none'" },
  /** Pagefind searches in WebAssembly, in a worker where it can, and the form also works without scripts. */
  search: { ...PAGE, 'script-src': "'self' 'wasm-unsafe-eval'", 'worker-src': "'self'", 'form-action': "'self'" },
} as const satisfies Record<string, Record<string, string>>;

/** Which policy a page has. */
export type PolicyName = keyof typeof POLICIES;

/** The policy as the content of `<meta http-equiv="Content-Security-Policy">`. */
export function contentPolicy(name: PolicyName): string {
  return Object.entries(POLICIES[name])
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
}
