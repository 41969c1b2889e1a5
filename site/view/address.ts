/** The addresses of pages and pictures, under whatever base the site is built for. */
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';

/** `/`, `/some/base/`: as astro.config.mjs has it, from the same variables. */
const BASE = `/${process.env.ATLAS_BASE ?? ''}/`.replace(/\/{2,}/g, '/');
const SITE = process.env.ATLAS_SITE;

/** A path of the site, `method/`, as a link: `/some/base/method/`. */
export function href(path: string): string {
  return BASE + path;
}

/** The whole address of a path where ATLAS_SITE is set; else its path alone. */
export function fullAddress(path: string): string {
  return SITE ? new URL(href(path), SITE).href : href(path);
}

/** `fixture-net/` */
export const atlasPath = (store: Pick<AtlasStore, 'slug'>) => `${store.slug}/`;
/** `fixture-net/conv-1/` */
export const layerPath = (store: Pick<AtlasStore, 'slug'>, layer: Pick<Layer, 'slug'>) => `${store.slug}/${layer.slug}/`;
/** `fixture-net/conv-1/channel-42/`: published once, never changed. */
export const unitPath = (store: Pick<AtlasStore, 'slug'>, layer: Pick<Layer, 'slug'>, unit: Pick<Unit, 'id'>) =>
  `${store.slug}/${layer.slug}/${unit.id}/`;
