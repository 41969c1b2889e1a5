/**
 * What goes through the queue, in both directions: checked by whoever receives it. Neither code nor paths are in it: files are named by their
 * SHA-256, and what a message may be is bounded field by field.
 */
import { z } from 'zod';
import { chosenUnit, renderSettings, renderState, sha256, slug } from '../../data/schema.ts';
import { canonicalJson, sha256 as hashOf } from '../batch/canonical.ts';
import { ENCODING } from '../batch/picture.ts';
import { RENDERER_VERSION } from '../render/renderer.ts';

/** Raised where messages change so that one side would not understand the other. */
export const PROTOCOL = 1;

/** What has to agree between the one who asks for pictures and the one who makes them; part of every key, but for the protocol. */
export const VERSIONS = {
  protocol: PROTOCOL,
  renderer: RENDERER_VERSION,
  encoding: hashOf(canonicalJson(ENCODING)).slice(0, 8),
} as const;

/** Most pictures of one job. */
export const MOST_TASKS = 256;
/** Bytes of a model's files together: what a Redis of a few GiB can hold beside its work. */
export const MOST_MODEL_BYTES = 2 ** 30;
/** Letters of an error. */
const MESSAGE = 1000;
const MOST_CHANNELS = 2 ** 17;

/** Control characters but line breaks: what a worker says is shown on terminals. */
const UNPRINTABLE = /[^\P{Cc}\n]|[\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
/** Text for people, at most `length` letters, without what would move a cursor. */
const shown = (length: number) => z.string().transform((text) => text.slice(0, length).replace(UNPRINTABLE, '?'));
const name = z.string().min(1).max(1000);
const count = z.int().nonnegative();
const base64 = (bytes: number) => z.base64().max(4 * Math.ceil(bytes / 3));

/** `<run>-<hash>`: whose job it is, and what it holds. */
export const jobId = z.string().regex(/^[0-9a-f]{16}-[0-9a-f]{40}$/);

/** A direction: one channel up or down, or every value, float32 and little-endian. */
const vector = z.union([
  z.strictObject({ channel: count.max(MOST_CHANNELS), sign: z.union([z.literal(1), z.literal(-1)]) }),
  z.strictObject({ float32: base64(4 * MOST_CHANNELS) }),
]);
export type VectorMessage = z.infer<typeof vector>;

const task = z.strictObject({
  unit: slug.max(200),
  seed: count,
  key: sha256,
  direction: vector,
  others: z.array(vector).max(16).optional(),
  /** What the plan says of a unit that it makes up, since that is in its key. */
  chosen: chosenUnit.optional(),
  frames: z.array(count).max(17),
});
export type TaskMessage = z.infer<typeof task>;

const versions = z.strictObject({ protocol: z.int(), renderer: z.int(), encoding: z.string().max(64) });
export type Versions = z.infer<typeof versions>;

/** The first look at a job: whether the rest can be understood. */
export const jobHeader = z.looseObject({ versions });

/** A job: pictures of one layer that can share a batch. */
export const jobMessage = z.strictObject({
  versions,
  /** Pictures that failed are asked for again, a unit to a job. */
  attempt: z.int().min(1).max(16),
  model: z.strictObject({
    /** The SHA-256 that the network's weights come to. */
    weights: sha256,
    /** The zoo's id, for what it says of the network. */
    zoo: slug.max(200).optional(),
    /** The files' SHA-256: the one to open, then those that it names, in the order it names them. */
    files: z.array(sha256).min(1).max(4096),
  }),
  preprocess: z
    .strictObject({
      range: z.tuple([z.number(), z.number()]).optional(),
      mean: z.array(z.number()).min(1).max(4).optional(),
      std: z.array(z.number().positive()).min(1).max(4).optional(),
    })
    .optional(),
  layer: name,
  others: z.array(name).max(16).optional(),
  /** Arrays in them are called by their SHA-256. */
  settings: renderSettings,
  tasks: z.array(task).min(1).max(MOST_TASKS),
});
export type JobMessage = z.infer<typeof jobMessage>;

/** Bytes of a WebP file of that many pixels, at most: more than encoders need for noise. */
export const mostImageBytes = (pixels: number) => 2 * pixels + 4096;
const MOST_PIXELS = 1024 ** 2;

const picture = z.strictObject({
  key: sha256,
  state: renderState,
  message: shown(MESSAGE).optional(),
  score: z.number().nullable(),
  curve: z.array(z.number().nullable()).max(128),
  curve_steps: z.array(count).max(128),
  image: base64(mostImageBytes(MOST_PIXELS)).optional(),
  strip: base64(mostImageBytes(MOST_PIXELS)).optional(),
});
export type PictureMessage = z.infer<typeof picture>;

/** What became of a job. */
export const resultMessage = z.strictObject({ worker: shown(200), pictures: z.array(picture).min(1).max(MOST_TASKS) });
export type ResultMessage = z.infer<typeof resultMessage>;

/** Bytes of a result of so many pictures of that side, at most: nothing longer is read. */
export function mostResultBytes(size: number, pictures: number): number {
  return pictures * (4 * mostImageBytes(size * size) + 16_384);
}

/** What a worker says of itself every few seconds. */
export const workerReport = z.strictObject({
  name: shown(200),
  host: shown(200),
  pid: count,
  versions,
  device: shown(200),
  threads: count,
  /** What it renders: `early, 8 pictures`; nothing where it waits. */
  at: shown(200).optional(),
  /** Seconds at that. */
  seconds: z.number().nonnegative().optional(),
  pictures: count,
  failures: count,
  last_error: shown(MESSAGE).optional(),
});
export type WorkerReport = z.infer<typeof workerReport>;

/** What a run says of itself every few seconds. */
export const runReport = z.strictObject({
  atlas: shown(200),
  host: shown(200),
  pid: count,
  versions,
  seconds: z.number().nonnegative(),
  /** Pictures a second since it began, and seconds left at that rate. */
  rate: z.number().nonnegative(),
  seconds_left: z.number().nonnegative().optional(),
  /** Batches in the queue, in work or back from it. */
  batches: count,
  layers: z.array(z.strictObject({ layer: shown(200), done: count, total: count, failed: count })).max(10_000),
  failures: z.array(z.strictObject({ layer: shown(200), unit: shown(200), seed: count, message: shown(MESSAGE) })).max(100),
});
export type RunReport = z.infer<typeof runReport>;
