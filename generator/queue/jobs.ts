/** Batches of tasks as jobs, and jobs as tasks again. */
import type { Plan } from '../../data/schema.ts';
import { canonicalJson, float32Bytes, sha256 } from '../batch/canonical.ts';
import { batchFor, byProgram, listBatches } from '../batch/render-layer.ts';
import type { Part } from '../batch/render-part.ts';
import { jobOf, type Task } from '../batch/work.ts';
import type { RenderJob } from '../render/renderer.ts';
import { withoutPaths } from './arrays.ts';
import { type JobMessage, MOST_TASKS, type TaskMessage, VERSIONS, type VectorMessage } from './messages.ts';
import type { NamedFile, PackedModel } from './model-files.ts';

/** Tasks that are one job. */
export interface Batch {
  readonly part: Part;
  readonly tasks: readonly Task[];
  /** Times that its pictures were asked for, this one counted. */
  readonly attempt: number;
}

/** What a run's jobs have in common. */
export interface JobModel {
  readonly weights: string;
  readonly packed: PackedModel;
}

/** The batches of a part, in the order they are rendered: those that a run alone would make. */
export function listPartBatches(part: Part, size: number): Batch[] {
  const { settings } = part.work;
  const pictures = settings.group?.pictures ?? 1;
  const largest = Math.max(pictures, Math.floor(MOST_TASKS / pictures) * pictures);
  return byProgram(part.tasks).flatMap((tasks) =>
    listBatches(tasks, Math.min(batchFor(settings, size), largest), settings.group?.pictures).map((tasks) => ({ part, tasks, attempt: 1 })),
  );
}

/** The units of a batch, whose pictures may be coupled, each as a batch of its own. */
export function splitBatch({ part, tasks }: Batch, attempt: number): Batch[] {
  const coupled = part.work.settings.group !== undefined;
  const groups = coupled ? [...Map.groupBy(tasks, ({ unit }) => unit.id).values()] : tasks.map((task) => [task]);
  return groups.map((group) => ({ part, tasks: group, attempt }));
}

/** The job of a batch, and the arrays that it names. */
export function writeJob(
  { part: { work }, tasks, attempt }: Batch,
  { weights, packed }: JobModel,
): { job: JobMessage; files: NamedFile[] } {
  const settings = withoutPaths(work.settings);
  const written = tasks.map(writeTask);
  const others = tasks[0].unit.others;
  const job: JobMessage = {
    versions: VERSIONS,
    attempt,
    model: { weights, files: packed.files.map((file) => file.sha256), ...(packed.zoo ? { zoo: packed.zoo } : {}) },
    ...(work.preprocess ? { preprocess: work.preprocess as NonNullable<JobMessage['preprocess']> } : {}),
    layer: work.layer.name,
    ...(others ? { others: [...others] } : {}),
    settings: settings.value,
    tasks: written.map(({ value }) => value),
  };
  return { job, files: [...settings.files, ...written.flatMap(({ files }) => files)] };
}

/** A job's id: the same work of the same run has the same, so that it is never in the queue twice. */
export function nameJob(run: string, job: JobMessage): string {
  return `${run}-${sha256(canonicalJson(job)).slice(0, 40)}`;
}

function writeTask(task: Task): { value: TaskMessage; files: NamedFile[] } {
  const { unit, direction, others, seed } = jobOf(task);
  const { key, frames } = task;
  const described = task.unit.direction;
  const chosen = described.kind === 'chosen' ? withoutPaths(described.unit) : undefined;
  return {
    value: {
      unit,
      seed,
      key,
      direction: writeVector(direction),
      ...(others ? { others: others.map(writeVector) } : {}),
      ...(chosen ? { chosen: chosen.value } : {}),
      frames: [...frames],
    },
    files: chosen?.files ?? [],
  };
}

function writeVector(values: Float32Array): VectorMessage {
  const channel = values.findIndex((value) => value !== 0);
  const sign = values[channel];
  if ((sign === 1 || sign === -1) && values.every((value, c) => value === 0 || c === channel)) return { channel, sign };
  return { float32: Buffer.from(float32Bytes(values)).toString('base64') };
}

/** A vector of that many channels. Throws for another number. */
export function readVector(message: VectorMessage, channels: number): Float32Array {
  const values = new Float32Array(channels);
  if ('channel' in message) {
    if (message.channel >= channels) throw new Error(`a direction of channel ${message.channel}, where there are ${channels}`);
    values[message.channel] = message.sign;
    return values;
  }
  const bytes = Buffer.from(message.float32, 'base64');
  if (bytes.length !== 4 * channels) throw new Error(`a direction of ${bytes.length} bytes, where there are ${channels} channels`);
  for (let c = 0; c < channels; c++) values[c] = bytes.readFloatLE(4 * c);
  if (!values.every(Number.isFinite)) throw new Error('a direction that is not finite');
  return values;
}

/** A job's tasks, for whoever renders them: `channels` of its layer, then of its further layers. */
export function readTasks({ tasks, others: layers }: JobMessage, channels: readonly number[]): Task[] {
  return tasks.map(({ unit: id, seed, key, direction, others = [], chosen, frames }): Task => {
    const vector = readVector(direction, channels[0]);
    if (others.length !== (layers?.length ?? 0))
      throw new Error(`directions of ${others.length} further layers, of ${layers?.length ?? 0}`);
    const job: Pick<RenderJob, 'direction'> & { others: Float32Array[] } = {
      direction: vector,
      others: others.map((other, i) => readVector(other, channels[i + 1])),
    };
    return {
      unit: {
        id,
        arm: 'chosen',
        index: 0,
        direction: chosen ? { kind: 'chosen', unit: chosen } : { kind: 'channel', channel: 0, sign: 1 },
        vector,
        seeds: [seed],
        pictures: [job],
        ...(layers ? { others: layers } : {}),
      },
      seed,
      key,
      frames,
      series: 'renders',
    };
  });
}

/** What the plan says of the pixels, as part of a key. */
export const keyPixels = (preprocess: JobMessage['preprocess']): { preprocess?: NonNullable<Plan['preprocess']> } =>
  preprocess ? { preprocess } : {};
