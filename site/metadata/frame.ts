/** What the frame of every page adds to what the page says of itself: its trail, and all of it as one JSON-LD graph. */
import type { BreadcrumbList, Graph, Thing } from 'schema-dts';
import { fullAddress } from '../view/address.ts';
import { legible } from './text.ts';

/** A page's place in the site: from the atlas down, the page itself last. */
export type TrailPart = { name: string; path: string };

/** The trail as schema.org has it, the home page first. */
export function breadcrumbs(trail: readonly TrailPart[], home: string): Exclude<BreadcrumbList, string> {
  const parts = [{ name: home, path: '' }, ...trail];
  return {
    '@type': 'BreadcrumbList',
    itemListElement: parts.map(({ name, path }, i) => ({
      '@type': 'ListItem' as const,
      position: i + 1,
      name: legible(name),
      item: fullAddress(path),
    })),
  };
}

/** A page's own node, for pages that are about nothing else. */
export function pageNode({ title, description, address }: { title: string; description: string; address: string }): Exclude<Thing, string> {
  return { '@type': 'WebPage', '@id': address, url: address, name: title, description, inLanguage: 'en' };
}

/** All that a page says, as JSON-LD. */
export function graph(nodes: readonly Exclude<Thing, string>[]): Graph {
  return { '@context': 'https://schema.org', '@graph': nodes };
}
