/** What several of the published files say of a unit in the same words. */
import { type Measures, measures as measuresSchema } from '../../data/schema.ts';
import { originalName, thumbnailName } from '../images/pictures.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { fullAddress, unitPath } from '../view/address.ts';

/** Every measure's field, in the order of the schema. */
export const MEASURES = measuresSchema.keyof().options;

/** The addresses of a unit: its page, its JSON, its embeds. */
export function unitAddresses(store: AtlasStore, layer: Pick<Layer, 'slug'>, unit: Pick<Unit, 'id'>) {
  const path = unitPath(store, layer, unit);
  return {
    address: fullAddress(path),
    json: fullAddress(`${path}unit.json`),
    embed: fullAddress(`${path}embed/`),
    embed_blind: fullAddress(`${path}embed/blind/`),
  };
}

/** What tells whether the site has a picture file of some name under `i/`. */
export interface Pictures {
  readonly layer: Layer;
  readonly onSite: (name: string) => boolean;
}

/** The address of an original, and of its small version; what the site does not have is left out. */
export function pictureAddress(sha256: string, { onSite }: Pictures): { address?: string; thumbnail?: string } {
  const [original, thumbnail] = [originalName(sha256), thumbnailName(sha256)];
  return {
    ...(onSite(original) ? { address: fullAddress(`i/${original}`) } : {}),
    ...(onSite(thumbnail) ? { thumbnail: fullAddress(`i/${thumbnail}`) } : {}),
  };
}

/** A render's picture as the site has it. */
export function describePicture({ image }: { readonly image?: string | undefined }, pictures: Pictures) {
  if (!image) return null;
  const { size } = pictures.layer.layer.render;
  return { ...pictureAddress(image, pictures), type: 'image/webp' as const, width: size, height: size, sha256: image };
}

/** The address of the picture that stands for a unit; null where it has none. */
export const imageAddress = ({ render }: Unit) => (render?.image ? fullAddress(`i/${originalName(render.image)}`) : null);

/** The measures that a unit has a value or a null for, in the order of the schema. */
export function knownMeasures({ measures }: Unit): Partial<Measures> {
  return Object.fromEntries(MEASURES.filter((name) => measures[name] !== undefined).map((name) => [name, measures[name] ?? null]));
}

/** How many units a layer has of each arm, in the order they stand in. */
export function countArms(layers: readonly Layer[]): Partial<Record<Unit['arm'], number>> {
  const counts: Partial<Record<Unit['arm'], number>> = {};
  for (const { arm } of layers.flatMap(({ units }) => units)) counts[arm] = (counts[arm] ?? 0) + 1;
  return counts;
}
