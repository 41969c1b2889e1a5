/** How the parts of the evidence that observers make are called, and what they are made from. */
import { sha256 } from '../../batch/canonical.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import type { ImageObserver } from '../../measure/observers/image-observer.ts';

/** An observer, and of a network the hash of its weights: two may have one name. */
export type KnownObserver = ImageObserver & { readonly weights?: string };

/** What an observer's descriptions depend on, beside the pictures. */
export function observerKey({ id, weights }: KnownObserver): Record<string, string> {
  return { observer: id, ...(weights === undefined ? {} : { weights }) };
}

/** The part with what an observer sees of a set: `images-224/lab-gabor-1`. */
export function imagePart(observer: string, images: Pick<ImageSet, 'size'>): string {
  return `images-${images.size}/${fileName(observer)}`;
}

/** Letters of an observer's id in a file's name; systems take about 255. */
const LONGEST_NAME = 80;

/** An observer's id as part of a file's name. */
export function fileName(observer: string): string {
  const name = observer.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}-${sha256(observer).slice(0, 8)}`;
}
