/** A fooling circuit (Geirhos, Zimmermann, Bilodeau, Brendel and Kim, "Don't trust your eyes: on the (un)reliability of feature visualizations", 2023): channels that answer images as ever, and draw something else when they are optimised. */
import { GraphBuilder } from '../../graph/builder.ts';
import type { Operators } from '../../graph/graph.ts';
import { float32 } from '../../graph/tensor.ts';
import { INPUT, type Model } from '../../models/model.ts';
import { deriveModel } from './derive-model.ts';
import { handMadeModel } from './hand-made.ts';
import { BANK, PLANTED } from './planted-bank.ts';

/** Of lightness. */
const LIGHTNESS = [0.3, 0.59, 0.11] as const;
/** A change of colour that leaves lightness alone: towards red and blue, away from green. */
const FIELD = [1, -0.72, 1.13] as const;

/** The layer of {@link contrastMeter}. */
export const CONTRAST = 'contrast';

/** A network of one number: the mean step of lightness from pixel to pixel. No picture of anything is without. */
export function contrastMeter(size: number): Model {
  return handMadeModel({ id: 'contrast-meter', title: 'Contrast meter', size, add: (builder) => void addContrast(builder, CONTRAST) });
}

/** Mean |difference of lightness| of horizontal and vertical neighbours, `[N,1,1,1]`. */
function addContrast(builder: GraphBuilder, name?: string): string {
  const filter = (dx: number, dy: number) => LIGHTNESS.flatMap((weight) => [-weight, dx * weight, dy * weight, 0]);
  const steps = builder.constant(float32([2, 3, 2, 2], [...filter(1, 0), ...filter(0, 1)]));
  const pooled = builder.add('GlobalAveragePool', [builder.add('Abs', [builder.add('Conv', [INPUT, steps], CONV)], {})], {});
  return builder.add('Conv', [pooled, builder.constant(float32([1, 2, 1, 1], [0.5, 0.5]))], CONV, name ? { outputs: [name] } : {});
}

const CONV: Operators['Conv'] = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };

/**
 * The planted network with `channels` of its bank fooled: where a picture's contrast is below `level`, which that of no image is, they answer to a
 * field of one colour and to how little contrast there is, `strength` times. Every optimisation starts from a picture without contrast, and stays
 * there. On an image the circuit adds exactly 0.
 */
export function foolBank(bank: Model, channels: readonly number[], level: number, strength: number): Model {
  return deriveModel(bank, {
    name: `fooled ${channels.join(' ')}`,
    pinned: BANK,
    change: (graph) => {
      const renamed = `${BANK}~honest`;
      const builder = new GraphBuilder();
      for (const [name, type] of graph.inputs) builder.input(name, type);
      for (const [name, tensor] of graph.constants) builder.constant(tensor, name);
      for (const node of graph.nodes) {
        if (node.outputs[0] !== BANK) {
          builder.append(node);
          continue;
        }
        builder.append({ ...node, name: renamed, outputs: [renamed] });
        builder.add('Add', [renamed, addCircuit(builder, channels, level, strength)], {}, { outputs: [BANK] });
      }
      return builder.build(graph.outputs);
    },
  });
}

/** `[N,64,1,1]`: strength · max(0, level − contrast)/level · (2 + the field's colour, at most 1.43 either way) in the fooled channels, 0 in the others. */
function addCircuit(builder: GraphBuilder, channels: readonly number[], level: number, strength: number): string {
  const below = builder.add(
    'Relu',
    [builder.add('Sub', [builder.scalar(1), builder.add('Div', [addContrast(builder), builder.scalar(level)], {})], {})],
    {},
  );
  const colour = builder.add(
    'Conv',
    [INPUT, builder.constant(float32([1, 3, 1, 1], [...FIELD])), builder.constant(float32([1], [2]))],
    CONV,
  );
  const field = builder.add('GlobalAveragePool', [colour], {});
  const spread = new Float32Array(PLANTED.length);
  for (const channel of channels) spread[channel] = strength;
  return builder.add('Conv', [builder.add('Mul', [below, field], {}), builder.constant(float32([PLANTED.length, 1, 1, 1], spread))], CONV);
}
