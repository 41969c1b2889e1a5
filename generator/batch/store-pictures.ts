/** Storing a batch of pictures: images first, each safely on the disk; then, in one write, the records that name them. */
import type { RenderRecord, UnitRecord } from '../../data/schema.ts';
import type { Journal } from './journal.ts';
import type { MadePicture } from './make-pictures.ts';
import type { Store } from './store.ts';
import type { Task } from './work.ts';

/** Stores what was made of the tasks, in their order. When it resolves, nothing of it can be lost. */
export async function storePictures(
  { store, journal }: { readonly store: Store; readonly journal: Journal },
  batch: readonly Task[],
  made: readonly MadePicture[],
): Promise<void> {
  const renders: RenderRecord[] = [];
  // One after the other: where one cannot be written, none is under way.
  for (const [i, { image, strip, ...record }] of made.entries()) {
    const { seed, key, frames } = batch[i];
    if (!image) {
      renders.push({ seed, key, ...record });
      continue;
    }
    const named = {
      image: await store.putImage(image),
      ...(strip ? { frames: { image: await store.putImage(strip), steps: [...frames] } } : {}),
    };
    renders.push({ seed, key, ...record, ...named });
  }
  const records = new Map<string, UnitRecord>();
  batch.forEach(({ unit: { id, arm, index, direction }, series }, i) => {
    const earlier = records.get(id) ?? { id, arm, index, direction, renders: [] };
    records.set(id, { ...earlier, [series]: [...(earlier[series] ?? []), renders[i]] });
  });
  await journal.append([...records.values()]);
}
