/** What comes through the queue is held to what was asked for: a hostile worker can deliver wrong pictures, or none, and nothing else. */
import path from 'node:path';
import { Worker } from 'bullmq';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodePicture } from '../../generator/batch/picture.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import type { Task } from '../../generator/batch/work.ts';
import { queueCrew } from '../../generator/queue/crew.ts';
import { resultKey } from '../../generator/queue/keys.ts';
import { JobMaker, readJob, UnreadableJob, WrongWorker } from '../../generator/queue/maker.ts';
import { type JobMessage, mostImageBytes, mostResultBytes, VERSIONS } from '../../generator/queue/messages.ts';
import { readResult, WrongResult, writeResult } from '../../generator/queue/results.ts';
import { describeStatus, openStatus } from '../../generator/queue/status.ts';
import { runWorker } from '../../generator/queue/worker.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, storeHashes } from '../batch/store-state.ts';
import { temporaryFolder } from '../temporary.ts';
import type { RedisServer } from './redis-server.ts';
import { standInPost } from './stand-in-post.ts';
import { startRedis } from './start-redis.ts';
import { undisturbedHashes } from './undisturbed.ts';

const SIZE = 16;
const KEY = 'ab'.repeat(32);
const settings = { size: SIZE, steps: 4 };
const task = (frames: readonly number[] = []): Task => ({
  unit: {
    id: 'channel-1',
    arm: 'basis',
    index: 1,
    direction: { kind: 'channel', channel: 1, sign: 1 },
    vector: new Float32Array(2),
    seeds: [0],
  },
  seed: 0,
  key: KEY,
  frames,
  series: 'renders',
});
const noise = (size: number) => Uint8Array.from({ length: 3 * size * size }, (_, i) => (i * 7919) % 256);
const webp = (size = SIZE) => encodePicture(noise(size), size);
const raw = (width: number, height: number) => sharp(new Uint8Array(3 * width * height), { raw: { width, height, channels: 3 } });

type Picture = Record<string, unknown>;
const picture = async (changes: Picture = {}): Promise<Picture> => ({
  ...{ key: KEY, state: 'ok', score: 1, curve: [0, 1], curve_steps: [0, 3] },
  image: (await webp()).toString('base64'),
  ...changes,
});
const read = (value: unknown, tasks: readonly Task[] = [task()]) =>
  readResult(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), tasks, settings);

describe('a result', () => {
  it('that is what was asked for is taken, byte for byte', async () => {
    const image = await webp();
    const strip = await raw(2 * SIZE, SIZE)
      .webp()
      .toBuffer();
    const made = [{ state: 'flat' as const, score: null, curve: [null, 0.5], curve_steps: [0, 3], image, strip }];
    expect(await read(writeResult('w', [task([0, 4])], made), [task([0, 4])])).toEqual(made);
    const failed = [{ state: 'failed' as const, message: 'no picture', score: null, curve: [], curve_steps: [] }];
    expect(await read(writeResult('w', [task()], failed))).toEqual(failed);
  });

  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const forgeries: Record<string, [() => Promise<Picture> | Picture, RegExp]> = {
    'another key': [() => picture({ key: 'cd'.repeat(32) }), /worker w: the key cdcd.* for channel-1, whose key is abab/],
    'a state of its own': [() => picture({ state: 'fine' }), /pictures\.0\.state/],
    'a field more': [() => picture({ path: '/etc/passwd' }), /Unrecognized key: "path"/],
    'a score that is none': [() => picture({ score: '1' }), /pictures\.0\.score/],
    'a curve beyond its steps': [() => picture({ curve_steps: [0, 5] }), /a curve of channel-1 that is none/],
    'a curve that goes back': [() => picture({ curve_steps: [3, 0] }), /a curve of channel-1 that is none/],
    'a longer curve than steps': [() => picture({ curve: [0, 1, 2] }), /a curve of channel-1 that is none/],
    'no image': [() => picture({ image: undefined }), /not the files of channel-1 that were asked for/],
    'a failure with an image': [() => picture({ state: 'failed', message: 'x' }), /a failure of channel-1 that is none/],
    'a strip that nobody asked for': [async () => picture({ strip: base64(await webp()) }), /not the files of channel-1/],
    'no WebP file': [async () => picture({ image: base64(await raw(SIZE, SIZE).png().toBuffer()) }), /longer or shorter than it says/],
    'a larger picture': [
      async () => picture({ image: base64(await webp(32)) }),
      /what cannot be read .*pixel limit|32×32 pixels instead of 16×16/,
    ],
    'a smaller picture': [async () => picture({ image: base64(await webp(8)) }), /8×8 pixels instead of 16×16/],
    'a bomb of a picture': [
      async () => picture({ image: base64(await raw(1500, 1500).webp({ lossless: true, effort: 0 }).toBuffer()) }),
      /pixel limit|bytes for the picture/,
    ],
    'a picture that is cut short': [
      async () => picture({ image: base64((await webp()).subarray(0, -9)) }),
      /longer or shorter than it says/,
    ],
    'a picture with something after it': [
      async () => picture({ image: base64(Buffer.concat([await webp(), Buffer.from('<script>')])) }),
      /longer or shorter than it says/,
    ],
    'a picture with something in it': [
      async () =>
        picture({
          image: base64(
            await raw(SIZE, SIZE)
              .withExif({ IFD0: { Copyright: 'x' } })
              .webp()
              .toBuffer(),
          ),
        }),
      /with more than a picture in it/,
    ],
    'a picture that moves': [
      async () => {
        const frames = Buffer.concat([noise(SIZE), noise(SIZE).reverse()]);
        const moving = sharp(frames, { raw: { width: SIZE, height: 2 * SIZE, channels: 3, pageHeight: SIZE } }).webp({ loop: 0 });
        return picture({ image: base64(await moving.toBuffer()) });
      },
      /more than a picture in it|pixel limit/,
    ],
    'a picture of rubbish': [
      async () => {
        const bytes = await webp();
        return picture({ image: base64(bytes.fill(7, 20)) });
      },
      /what cannot be (read|decoded)|pixels instead|more than a picture/,
    ],
    'more bytes than any picture has': [
      () => picture({ image: 'A'.repeat(4 * mostImageBytes(SIZE * SIZE)) }),
      /bytes for the picture of channel-1/,
    ],
  };
  for (const [what, [forge, refusal]] of Object.entries(forgeries))
    it(`with ${what} is refused`, async () => {
      const forged = read({ worker: 'w', pictures: [await forge()] });
      await expect(forged).rejects.toThrow(WrongResult);
      await expect(forged).rejects.toThrow(refusal);
    });

  it('that is none, or of another number of pictures, is refused', async () => {
    for (const junk of [
      '',
      'not json',
      '[]',
      '{"worker":"w"}',
      '{"worker":"w","pictures":[]}',
      `{"worker":"w","pictures":[${'[]'.repeat(9)}]}`,
    ])
      await expect(read(junk), junk).rejects.toThrow(WrongResult);
    const one = await picture();
    await expect(read({ worker: 'w', pictures: [one, one] })).rejects.toThrow('worker w: 2 pictures of 1');
  });

  it('tells people nothing that would move a cursor', async () => {
    const failed = await picture({ state: 'failed', message: 'a\u001b[2Jb\nc', image: undefined, score: null });
    expect((await read({ worker: 'w', pictures: [failed] }))[0].message).toBe('a?[2Jb\nc');
  });
});

describe('a job', () => {
  const job = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
    versions: VERSIONS,
    attempt: 1,
    model: { weights: KEY, files: [KEY] },
    layer: 'net/early',
    settings: standInEngine().resolveSettings({ preset: 'atlas' }),
    tasks: [{ unit: 'channel-1', seed: 0, key: KEY, direction: { channel: 1, sign: 1 }, frames: [] }],
    ...changes,
  });
  const first = (job().tasks as Record<string, unknown>[])[0];

  it('is read as it was written', () => {
    expect(readJob(JSON.parse(JSON.stringify(job())))).toEqual(job());
  });

  it('of another version is for other workers', () => {
    const other = job({ versions: { ...VERSIONS, renderer: VERSIONS.renderer + 1 }, something: 'new' });
    expect(() => readJob(other)).toThrow(WrongWorker);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'job'],
    ['no version', {}],
    ['a field more', job({ run: 'rm -rf /' })],
    ['a file by its path', job({ model: { weights: KEY, files: ['/etc/passwd'] } })],
    ['a larger picture than any', job({ settings: { ...(job().settings as object), size: 1e9 } })],
    ['no task', job({ tasks: [] })],
    ['more tasks than any', job({ tasks: Array.from({ length: 257 }, () => first) })],
    ['a unit by a path', job({ tasks: [{ ...first, unit: '../x' }] })],
    ['a direction that is none', job({ tasks: [{ ...first, direction: { float32: '!' } }] })],
  ])('with %s is none', (_, data) => {
    expect(() => readJob(data)).toThrow(UnreadableJob);
  });

  it('has its arrays brought here by their digests, wherever it says that they are', async () => {
    const fetched: string[] = [];
    const cache = temporaryFolder('arrays');
    const maker = new JobMaker({
      engine: standInEngine(),
      runtime: await standInEngine().openRuntime({}),
      post: { ...standInPost(), unpack: async () => standInEngine().openModel('stand-in') },
      cache,
      fetch: async (digest, to) => void fetched.push(digest, to),
      note: () => undefined,
    });
    const settings = { ...(job().settings as JobMessage['settings']), magnitude: { file: '/etc/passwd', sha256: 'cd'.repeat(32) } };
    await expect(maker.make(readJob(job({ settings })))).rejects.toThrow(WrongWorker);
    expect(fetched).toEqual(['cd'.repeat(32), path.join(cache, 'arrays', `${'cd'.repeat(32)}.npy`)]);
  });
});

describe('a hostile worker', () => {
  let redis: RedisServer;
  let folder: string;
  beforeEach(async (context) => {
    redis = await startRedis(context);
    folder = temporaryFolder('hostile');
  });
  afterEach(async () => redis?.stop());

  it('harms nothing: whatever it sends back and does to the queue, the atlas is an undisturbed run’s', async () => {
    const { client } = redis;
    const notes: string[] = [];
    const store = path.join(folder, 'store');
    const run = runPlan({
      plan: checkPlan(SMALL_PLAN, 'plan.json'),
      folder: store,
      engine: standInEngine(),
      crew: queueCrew({ address: { url: redis.url }, post: standInPost(), backoff: 10, poll: 5, sweep: 200 }),
      progress: { start() {}, update() {}, stop() {}, note: (text) => notes.push(text) },
    });
    run.catch(() => undefined);
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    const key = (id: unknown) => resultKey(String(id));
    const tricks: ((id: string, job: JobMessage) => Promise<unknown>)[] = [
      (id) => client.set(key(id), 'junk'),
      (id) => client.set(key(id), Buffer.alloc(mostResultBytes(SIZE, 8) + 1, 'A')),
      async (id, { tasks }) =>
        client.set(key(id), JSON.stringify({ worker: '\u001b[2J', pictures: await Promise.all(tasks.map(() => picture())) })),
      // Says that it is done, and sends nothing.
      async () => undefined,
      (id) => client.hset(`atlas:batches:${id}`, 'data', '{{{'),
      () => client.zadd('atlas:batches:completed', 1, 'nobody-knows-it', 1, `${'0'.repeat(16)}-x`),
      () => client.del('atlas:batches:prioritized', 'atlas:batches:wait'),
      () => client.xadd('atlas:batches:events', '*', 'event', 'completed', 'returnvalue', '{{{'),
      () => client.set('atlas:worker:x', '{"name":"\u001b[2J"}').then(() => client.sadd('atlas:workers', 'x', '../../y', 'z'.repeat(999))),
      () => client.del(...['atlas:batches:meta', 'atlas:batches:stalled-check']),
      async (id) => {
        throw new Error(`\u001b[2J${'x'.repeat(20_000)} ${id}`);
      },
    ];
    const hostile = new Worker(
      'batches',
      async (job) => {
        const trick = tricks.shift();
        if (tricks.length === 0) resolve();
        await trick?.(String(job.id), job.data as JobMessage);
        return 'x'.repeat(100_000);
      },
      { connection: client.duplicate(), prefix: 'atlas' },
    );
    hostile.on('error', () => undefined);
    await enough;
    await hostile.close();
    const leave = new AbortController();
    const honest = runWorker({
      ...{ address: { url: redis.url }, engine: standInEngine(), post: standInPost(), cache: folder, signal: leave.signal, lock: 1000 },
    });
    expect(await run).toMatchObject({ rendered: SMALL_PLAN_PICTURES, failed: [] });
    leave.abort();
    await honest;
    expect(storeHashes(store)).toEqual(await undisturbedHashes());
    expect(notes.filter((note) => note.includes('\u001b'))).toEqual([]);
    expect(notes.join('\n')).toMatch(/refused a result that is none/);
    const status = await openStatus({ url: redis.url }, () => undefined);
    expect(describeStatus(await status.read())).not.toContain('\u001b');
    await status.close();
  }, 180_000);

  it('cannot make a worker do anything with a job that is none, and the worker goes on', async () => {
    const { Queue } = await import('bullmq');
    const queue = new Queue('batches', { connection: redis.client.duplicate(), prefix: 'atlas' });
    const id = (n: number) => `${'0'.repeat(16)}-${String(n).padStart(40, '0')}`;
    await queue.add('x', 'junk', { jobId: id(1) });
    await queue.add('x', { versions: VERSIONS, run: 'rm -rf /' }, { jobId: id(2) });
    await queue.add('x', {}, { jobId: 'not-an-id-of-a-run' });
    const leave = new AbortController();
    const events: string[] = [];
    const worker = runWorker({
      ...{ address: { url: redis.url }, engine: standInEngine(), post: standInPost(), cache: folder, signal: leave.signal, lock: 1000 },
      on: (event) => {
        events.push(JSON.stringify(event));
        if (events.filter((text) => text.includes('"failed"')).length === 3) leave.abort();
      },
    });
    await worker;
    expect(events.join('\n')).toMatch(/the job does not say of what version it is/);
    expect(events.join('\n')).toMatch(/the job's (form|attempt) is not what it should be/);
    expect(await redis.client.zcard('atlas:batches:failed')).toBe(3);
    await queue.close();
  }, 60_000);
});
