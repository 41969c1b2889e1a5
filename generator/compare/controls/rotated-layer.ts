/** C1: a layer rotated within its network, which computes the same: the answer must go with the directions, not with the axes. */

import { NULL_P } from './against-frames.ts';
import { compareRotation, DELTA, OUTPUTS, SCORES, standAgainstFrames } from './compare-rotation.ts';
import { findLinearLayer } from './find-linear-layer.ts';
import { rotateLayer } from './fold-rotation.ts';
import { BANK, PLANTED, READER } from './planted-bank.ts';
import { type ControlDefinition, firstOf, firstRows, haarRotation, readLayerOf, type Study } from './study.ts';

/** Images that the network of the atlas sees rotated. */
const IMAGES = 600;

export const rotatedLayer: ControlDefinition = {
  id: 'C1',
  title: 'A layer rotated, and the rotation undone in what reads it',
  passes_if: `In a linear layer of the network and in the planted one, rotated by a Haar-random R that is folded into the weights: outputs equal to ${OUTPUTS} of the largest; the scores of R·e_j those of e_j, to ${SCORES} of their deviation; the new channels are not told from frames (frame test, p ≥ ${NULL_P}: a right answer fails in 1 of 100); and δ of the {R·e_j} is the old channels', to ${DELTA}.`,
  run: async (study) => {
    const real = await rotateReal(study);
    const planted = await rotatePlanted(study);
    const tried = [...(real ? [real] : []), planted];
    return {
      pass: tried.every(({ passes }) => passes),
      values: {
        network: real ?? { reason: 'No linear layer of this network lies between convolutions alone, so that none can be rotated.' },
        planted,
      },
    };
  },
};

/** The rotation of a layer of the network of the atlas. */
async function rotateReal(study: Study) {
  const size = study.layers[0].images.size;
  const found = findLinearLayer(study, size);
  if (!found) return undefined;
  const { layer, output } = found;
  const images = firstOf(await study.images(size), IMAGES);
  const known = study.layers.find((one) => one.layer.name === layer.name && one.images.size === size);
  const channels = layer.shape[0];
  const means =
    known?.means.subarray(0, images.n * channels) ??
    (await readLayerOf(study, study.model, layer.name, images, `C1: ${images.n} images to ${layer.slug}`)).means;
  const rotation = haarRotation(channels, [study.model.weightsSha256, layer.name]);
  const model = rotateLayer(study.model, layer.name, rotation, `with ${layer.slug} rotated`);
  const after = await readLayerOf(study, model, layer.name, images, `C1: ${images.n} images to ${layer.slug}, rotated`);
  const embeddings = firstRows(study.layers[0].embeddings, images.n);
  const scored = { channels, embeddings, seed: images.sha256 };
  const rotated = {
    ...{ original: study.model, model, output, images, rotation },
    before: { ...scored, means },
    after: { ...scored, means: after.means },
  };
  study.stages.begin(`C1: ${layer.slug} against frames`, 1);
  const stands = await standAgainstFrames(study, rotated, [model.weightsSha256, layer.name]);
  study.stages.done(1);
  return {
    layer: layer.slug,
    output,
    rotated_values: found.rotated.values,
    undone_in: found.rotated.readers,
    images: images.n,
    ...(await compareRotation(study, rotated, stands)),
  };
}

async function rotatePlanted(study: Study) {
  const { bank, copy, scored, copyScored, rotation, images, stands } = await study.planting();
  const rotated = { original: bank, model: copy, output: READER, images, rotation, before: scored, after: copyScored };
  const found = await compareRotation(study, rotated, stands);
  // Here the basis is known to be better: the answer must have been there to be swapped.
  const visible = stands.before.p < NULL_P && stands.before.delta > 0;
  return { layer: BANK, channels: PLANTED.length, images: images.n, ...found, passes: found.passes && visible };
}
