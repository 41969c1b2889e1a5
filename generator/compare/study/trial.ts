/** From a question to a trial: which pictures explain, which two are asked about, and which side is right. */
import { type ExplanationKind, MOST_EXPLANATIONS, type Side } from '../../../data/schema.ts';
import { sha256 } from '../../batch/canonical.ts';
import type { RandomStream } from '../../render/random.ts';
import type { Candidate, Question } from './draw-sessions.ts';

/** Where a picture of a trial is from: a render, by its SHA-256 in the store's `images/`, or an image of the set, by its index. */
export type PictureSource = { readonly render: string } | { readonly image: number };

/** A direction as the study needs it. */
export interface StudyDirection {
  /** `channel-42`: unique in its layer. */
  readonly id: string;
  readonly layer: string;
  readonly arm: string;
  /** SHA-256 of its renders in the store's `images/`, by seed. */
  readonly renders: readonly string[];
  /** Indices of the images it responds to most, strongest first. */
  readonly top: readonly number[];
  /** Indices of images from the middle of its responses. */
  readonly middle: readonly number[];
}

/** A direction that can be asked about. */
export type StudyCandidate = Candidate & { readonly direction: StudyDirection };

export interface DraftTrial {
  readonly id: string;
  readonly question: Question<StudyCandidate>;
  readonly caught: boolean;
  readonly answer: Side;
  readonly explanation: readonly PictureSource[];
  readonly queries: readonly [PictureSource, PictureSource];
}

/** `render:0a2071…`, `image:17`. */
export function sourceName(source: PictureSource): string {
  return 'render' in source ? `render:${source.render}` : `image:${source.image}`;
}

/**
 * The pictures that explain: the first `renders` renders, or the images of rank 1, 3, 5 …; a query is of rank 2, 4, 6 …, so that no explanation is
 * asked about. A direction without enough of a kind cannot be explained by it.
 */
export function explanationOf(direction: StudyDirection, kind: ExplanationKind, renders: number): PictureSource[] {
  if (kind === 'renders') return direction.renders.slice(0, renders).map((render) => ({ render }));
  return alternate(direction.top, 0).map((image) => ({ image }));
}

/** Whether a direction can be explained by a kind, and asked about. */
export function isExplainable(direction: StudyDirection, kind: ExplanationKind, renders: number): boolean {
  if (direction.middle.length === 0 || direction.top.length < 2) return false;
  return kind === 'renders' ? direction.renders.length >= renders : direction.top.length >= 2 * MOST_EXPLANATIONS;
}

/** Every second of a ranking from `start`, nine at most. */
function alternate(ranking: readonly number[], start: 0 | 1): number[] {
  return ranking.filter((_, rank) => rank % 2 === start).slice(0, MOST_EXPLANATIONS);
}

/**
 * Draws a trial's pictures and sides. `stream` is named by the key's nonce and the trial's id. A catch trial asks for a picture that is itself among
 * the explanations.
 */
export function draftTrial(
  question: Question<StudyCandidate>,
  { id, caught, renders, stream }: { id: string; caught: boolean; renders: number; stream: RandomStream },
): DraftTrial {
  const { direction } = question.candidate;
  const explanation = explanationOf(direction, question.kind, renders);
  const tops = alternate(direction.top, 1).map((image) => ({ image }));
  const right: PictureSource = pick(caught ? explanation : tops, stream);
  const wrong: PictureSource = { image: pick(direction.middle, stream) };
  const answer = stream.below(2) === 0 ? 'left' : 'right';
  return { id, question, caught, answer, explanation, queries: answer === 'left' ? [right, wrong] : [wrong, right] };
}

function pick<T>(from: readonly T[], stream: RandomStream): T {
  return from[stream.below(from.length)];
}

/** What a trial is called: a hash with the nonce in it, so that nobody without the key can tell what it names. `again` numbers catch trials. */
export function trialName(parts: {
  nonce: string;
  seed: number;
  layer: string;
  direction: string;
  kind: ExplanationKind;
  again: string;
}): string {
  const { nonce, seed, layer, direction, kind, again } = parts;
  return sha256([nonce, seed, layer, direction, kind, again].join('\u001f')).slice(0, 16);
}
