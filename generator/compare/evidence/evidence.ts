/** What the scores are computed from, and nothing else: after this no network is run. */

import type { ImageCounts } from '../../measure/dissection/counts.ts';
import type { DissectionRecord } from '../../measure/dissection/records.ts';
import type { ImageFile } from '../../measure/images/image-set.ts';
import type { Rows } from '../../measure/rows.ts';
import type { Labelled } from '../analysis.ts';

/** The images of one size, as the observers see them. */
export interface ImageEvidence {
  readonly id: string;
  readonly kind: 'folder' | 'procset';
  readonly n: number;
  readonly size: number;
  readonly sha256: string;
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  /** Of a folder: which file each image is. No figure depends on it. */
  readonly files?: readonly ImageFile[];
  /** φ of every image, by the observer's id: unit rows. */
  readonly embeddings: ReadonlyMap<string, Rows>;
}

/** One picture of a unit. */
export interface RenderEvidence {
  readonly seed: number;
  /** SHA-256 of its file; null where the render failed. */
  readonly image: string | null;
}

/** A direction of a layer with what was rendered of it. */
export interface DirectionEvidence extends Labelled {
  readonly vector: Float32Array;
  readonly sha256: string;
  readonly renders: readonly RenderEvidence[];
}

/** A layer. Arrays over renders have a row for each picture that is there, in the order of the directions and their seeds. */
export interface LayerEvidence {
  readonly layer: string;
  readonly directions: readonly DirectionEvidence[];
  /** Ā, `[n,C]`. */
  readonly means: Float32Array;
  /** ã of every picture, `[pictures,C]`. */
  readonly seen: Float32Array;
  /** The scores of each direction's first picture under the held-out transformations, `[directions with a picture, transformations]`. */
  readonly transformed: Float32Array;
  /** φ of every picture, by the observer's id. */
  readonly looks: ReadonlyMap<string, Rows>;
  /** Counts of concepts for the directions that were dissected, by id; nothing for a set without concepts. */
  readonly dissected?: { readonly images: ImageCounts; readonly records: ReadonlyMap<string, readonly DissectionRecord[]> };
  readonly images: ImageEvidence;
}

export interface Evidence {
  readonly layers: readonly LayerEvidence[];
}
