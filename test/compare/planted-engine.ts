/** An engine with a planted answer: what a network and its optimiser would have to be like for one arm to win, or for none. */
import type { Engine } from '../../generator/batch/engine.ts';
import { deadLeaves } from '../../generator/measure/dead-leaves.ts';
import type { Layer, Model } from '../../generator/models/model.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { standInEngine, standInModel } from '../batch/stand-in-engine.ts';
import { filterBank, randomFilters } from '../measure/filter-bank.ts';

export const SIZE = 32;
export const CHANNELS = 12;

const LAYER: Layer = {
  name: 'net/bank',
  slug: 'bank',
  tap: 'linear',
  operator: 'Conv',
  shape: [CHANNELS, 1, 1],
  receptiveField: SIZE,
  stride: 1,
};

export type PlantedKind = 'planted' | 'null' | 'alike';

/**
 * Planted: a channel's renders are one striped texture in its own colour, angle and width, wherever it lies, and a random direction's are any
 * picture at all. Null: every render is any picture at all.
 * Alike: every direction, of either arm, has one picture of its own, whatever the seed. The layer is a bank of linear filters with one channel that is always zero.
 */
export function plantedEngine(kind: PlantedKind): Engine {
  const model: Model = { ...standInModel(), layers: () => [LAYER] };
  const filters = [...randomFilters(CHANNELS - 1, SIZE), new Float32Array(3 * SIZE * SIZE)];
  return {
    ...standInEngine(),
    openModel: async () => model,
    openProbe: async ({ batch }) => ({ ...filterBank(filters, SIZE, { batch }), layer: LAYER }),
    openRenderer: async ({ settings, batch }) => ({
      layer: LAYER,
      settings,
      batch,
      render: async (jobs) =>
        jobs.map(({ unit, seed }) => {
          const striped = kind === 'planted' && unit.startsWith('channel');
          const pixels = striped
            ? stripes(unit, seed)
            : deadLeaves(new RandomStream(unit, kind === 'alike' ? 0 : seed).below(1e6), SIZE).pixels;
          return { state: 'ok', pixels, curve: new Float32Array(settings.steps) };
        }),
      dispose: async () => undefined,
    }),
  };
}

function stripes(unit: string, seed: number): Uint8Array {
  const own = new RandomStream(unit);
  const angle = own.between(0, Math.PI);
  const frequency = (2 * Math.PI) / own.between(3, 10);
  const colour = [own.normal(), own.normal(), own.normal()];
  const phase = new RandomStream(unit, seed).between(0, 2 * Math.PI);
  return Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % SIZE, Math.floor(i / (3 * SIZE))];
    return 127 + 60 * Math.sin(frequency * (x * Math.cos(angle) + y * Math.sin(angle)) + phase) * Math.tanh(colour[i % 3]) * 2;
  });
}
