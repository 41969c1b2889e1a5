/** JSON-LD as a machine has it, without a network. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import jsonld from 'jsonld';

/** RO-Crate's context has every word of schema.org, under the same addresses. */
const WORDS = JSON.parse(await readFile(createRequire(import.meta.url).resolve('ro-crate/lib/context.json'), 'utf8'));

/** The expanded document; throws for a word that no vocabulary has. */
export function expand(document: object, base: string) {
  const documentLoader = async (url: string) => ({ contextUrl: null, documentUrl: url, document: WORDS });
  return jsonld.expand(document, { base, safe: true, documentLoader });
}
