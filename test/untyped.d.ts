/** What the tests use of packages that bring no types. */

declare module '@citation-js/core' {
  /** A bibliography, parsed from any format that a loaded plugin knows; throws for one that it does not. */
  export class Cite {
    constructor(text: string | object, options?: { forceType?: string });
    data: Record<string, unknown>[];
  }
}
declare module '@citation-js/plugin-bibtex';
declare module '@citation-js/plugin-ris';
declare module 'js-yaml' {
  export function load(text: string): unknown;
  export function loadAll(text: string): unknown[];
}
declare module 'jsonld' {
  interface Options {
    base?: string;
    /** Throws where a term would be dropped. */
    safe?: boolean;
    documentLoader: (url: string) => Promise<{ contextUrl: null; documentUrl: string; document: unknown }>;
  }
  const jsonld: { expand(document: object, options: Options): Promise<Record<string, unknown>[]> };
  export default jsonld;
}
declare module 'ro-crate' {
  export class Validator {
    parseJSON(json: object): void;
    /** Whether the root has what the specification wants of it. */
    rootDataEntity(): void;
    /** Whether every part is among these files, and every file among the parts. */
    checkFiles(files: Record<string, { exists: boolean; inCrate: boolean; isDir: boolean }>): void;
    results: { id: string; status: 'success' | 'warning' | 'error'; message: string; entity?: string }[];
  }
}
