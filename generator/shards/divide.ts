/** Dividing a plan's pictures: the same parts on every machine, about equally long, and few layers to each. */
import { DEFAULT_BATCH } from '../batch/batch-size.ts';
import { byProgram, listBatches } from '../batch/render-layer.ts';
import type { LayerWork, Task } from '../batch/work.ts';

/** The pictures of a layer that are rendered with the same settings. */
export interface DividedPart {
  readonly work: Pick<LayerWork, 'settings'>;
  readonly tasks: readonly Task[];
  /** How long a step of one of them takes, in proportion to the others. */
  readonly cost: number;
}

/** Pictures that stay together, and how long they take. */
interface Piece {
  readonly tasks: readonly Task[];
  readonly cost: number;
}

/** The pieces of a part are to be so much smaller than the part that where they are cut hardly matters. */
const PIECES = 10;

/**
 * Which part each picture belongs to, from 1 to `of`, by its key. The pictures are laid out in the order in which one process renders them, and
 * cut where an equal share of the time has passed: so a part is a stretch, of one layer or of few that follow each other. Batches are cut where a
 * part has not ten of them, groups of pictures that are made together never: no part is longer than the mean by more than the longest piece.
 */
export function dividePictures(parts: readonly DividedPart[], of: number): Map<string, number> {
  const total = parts.reduce((sum, { work, tasks, cost }) => sum + tasks.length * cost * work.settings.steps, 0);
  const longest = total / of / PIECES;
  const shards = new Map<string, number>();
  let before = 0;
  for (const part of parts)
    for (const { tasks, cost } of piecesOf(part, longest)) {
      // By its middle, so that no part gets more than half a piece too much at either end.
      const index = Math.min(of, 1 + Math.floor((of * (before + cost / 2)) / total));
      for (const { key } of tasks) shards.set(key, index);
      before += cost;
    }
  return shards;
}

/** Batches of a usual size, or as large a part of one as is not too long; those that differ in their programs apart. */
function piecesOf({ work: { settings }, tasks, cost }: DividedPart, longest: number): Piece[] {
  const together = settings.group?.pictures ?? 1;
  const fitting = longest / (cost * settings.steps * together);
  let groups = Math.max(1, Math.floor(DEFAULT_BATCH / together));
  while (groups > 1 && groups > fitting) groups = Math.floor(groups / 2);
  return byProgram(tasks).flatMap((alike) =>
    listBatches(alike, groups * together, together).map((batch) => ({ tasks: batch, cost: batch.length * cost * settings.steps })),
  );
}
