/** One file on a web server, and a folder to download it to. */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type DownloadOptions, download, type Expected } from '../../generator/models/download.ts';
import { temporary } from './tiny-model.ts';
import { type Answer, serveWeb } from './web.ts';

// Noise, so that nothing fits where it does not belong.
export const noise = (seed: string) =>
  Buffer.concat(Array.from({ length: 300 }, (_, i) => createHash('sha512').update(`${seed} ${i}`).digest()));
export const FILE = noise('a file');
export const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
export const QUICK: DownloadOptions = { stallMs: 300, tries: 3, backoffMs: 10 };

export async function start(...answers: Answer[]) {
  const web = await serveWeb({ '/net.onnx': FILE }, ...answers);
  web.received = 0;
  const file = join(await temporary(), 'net.onnx');
  const get = (expected: Expected = {}, options: DownloadOptions = QUICK) => {
    const onProgress: DownloadOptions['onProgress'] = (received, total) => {
      web.received = received;
      options.onProgress?.(received, total);
    };
    return download(new URL(`${web.address}/net.onnx`), file, expected, { ...options, onProgress });
  };
  const fails = (expected: Expected = {}, options?: DownloadOptions): Promise<string> =>
    get(expected, options).then(
      () => 'nothing was thrown',
      (error: Error) => error.message.replace(web.address, ''),
    );
  return { ...web, file, folder: dirname(file), get, fails };
}
