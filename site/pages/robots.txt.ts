/** `/robots.txt`: everything may be read by everybody; it only counts at the root of a host. */
import type { APIRoute } from 'astro';
import { fullAddress } from '../view/address.ts';

export const GET: APIRoute = () => {
  const map = process.env.ATLAS_SITE ? `\nSitemap: ${fullAddress('sitemap.xml')}\n` : '';
  return new Response(`User-agent: *\nAllow: /\n${map}`);
};
