/** The images that a comparison looks at, as its plan says. */
import type { Plan } from '../../data/schema.ts';
import { LEAST_IMAGES } from '../measure/bands.ts';
import type { ImageSet } from '../measure/images/image-set.ts';
import { type ImageOptions, openImages } from '../measure/images/open-images.ts';

/** Opens them: `compare.images` of a plan, or the generated set. Throws for fewer than the natural task takes. */
export function openPlanImages(
  { folder, n }: NonNullable<NonNullable<Plan['compare']>['images']> = {},
  options: Pick<ImageOptions, 'size' | 'cache' | 'onProgress'>,
): Promise<ImageSet> {
  return openImages({ ...options, minimum: LEAST_IMAGES, ...(folder ? { folder } : {}), ...(n ? { n } : {}) });
}
