/** A small network with a linear bottleneck: a residual chain of two blocks, as MobileNetV2 has them, read by a convolution with a border. */

import { float32 } from '../../../generator/graph/tensor.ts';
import { INPUT, type Model } from '../../../generator/models/model.ts';
import { handMadeModel, PLAIN_CONV, weights } from '../../render/tiny-model.ts';

/** `bottleneck` 6 → 5, linear; `expand` reads it, `again` is added to it in `sum`, which `last` reads with a 3 × 3 filter. `stem` is before a ReLU. */
export function linearNetwork(): Model {
  return handMadeModel((builder) => {
    const conv = (x: string, name: string, shape: number[], pad = 0, bias = true, stride = 1) =>
      builder.add(
        'Conv',
        [
          x,
          weights(builder, `${name}-w`, shape, 1 / Math.sqrt(shape[1] * shape[2] * shape[3])),
          ...(bias ? [weights(builder, `${name}-b`, [shape[0]], 0.5)] : []),
        ],
        { ...PLAIN_CONV, pads: [pad, pad, pad, pad], strides: [stride, stride] },
        { outputs: [name] },
      );
    const stem = builder.add('Relu', [conv(INPUT, 'stem', [6, 3, 3, 3], 1, true, 2)], {}, { outputs: ['stem-relu'] });
    const bottleneck = conv(stem, 'bottleneck', [5, 6, 1, 1]);
    const expanded = builder.add('Relu', [conv(bottleneck, 'expand', [7, 5, 1, 1])], {}, { outputs: ['expand-relu'] });
    const sum = builder.add('Add', [conv(expanded, 'again', [5, 7, 3, 3], 1, false), bottleneck], {}, { outputs: ['sum'] });
    const last = builder.add('Relu', [conv(sum, 'last', [4, 5, 3, 3], 1)], {}, { outputs: ['last-relu'] });
    builder.add('Mul', [last, builder.constant(float32([1, 4, 1, 1], [1, 2, 3, 4]))], {}, { outputs: ['out'] });
  });
}
