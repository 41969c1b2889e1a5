/** libxml2 against the schemas of test/fixtures/xml/. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { validateXML } from 'xmllint-wasm';

const schema = (name: string) => readFile(fileURLToPath(new URL(`../fixtures/xml/${name}`, import.meta.url)), 'utf8');

/** What is wrong with a site map or its index; nothing if it is sound. */
export async function siteMapTroubles(text: string): Promise<string[]> {
  const pages = 2048;
  const { errors } = await validateXML({
    xml: text,
    schema: await schema('sitemap.xsd'),
    initialMemoryPages: pages,
    maxMemoryPages: pages,
  });
  return errors.map(({ message }) => message);
}

/** What is wrong with an Atom feed. */
export async function feedTroubles(text: string): Promise<string[]> {
  const { errors } = await validateXML({ xml: text, schema: await schema('atom.rng'), extension: 'relaxng' });
  return errors.map(({ message }) => message);
}
