/// <reference lib="dom" />
/** The pictures of a sitting, all fetched before its first question: nothing is fetched between answers, so no server can tell how they come. */

/** Pictures by their number in the study. */
export type Pictures = ReadonlyMap<number, HTMLImageElement>;

/** Fetches pictures beside the page. Rejects where one does not come. */
export async function fetchPictures(
  wanted: readonly number[],
  names: readonly string[],
  onProgress: (done: number, of: number) => void,
): Promise<Pictures> {
  const pictures = new Map<number, HTMLImageElement>();
  let done = 0;
  await Promise.all(
    [...new Set(wanted)].map(async (number) => {
      const image = new Image();
      pictures.set(number, image);
      await new Promise<void>((resolve, reject) => {
        image.onload = () => resolve();
        image.onerror = () => reject(new Error(`${names[number]}.webp did not come`));
        image.src = `${names[number]}.webp`;
      });
      onProgress(++done, pictures.size);
    }),
  );
  return pictures;
}

/** A picture to show. One that is shown twice in a question is copied: the browser has it. */
export function showPicture(pictures: Pictures, number: number, alt: string): HTMLImageElement {
  const kept = pictures.get(number);
  const image = kept?.isConnected ? (kept.cloneNode() as HTMLImageElement) : (kept ?? new Image());
  image.alt = alt;
  return image;
}
