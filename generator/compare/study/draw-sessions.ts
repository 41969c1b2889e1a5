/** Which direction is asked about in which sitting: balanced over arms, layers and kinds of explanation, and otherwise by chance. */
import { EXPLANATIONS, type ExplanationKind, SESSION_CATCHES, SESSION_TRIALS, SHARED_TRIALS } from '../../../data/schema.ts';
import { fault } from '../../graph/errors.ts';
import type { RandomStream } from '../../render/random.ts';

/** A direction that a sitting may ask about. */
export interface Candidate {
  /** Unique in its layer. */
  readonly id: string;
  readonly layer: string;
  readonly arm: string;
  /** What there is to explain it by. */
  readonly kinds: readonly ExplanationKind[];
}

/** One question: a direction and what explains it. */
export interface Question<C extends Candidate = Candidate> {
  readonly candidate: C;
  readonly kind: ExplanationKind;
}

export interface DrawnSessions<C extends Candidate = Candidate> {
  /** Asked in every sitting. */
  readonly shared: readonly Question<C>[];
  /** Asked in each sitting beside the shared ones. A question may come back in a later sitting, never twice in one. */
  readonly own: readonly (readonly Question<C>[])[];
  /** What each sitting's catch trials are made of: directions that it does not ask about. */
  readonly catches: readonly (readonly Question<C>[])[];
}

interface Cell<C extends Candidate> {
  readonly arm: string;
  readonly layer: string;
  readonly kind: ExplanationKind;
  /** In a random order; who was asked about goes to the end. */
  readonly queue: C[];
}

/**
 * Draws the questions of `sessions` sittings. Each cell (arm × layer × kind) is asked equally often, as near as the numbers allow; so is each margin.
 * A sitting asks about a direction once at most, by one kind of explanation. Throws where a cell has too few directions for that.
 */
export function drawSessions<C extends Candidate>(
  candidates: readonly C[],
  { sessions, stream }: { sessions: number; stream: RandomStream },
): DrawnSessions<C> {
  const cells = makeCells(candidates, stream);
  const sharedTally = new Tally();
  const sharedUsed = new Set<C>();
  const shared = drawMany(cells, SHARED_TRIALS, { tally: sharedTally, used: sharedUsed, stream });
  const own: Question<C>[][] = [];
  const catches: Question<C>[][] = [];
  for (let i = 0; i < sessions; i++) {
    const used = new Set(sharedUsed);
    own.push(drawMany(cells, SESSION_TRIALS - SHARED_TRIALS, { tally: sharedTally.copy(), used, stream }));
    catches.push(drawMany(cells, SESSION_CATCHES, { tally: new Tally(), used, stream }));
  }
  return { shared, own, catches };
}

function makeCells<C extends Candidate>(candidates: readonly C[], stream: RandomStream): Cell<C>[] {
  const arms = [...new Set(candidates.map(({ arm }) => arm))].sort();
  const layers = [...new Set(candidates.map(({ layer }) => layer))].sort();
  const kinds = EXPLANATIONS.filter((kind) => candidates.some((candidate) => candidate.kinds.includes(kind)));
  return arms.flatMap((arm) =>
    layers.flatMap((layer) =>
      kinds.map((kind) => {
        const members = candidates.filter((one) => one.arm === arm && one.layer === layer && one.kinds.includes(kind));
        return { arm, layer, kind, queue: [...stream.permutation(members.length)].map((i) => members[i]) };
      }),
    ),
  );
}

interface Draw<C> {
  readonly tally: Tally;
  readonly used: Set<C>;
  readonly stream: RandomStream;
}

/** Takes `n` questions, each from the cell that is most behind. */
function drawMany<C extends Candidate>(cells: readonly Cell<C>[], n: number, { tally, used, stream }: Draw<C>): Question<C>[] {
  return Array.from({ length: n }, () => {
    const order = stream.permutation(cells.length);
    const ranked = [...order].map((i) => cells[i]).sort((a, b) => tally.compare(a, b));
    const cell = ranked[0];
    const at = cell.queue.findIndex((candidate) => !used.has(candidate));
    if (at < 0) throw tooFew(cell);
    const [candidate] = cell.queue.splice(at, 1);
    cell.queue.push(candidate);
    used.add(candidate);
    tally.add(cell);
    return { candidate, kind: cell.kind };
  });
}

function tooFew({ arm, layer, kind, queue }: Cell<Candidate>): Error {
  return fault({
    where: 'the study',
    expected: 'more directions than a sitting asks about',
    name: `arm ${arm} of layer ${layer}, explained by ${kind}`,
    received: queue.length,
    remedy:
      'Render more directions of that arm (with the seeds that an explanation by renders needs), or leave the layer out of the study.',
  });
}

type Place = Pick<Cell<Candidate>, 'arm' | 'layer' | 'kind'>;

/** How often each cell and margin was asked. */
class Tally {
  readonly #counts: Map<string, number>;

  constructor(counts = new Map<string, number>()) {
    this.#counts = counts;
  }

  copy(): Tally {
    return new Tally(new Map(this.#counts));
  }

  add(place: Place): void {
    for (const margin of margins(place)) this.#counts.set(margin, (this.#counts.get(margin) ?? 0) + 1);
  }

  /** Negative where `a` is more behind than `b`: in its cell first, then in its arm, then where two of the three meet. */
  compare(a: Place, b: Place): number {
    const [ours, theirs] = [margins(a), margins(b)];
    for (const [i, margin] of ours.entries()) {
      const difference = (this.#counts.get(margin) ?? 0) - (this.#counts.get(theirs[i]) ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }
}

function margins({ arm, layer, kind }: Place): string[] {
  return [[arm, layer, kind], [arm], [arm, kind], [arm, layer], [kind, layer], [kind], [layer]].map((parts) => parts.join('\u001f'));
}
