/// <reference lib="dom" />
/** A rater's sitting: what was answered so far, kept in this browser, and the file that it becomes. */
import type { Answer, Ratings } from '../../data/schema.ts';
import type { PackedStudy } from '../view/study.ts';

/** What is kept between visits. */
export interface Sitting {
  /** From 1. */
  session: number;
  /** 12 hexadecimal digits, drawn anew for every sitting. */
  rater: string;
  started: string;
  /** When the last answer was given. */
  finished?: string;
  answers: Answer[];
  /** Seconds spent on the question that is open. */
  seconds: number;
}

const keyOf = ({ atlas, study_sha256 }: PackedStudy) => `basis-atlas-study:${atlas}:${study_sha256.slice(0, 16)}`;

/** A sitting that begins now. */
export function beginSitting(session: number): Sitting {
  const digits = [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, '0'));
  return { session, rater: digits.join(''), started: new Date().toISOString(), answers: [], seconds: 0 };
}

/** The sitting that was kept, if it is one of this study. */
export function keptSitting(study: PackedStudy): Sitting | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(study)) ?? 'null');
    return isSitting(kept) && kept.answers.length <= (study.sessions[kept.session - 1]?.length ?? -1) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a sitting; false where the browser keeps nothing. */
export function keepSitting(study: PackedStudy, sitting: Sitting): boolean {
  try {
    localStorage.setItem(keyOf(study), JSON.stringify(sitting));
    return true;
  } catch {
    return false;
  }
}

/** Deletes what was kept. */
export function forgetSitting(study: PackedStudy): void {
  try {
    localStorage.removeItem(keyOf(study));
  } catch {
    // Where nothing can be kept, nothing was.
  }
}

/** A session by the address (`#session=3`) if it says one that exists, else by chance. `unknown` is what it says in vain. */
export function chooseSession(hash: string, sessions: number): { session: number; drawn: boolean; unknown?: string } {
  const asked = /^#session=(.+)$/.exec(hash)?.[1];
  const session = Number(asked);
  if (Number.isInteger(session) && session >= 1 && session <= sessions) return { session, drawn: false };
  const [draw] = crypto.getRandomValues(new Uint32Array(1));
  return { session: 1 + ((draw ?? 0) % sessions), drawn: true, ...(asked === undefined ? {} : { unknown: asked.slice(0, 20) }) };
}

/** The words of a field: parted by spaces, commas or semicolons. */
export function splitWords(text: string): string[] {
  return text.split(/[\s,;]+/).filter((word) => word !== '');
}

/** The file of a finished sitting. */
export async function ratingsFile(study: PackedStudy, sitting: Sitting): Promise<{ name: string; text: string }> {
  const { session, rater, started, finished = started, answers } = sitting;
  const { atlas, study_sha256, key_sha256 } = study;
  const content = { schema: 'basis-ratings/1' as const, atlas, study_sha256, key_sha256, session, rater, started, finished, answers };
  const ratings: Ratings = { ...content, checksum: await sha256(canonicalJson(content)) };
  return { name: `ratings-${atlas}-${session}-${rater}.json`, text: `${JSON.stringify(ratings, null, 1)}\n` };
}

/** JSON with sorted keys and no white space (RFC 8785 for the values used here). */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isSitting(value: unknown): value is Sitting {
  return (
    value !== null &&
    typeof value === 'object' &&
    'session' in value &&
    'rater' in value &&
    'answers' in value &&
    Array.isArray(value.answers)
  );
}
