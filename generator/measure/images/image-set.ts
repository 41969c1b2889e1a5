/** The images that a network is looked at with: a folder of photographs, or the generated concept set. */
import type { Picture } from '../picture.ts';

export interface ImageSet {
  /** `procset-1` or `folder`. */
  readonly id: string;
  readonly kind: 'folder' | 'generated';
  /** How many images. */
  readonly n: number;
  /** Side of every image in pixels. */
  readonly size: number;
  /** What the set holds: a hash over every image's pixels (and masks), in order. */
  readonly sha256: string;
  /** Image `index`, 0 to n−1. */
  picture(index: number): Promise<Picture>;
  /** Where the set says what its pixels show. */
  readonly concepts?: readonly Concept[];
  /** The concepts of image `index`; there if {@link concepts} is. */
  labels?(index: number): Promise<Labels>;
  /** Of a folder: the file of each image, in order. */
  readonly files?: readonly ImageFile[];
  /** Files of a folder that could not be read, with the reason. */
  readonly skipped?: readonly { readonly file: string; readonly reason: string }[];
  /** Of a folder: images whose pixels are those of an earlier one. They stay in, and are counted. */
  readonly duplicates?: number;
}

/** Where an image of a folder is. */
export interface ImageFile {
  /** From the folder: `dogs/rex.jpg`, with `/` on every system. */
  readonly path: string;
  /** Of its bytes. */
  readonly sha256: string;
}

export interface Concept {
  /** `grating-45-8`. */
  readonly id: string;
  /** `grating`: an image carries a category if any pixel of it has one of the category's concepts. */
  readonly category: string;
}

/** Which concepts every pixel of an image has. Pixels with the same concepts make a cell. */
export interface Labels {
  /** The cell of every pixel, row-major, `[size,size]`. */
  readonly cell: Uint8Array;
  /** The concepts of every cell, as indices into the set's list, ascending. */
  readonly concepts: readonly (readonly number[])[];
}
