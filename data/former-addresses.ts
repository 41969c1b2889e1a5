/**
 * Addresses that other atlases of InceptionV1 (GoogLeNet) had for its units, and the layers of a model file that they mean.
 *
 * OpenAI Microscope: `microscope.openai.com/models/inceptionv1/mixed4c_0/447`, as the Circuits articles link to it. Distill's appendix:
 * `distill.pub/2017/feature-visualization/appendix/googlenet/4c.html#4c-447`; in its HTML (github.com/distillpub/post--feature-visualization,
 * public/appendix/googlenet/) a unit is a figure `4c-447` in a list item `channel-447`. Both show Google's own weights, whose layers Lucid's
 * model zoo lists (`mixed4a` has 508 channels). Caffe's reference GoogLeNet, which the ONNX model zoo has, is the same design trained anew
 * (`inception_4a/output` has 512, as in the paper): its layers are these layers, but its channels are not these channels.
 */

/** A layer of InceptionV1. */
export interface FormerLayer {
  /** `4c`, as the paper and Distill call it. */
  readonly block: string;
  /** `mixed4c`: in Google's graph; Microscope adds `_0`. */
  readonly google: string;
  /** `inception_4c/output`: Caffe's blob; converters to ONNX add a number. */
  readonly caffe: string;
  /** How many channels Google's has: those that had an address. */
  readonly channels: number;
}

const CHANNELS = { '3a': 256, '3b': 480, '4a': 508, '4b': 512, '4c': 512, '4d': 528, '4e': 832, '5a': 832, '5b': 1024 };

/** The nine layers, shallow to deep. */
export const FORMER_LAYERS: readonly FormerLayer[] = Object.entries(CHANNELS).map(([block, channels]) => ({
  block,
  google: `mixed${block}`,
  caffe: `inception_${block}/output`,
  channels,
}));

/** What a layer of an atlas has to do with one of those. */
export interface FormerMatch {
  readonly former: FormerLayer;
  /** Whether the weights are Google's, by the layer's name and its number of channels: only then is its channel 447 the one that had an address. */
  readonly sameWeights: boolean;
}

/** The former layer that a layer of an atlas is, by its name in the model file; nothing for any other. */
export function matchFormer(name: string, channels: number): FormerMatch | undefined {
  const bare = name.replace(/:0$/, '');
  for (const former of FORMER_LAYERS) {
    if (endsWith(bare, former.google)) return { former, sameWeights: channels === former.channels };
    if (endsWith(bare.replace(/_\d+$/, ''), former.caffe)) return { former, sameWeights: false };
  }
  return undefined;
}

function endsWith(name: string, part: string): boolean {
  return name === part || name.endsWith(`/${part}`);
}

/** A former address that was understood. */
export interface FormerAddress {
  readonly source: 'OpenAI Microscope' | 'Distill’s appendix';
  readonly former: FormerLayer;
  /** Left out for a layer's own page. */
  readonly channel?: number;
}

const MICROSCOPE = /(?:^|\/)inceptionv1\/mixed([345][a-e])(?:_0)?(?:\/(\d{1,4}))?\/?(?:[?#].*)?$/;
const DISTILL = /(?:^|\/)appendix\/googlenet\/([345][a-e])\.html\/?(?:\?[^#]*)?(?:#(?:channel|[345][a-e])-(\d{1,4}))?$/;

/** Reads a former address, with or without its host: `inceptionv1/mixed4c_0/447`. Nothing for any other text, and for a channel that never was. */
export function readFormerAddress(text: string): FormerAddress | undefined {
  const microscope = MICROSCOPE.exec(text);
  const [, block, digits] = microscope ?? DISTILL.exec(text) ?? [];
  const former = FORMER_LAYERS.find((layer) => layer.block === block);
  const channel = digits === undefined ? undefined : Number(digits);
  if (!former || (channel !== undefined && channel >= former.channels)) return undefined;
  return {
    source: microscope ? 'OpenAI Microscope' : 'Distill’s appendix',
    former,
    ...(channel === undefined ? {} : { channel }),
  };
}
