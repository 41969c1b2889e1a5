/** The inside of a thread of the hand-built observer: pictures in, descriptions out. */

import { parentPort } from 'node:worker_threads';
import { reason } from '../../graph/errors.ts';
import { endWhenAsked } from '../../runtime/end-thread.ts';
import { labGabor } from '../observer.ts';
import type { CommonReply } from '../thread.ts';
import type { LabGaborReply, LabGaborRequest } from './lab-gabor.ts';

endWhenAsked();

const say = (reply: LabGaborReply | CommonReply) => parentPort?.postMessage(reply);

parentPort?.on('message', ({ pictures }: LabGaborRequest) => {
  try {
    const described = pictures.map((picture) => labGabor.describe(picture));
    const rows = new Float32Array(described.reduce((sum, row) => sum + row.length, 0));
    for (const [i, row] of described.entries()) rows.set(row, i * row.length);
    say({ kind: 'described', rows });
  } catch (error) {
    say({ kind: 'failed', message: reason(error) });
  }
});
say({ kind: 'ready' });
