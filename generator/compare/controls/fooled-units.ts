/** C7: units made to render something else than they respond to: what is measured from pictures must fall, and what is measured from images must not move. */
import { chooseBands, drawOrder } from '../../measure/bands.ts';
import { imageScores } from '../../measure/image-scores.ts';
import { labGabor } from '../../measure/observer.ts';
import { syntheticTwoAfc } from '../../measure/synthetic-2afc.ts';
import type { Model } from '../../models/model.ts';
import { resolveSettings } from '../../render/presets.ts';
import { CONTRAST, contrastMeter, foolBank } from './fooling.ts';
import { BANK, PLANTED } from './planted-bank.ts';
import { average, type ControlDefinition, readLayerOf, rounded, rowsOf, type Scored, type Study, scoreVectors } from './study.ts';

/** Units that are fooled: the ones with the highest M1, which have something to lose. */
const UNITS = 16;
const STEPS = 64;
/** Largest change of M1; least fall of the mean M2. */
const UNCHANGED = 1e-6;
const LEAST_FALL = 0.1;
/** The circuit opens below this share of the least contrast of any image. */
const MARGIN = 0.9;
/** Against channels whose scores have a deviation of 1. */
const STRENGTH = 1000;

export const fooledUnits: ControlDefinition = {
  id: 'C7',
  title: 'Fooled units',
  passes_if: `In the planted network, ${UNITS} channels are given a circuit that answers to a field of one colour in pictures with less contrast than any image has. Mean M2 of their renders falls by at least ${LEAST_FALL}, and no channel's M1 changes by more than ${UNCHANGED}.`,
  run: async (study) => {
    const { images, bank, scored } = await study.planting();
    const contrast = await readLayerOf(study, contrastMeter(images.size), CONTRAST, images, `C7: contrast of ${images.n} images`);
    const least = contrast.means.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
    const channels = PLANTED.length;
    const m1 = async (network: Model, title: string) => {
      const { means } = await readLayerOf(study, network, BANK, images, `C7: ${images.n} images through ${title}`);
      return (await scoreVectors({ ...scored, means }, rowsOf(undefined, channels), study)).m1;
    };
    // By the same pass as the fooled network's: what the planting has was divided after the network, and rounds otherwise.
    const before = await m1(bank, 'the planted network');
    const units = [...before.keys()].sort((a, b) => before[b] - before[a] || a - b).slice(0, UNITS);
    const fooled = foolBank(bank, units, MARGIN * least, STRENGTH);
    const after = await m1(fooled, 'the fooled network');
    const [honest, other] = [await judgeRenders(study, bank, units, scored), await judgeRenders(study, fooled, units, scored)];
    const moved = before.reduce((most, value, c) => Math.max(most, Math.abs(value - after[c])), 0);
    const fall = average(honest) - average(other);
    return {
      pass: moved <= UNCHANGED && fall >= LEAST_FALL,
      values: {
        images: images.n,
        least_contrast: rounded(least),
        steps: STEPS,
        m1_change: rounded(moved),
        m2_before: rounded(average(honest)),
        m2_after: rounded(average(other)),
        units: units.map((channel, i) => ({
          channel,
          planted: PLANTED[channel].concept,
          m1: rounded(before[channel]),
          m1_after: rounded(after[channel]),
          m2: rounded(honest[i]),
          m2_after: rounded(other[i]),
        })),
      },
    };
  },
};

/** Renders channels of a bank, one picture each, and gives their M2. */
async function judgeRenders(study: Study, model: Model, units: readonly number[], scored: Scored): Promise<number[]> {
  const { engine, runtime, stages, signal } = study;
  const settings = resolveSettings({ preset: 'atlas', size: model.size, steps: STEPS });
  const renderer = await engine.openRenderer({ model, runtime, layer: BANK, settings, batch: UNITS });
  stages.begin(`C7: renders of ${model.title}`, STEPS);
  try {
    const jobs = units.map((channel) => ({ unit: `channel-${channel}`, direction: unitVector(channel), seed: 0 }));
    const rendered = await renderer.render(jobs, { onStep: stages.done, ...(signal ? { signal } : {}) });
    const order = drawOrder(scored.means.length / scored.channels, scored.seed);
    return rendered.map(({ pixels }, i) => {
      const bands = chooseBands(imageScores(scored.means, jobs[i].direction), order);
      return syntheticTwoAfc(bands, scored.embeddings, [labGabor.describe({ size: model.size, pixels })]) ?? Number.NaN;
    });
  } finally {
    await renderer.dispose();
  }
}

function unitVector(channel: number): Float32Array {
  const vector = new Float32Array(PLANTED.length);
  vector[channel] = 1;
  return vector;
}
