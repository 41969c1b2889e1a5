/** Pictures on their way back: written by the worker, and held by the run to what it asked for before a byte of them is stored. */
import sharp from 'sharp';
import { FRAME_SIZE } from '../batch/frames.ts';
import type { MadePicture } from '../batch/make-pictures.ts';
import type { Task } from '../batch/work.ts';
import { reason } from '../graph/errors.ts';
import { mostImageBytes, type PictureMessage, resultMessage } from './messages.ts';

/** A result that is not what was asked for. */
export class WrongResult extends Error {}

/** The result of a job. */
export function writeResult(worker: string, tasks: readonly Task[], made: readonly MadePicture[]): string {
  const pictures = made.map(
    ({ image, strip, message, ...rest }, i): PictureMessage => ({
      key: tasks[i].key,
      ...rest,
      ...(message === undefined ? {} : { message }),
      ...(image ? { image: Buffer.from(image).toString('base64') } : {}),
      ...(strip ? { strip: Buffer.from(strip).toString('base64') } : {}),
    }),
  );
  return JSON.stringify({ worker, pictures });
}

/**
 * The pictures of a result, in the order of the tasks. Throws a {@link WrongResult} that names the worker for anything but one whole picture or
 * one failure for each task: WebP files that decode, of the size asked for, with nothing in them but pixels.
 */
export async function readResult(bytes: Buffer, tasks: readonly Task[], settings: { size: number; steps: number }): Promise<MadePicture[]> {
  const parsed = resultMessage.safeParse(parse(bytes));
  if (!parsed.success)
    throw new WrongResult(`a result that is none: ${parsed.error.issues[0].path.join('.')} ${parsed.error.issues[0].message}`);
  const { worker, pictures } = parsed.data;
  try {
    if (pictures.length !== tasks.length) throw new Error(`${pictures.length} pictures of ${tasks.length}`);
    return await Promise.all(pictures.map((picture, i) => readPicture(picture, tasks[i], settings)));
  } catch (error) {
    throw new WrongResult(`worker ${worker}: ${reason(error)}`);
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    return reason(error);
  }
}

async function readPicture(
  { key, state, message, score, curve, curve_steps, image, strip }: PictureMessage,
  task: Task,
  { size, steps }: { size: number; steps: number },
): Promise<MadePicture> {
  if (key !== task.key) throw new Error(`the key ${key} for ${task.unit.id}, whose key is ${task.key}`);
  const rising = curve_steps.every((step, i) => step <= steps && step > (curve_steps[i - 1] ?? -1));
  if (curve.length !== curve_steps.length || !rising) throw new Error(`a curve of ${task.unit.id} that is none`);
  if (state === 'failed') {
    if (image !== undefined || strip !== undefined || message === undefined) throw new Error(`a failure of ${task.unit.id} that is none`);
    return { state, message, score: null, curve: [], curve_steps: [] };
  }
  if (image === undefined || (strip !== undefined) !== task.frames.length > 0 || message !== undefined)
    throw new Error(`not the files of ${task.unit.id} that were asked for`);
  const side = Math.min(FRAME_SIZE, size);
  return {
    state,
    score,
    curve,
    curve_steps,
    image: await checkImage(image, size, size, task),
    ...(strip === undefined ? {} : { strip: await checkImage(strip, side * task.frames.length, side, task) }),
  };
}

/** The bytes of a WebP file of just that size. */
async function checkImage(base64: string, width: number, height: number, { unit }: Task): Promise<Uint8Array> {
  const bytes = Buffer.from(base64, 'base64');
  const wrong = (what: string) => new Error(`${what} for the picture of ${unit.id}`);
  const pixels = width * height;
  if (bytes.length > mostImageBytes(pixels)) throw wrong(`${bytes.length} bytes`);
  if (bytes.length < 12 || bytes.readUInt32LE(4) + 8 !== bytes.length) throw wrong('a file that is longer or shorter than it says');
  const read = () => sharp(bytes, { limitInputPixels: pixels, failOn: 'warning', pages: -1 });
  const found = await read()
    .metadata()
    .catch((error: unknown) => {
      throw wrong(`what cannot be read (${reason(error)})`);
    });
  const { format, pages = 1, exif, icc, iptc, xmp } = found;
  if (format !== 'webp' || pages !== 1 || exif || icc || iptc || xmp)
    throw wrong(`a file of ${format} with more than a picture in it, or another`);
  if (found.width !== width || found.height !== height) throw wrong(`${found.width}×${found.height} pixels instead of ${width}×${height}`);
  await read()
    .stats()
    .catch((error: unknown) => {
      throw wrong(`what cannot be decoded (${reason(error)})`);
    });
  return bytes;
}
