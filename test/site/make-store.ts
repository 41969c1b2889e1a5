/**
 * Makes a small valid store with generated pictures, for the site's tests and for looking at its design:
 * `node test/site/make-store.ts DIR [--channels 24,32,40] [--random 24]` writes DIR/fixture-net/.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type AtlasLayer, atlas, type RenderRecord, type UnitRecord, unitRecord } from '../../data/schema.ts';
import { makeComparison } from './make-comparison.ts';
import { makeDirection } from './make-directions.ts';
import { makeMap } from './make-map.ts';
import { measureAll, measureRenders } from './make-measures.ts';
import { bell, drawFrom, makePicture } from './make-picture.ts';
import { makePortraits } from './make-portraits.ts';

export interface StoreSettings {
  /** Channels of each layer, shallow to deep. */
  channels: readonly number[];
  /** Random directions a layer. */
  random: number;
  /** Directions of each arm with three seeds; the others have one. */
  subset: number;
  /** Side of the pictures in pixels. */
  size: number;
  slug: string;
  /** False leaves the last layer half rendered, and everything unmeasured and uncompared. */
  complete: boolean;
  /** True for an atlas that was compared before images were looked at. */
  older: boolean;
  /** True for names that a model file could bear to do harm. */
  hostile: boolean;
}

/** Names that would end an element, an entry, a field, a folder or a line, or turn the text around, if they were let. */
export const HOSTILE = {
  title: '</title><script>alert(1)</script> "quoted" \'once\' & ]]> {brace} \\end{document} \u202eevil\u2069 end',
  model: `\n@misc{x, title={y}}\r\nER  - \nTY  - BOOK\u0000\u2028${'long '.repeat(2000)}`,
  licence: 'MIT" onload="alert(1)',
  source: 'https://elsewhere.invalid/?a=1&b=<img src=x onerror=alert(1)>',
  message: '<img src=x onerror=alert(1)>\u202e',
  layers: ['<script>alert(1)</script>', '../../x', `"><svg onload=alert(1)>${'\u200f\u05d0'.repeat(3000)}]]>--><!--`],
} as const;

const SMALL: StoreSettings = {
  channels: [12, 16, 24],
  random: 12,
  subset: 6,
  size: 96,
  slug: 'fixture-net',
  complete: true,
  older: false,
  hostile: false,
};
const CREATED = '2026-03-04T05:06:07.000Z';
const hash = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

const SHAPES = [
  { name: 'expanded_conv/depthwise', tap: 'before', operator: 'Conv', hw: 112, field: 7, stride: 2 },
  { name: 'expanded_conv_3/expand', tap: 'before', operator: 'Conv', hw: 56, field: 27, stride: 4 },
  { name: 'expanded_conv_6/project', tap: 'linear', operator: 'Conv', hw: 14, field: 115, stride: 16 },
  { name: 'expanded_conv_9/expand', tap: 'before', operator: 'Conv', hw: 14, field: 211, stride: 16 },
  { name: 'expanded_conv_13/expand', tap: 'before', operator: 'Conv', hw: 7, field: 355, stride: 16 },
] as const;

/** Writes an atlas under `folder` and returns its slug. The same settings give the same files. */
export async function makeStore(folder: string, settings: Partial<StoreSettings> = {}): Promise<string> {
  const store = { ...SMALL, ...settings };
  const root = join(folder, store.slug);
  await mkdir(join(root, 'layers'), { recursive: true });
  await mkdir(join(root, 'directions'));
  const layers = store.channels.map((channels, depth) => makeLayer(channels, depth, store));
  const units = new Map<string, UnitRecord[]>();
  for (const [depth, layer] of layers.entries()) {
    const all = await makeUnits(root, layer, depth, store);
    const records = store.complete ? all : all.slice(0, depth + 1 < layers.length ? all.length : all.length / 2).map(withoutMeasures);
    units.set(layer.slug, records);
    const vectors = Array.from({ length: store.random }, (_, index) => makeDirection(layer.shape[0], depth, index));
    await writeFile(join(root, 'directions', `${layer.slug}.f32`), Buffer.concat(vectors));
    await writeFile(join(root, 'layers', `${layer.slug}.jsonl`), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }
  await writeFile(join(root, 'atlas.json'), JSON.stringify(makeAtlas(layers, store), null, 2));
  if (store.complete) await writeFile(join(root, 'comparison.json'), JSON.stringify(makeComparison(layers, units, store.older), null, 2));
  if (store.complete && !store.older) {
    await makePortraits(root, layers, units);
    await makeMap(root, layers, units);
  }
  return store.slug;
}

function withoutMeasures({ measures: _, ...record }: UnitRecord): UnitRecord {
  return record;
}

function makeLayer(channels: number, depth: number, store: StoreSettings): AtlasLayer {
  const shape = SHAPES[depth % SHAPES.length] ?? SHAPES[0];
  return {
    slug: shape.name.replace(/[^a-z0-9]+/g, '-'),
    name: store.hostile ? (HOSTILE.layers[depth % HOSTILE.layers.length] ?? '') : shape.name,
    tap: shape.tap,
    ...(shape.tap === 'before' ? { nonlinearity: 'ReLU6' } : {}),
    operator: shape.operator,
    shape: [channels, shape.hw, shape.hw],
    receptive_field: shape.field,
    stride: shape.stride,
    render: renderOf(store.size),
    units: { basis: channels, random: store.random },
  };
}

/** Settings of a render at a size. */
export function renderOf(size: number): AtlasLayer['render'] {
  return {
    size,
    steps: 128,
    objective: 'neuron',
    learning_rate: 0.05,
    schedule: 'cosine',
    decay_power: 1,
    start_deviation: 0.01,
    decorrelate: true,
    pad: 8,
    border: 'reflect',
    jitter: 8,
    scale: [0.9, 1.1],
    rotate: 5,
    final_jitter: 4,
    redirect_steps: 16,
    l2: 0,
    total_variation: 0,
  };
}

async function makeUnits(root: string, layer: AtlasLayer, depth: number, store: StoreSettings): Promise<UnitRecord[]> {
  const arms = [
    { arm: 'basis', n: layer.shape[0] },
    { arm: 'random', n: store.random },
  ] as const;
  const records: UnitRecord[] = [];
  const measure = store.older ? measureRenders : measureAll;
  for (const { arm, n } of arms) {
    for (let index = 0; index < n; index++) {
      const seeds = index < store.subset ? 3 : 1;
      const renders: RenderRecord[] = [];
      for (let seed = 0; seed < seeds; seed++) renders.push(await makeRender(root, { layer, depth, arm, index, seed, store }));
      records.push(
        unitRecord.parse({
          id: arm === 'basis' ? `channel-${index}` : `random-${index}`,
          arm,
          index,
          direction:
            arm === 'basis'
              ? { kind: 'channel', channel: index, sign: 1 }
              : {
                  kind: 'haar',
                  frame: Math.floor(index / layer.shape[0]),
                  row: index % layer.shape[0],
                  sha256: hash(makeDirection(layer.shape[0], depth, index)),
                },
          renders,
          measures: measure(arm === 'basis' && layer.tap !== 'linear', depth * 5000 + index + (arm === 'basis' ? 0 : 2500), renders),
        }),
      );
    }
  }
  return records;
}

interface Spot {
  layer: AtlasLayer;
  depth: number;
  arm: 'basis' | 'random';
  index: number;
  seed: number;
  store: StoreSettings;
}

async function makeRender(root: string, { layer, depth, arm, index, seed, store }: Spot): Promise<RenderRecord> {
  const draw = drawFrom(depth * 7919 + index * 131 + seed * 17 + (arm === 'basis' ? 0 : 104729));
  const key = hash(`${layer.slug} ${arm} ${index} ${seed}`);
  const steps = Array.from({ length: 33 }, (_, i) => i * 4);
  const top = 3 + draw() * 4;
  const curve = steps.map((step) => Number((top * (1 - Math.exp(-step / 24)) + bell(draw) * 0.18).toFixed(3)));
  const record = { seed, key, curve, curve_steps: steps };
  if (arm === 'basis' && index === 5)
    return {
      ...record,
      state: 'failed',
      message: store.hostile ? HOSTILE.message : 'the runtime ran out of memory',
      score: null,
      curve: [],
      curve_steps: [],
    };
  const state = arm === 'basis' && index === 7 ? 'flat' : arm === 'random' && index === 9 ? 'diverged' : 'ok';
  if (state === 'diverged') return { ...record, state, score: null, curve: curve.map((value, i) => (i > 20 ? null : value)) };
  const bytes = await makePicture({
    seed: state === 'flat' ? 1 : depth * 1000 + index * 3 + (arm === 'basis' ? 0 : 500_000),
    start: seed,
    size: store.size,
    waves: arm === 'basis' ? 1 + (index % 2) : 3,
    detail: state === 'flat' ? 0.02 : 1.5 / (1 + depth * 0.4),
  });
  const image = hash(bytes);
  await mkdir(join(root, 'images', image.slice(0, 2)), { recursive: true });
  await writeFile(join(root, 'images', image.slice(0, 2), `${image}.webp`), bytes);
  return { ...record, state, image, score: Number((top * 0.97).toFixed(4)) };
}

function makeAtlas(layers: AtlasLayer[], store: StoreSettings) {
  const plan = {
    atlas: store.slug,
    model: 'fixture-net',
    layers: layers.map((layer) => layer.slug),
    arms: { basis: 'every', random: store.random },
    seeds: { count: 3, subset: store.subset },
    render: { preset: 'atlas' },
    seed: 0,
  };
  return atlas.parse({
    schema: 'basis-atlas/1',
    slug: store.slug,
    title: store.hostile ? HOSTILE.title : 'Fixture network',
    edition: 1,
    complete: store.complete,
    model: {
      id: 'fixture-net',
      title: store.hostile ? HOSTILE.model : 'Fixture network',
      format: 'tfjs-graph-model',
      source: store.hostile ? HOSTILE.source : 'npm:@example/fixture-net@1.0.0',
      licence: store.hostile ? HOSTILE.licence : 'Apache-2.0',
      weights_sha256: hash('weights'),
      size: store.size,
      preprocess: { scale: [2, 2, 2], offset: [-1, -1, -1] },
    },
    plan,
    plan_sha256: hash(JSON.stringify(plan)),
    layers,
    software: {
      atlas: '0.1.0',
      renderer: 1,
      node: 'v24.21.0',
      runtime: 'onnxruntime-node 1.30.0',
      device: 'cpu',
      threads: 2,
      platform: 'linux-x64',
    },
    created: CREATED,
  });
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { channels: { type: 'string' }, random: { type: 'string' }, size: { type: 'string' }, subset: { type: 'string' } },
  });
  const folder = positionals[0];
  if (!folder) throw new Error('make-store: expected a folder for DIR, received nothing\nRun "node test/site/make-store.ts DIR".');
  await makeStore(folder, {
    ...(values.channels ? { channels: values.channels.split(',').map(Number) } : {}),
    ...(values.random ? { random: Number(values.random) } : {}),
    ...(values.size ? { size: Number(values.size) } : {}),
    ...(values.subset ? { subset: Number(values.subset) } : {}),
  });
}
