/** Lucid's penalties on the picture (lucid/optvis/objectives.py), image by image: sums over pixels and channels, so that its weights can be taken over. */
import type { Penalty } from '../../../data/schema.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import { float32, sizeOf } from '../../graph/tensor.ts';
import { readArray } from '../array-file.ts';
import { addImageProducts, addImageSums } from '../image-sums.ts';

const GREY = 0.5;
/** Under the root of `L2`. */
const EPSILON = 1e-6;
/** `penalize_boundary_complexity`: its width unless asked for, the blur's width, and the weight of the distance from grey. */
const BOUNDARY = { width: 20, blur: 5, grey: 0.8 };

/** Adds a penalty, unweighted, `[batch]`, on `image` `[batch,channels,size,size]`. */
export function addLucidPenalty(builder: GraphBuilder, image: string, penalty: Penalty): string {
  const from = (value: string) => builder.add('Sub', [image, value], {});
  switch (penalty.kind) {
    case 'l1':
      return addImageSums(builder, builder.add('Abs', [from(builder.scalar(penalty.constant ?? GREY))], {}));
    case 'l2':
      return root(builder, addSquares(builder, from(builder.scalar(penalty.constant ?? GREY))));
    case 'total-variation':
      return totalVariation(builder, image);
    case 'blur':
      return addBlurPenalty(builder, image);
    case 'boundary':
      return boundary(builder, image, penalty.width ?? BOUNDARY.width);
    case 'input-difference': {
      const squares = addSquares(builder, from(picture(builder, image, penalty)));
      const share = builder.scalar(1 / sizeOf(builder.shape(image).slice(1)));
      return root(builder, builder.add('Mul', [squares, share], {}));
    }
  }
}

/**
 * `blur_input_each_step`, ½ Σ (x − blur x)² with the blurred picture held fixed: going down it is blurring the picture a little at each step.
 * Differentiate it with an Identity that passes nothing on.
 */
export function addBlurPenalty(builder: GraphBuilder, image: string): string {
  const fixed = builder.add('Identity', [addBlur(builder, image, 3)], {});
  return builder.add('Mul', [addSquares(builder, builder.add('Sub', [image, fixed], {})), builder.scalar(0.5)], {});
}

/** `_tf_blur`: weight 1 inside a window of `width` and ½ on its rim, over the weight that lies in the picture. */
export function addBlur(builder: GraphBuilder, image: string, width: number): string {
  const [, channels, height, across] = builder.shape(image);
  const inside = (i: number) => i > 0 && i < width - 1;
  const window = Array.from({ length: width * width }, (_, i) => (inside(i % width) && inside(Math.floor(i / width)) ? 1 : 0.5));
  const kernel = float32([channels, 1, width, width], Array.from({ length: channels }, () => window).flat());
  const pad = (width - 1) / 2;
  const share = new Float32Array(height * across);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < across; x++) {
      let weight = 0;
      window.forEach((entry, i) => {
        const [j, k] = [y + Math.floor(i / width) - pad, x + (i % width) - pad];
        if (j >= 0 && j < height && k >= 0 && k < across) weight += entry;
      });
      share[y * across + x] = 1 / weight;
    }
  const sums = builder.add('Conv', [image, builder.constant(kernel)], {
    strides: [1, 1],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
    group: channels,
  });
  return builder.add('Mul', [sums, builder.constant(float32([1, 1, height, across], share))], {});
}

/** Σ |x[y,x+1] − x[y,x]| + Σ |x[y+1,x] − x[y,x]| (`tf.image.total_variation`). */
function totalVariation(builder: GraphBuilder, image: string): string {
  const differences = [2, 3].map((axis) => {
    const extent = builder.shape(image)[axis];
    const side = (start: number, end: number) =>
      builder.add('Slice', [image, ...[[start], [end], [axis]].map((v) => builder.integers(v))], {});
    return addImageSums(builder, builder.add('Abs', [builder.add('Sub', [side(1, extent), side(0, extent - 1)], {})], {}));
  });
  return builder.add('Add', differences, {});
}

/** `penalize_boundary_complexity`: Σ ((blur x − x)² + 0.8 (x − ½)²) over a frame of `width` pixels. */
function boundary(builder: GraphBuilder, image: string, width: number): string {
  const [, , height, across] = builder.shape(image);
  const square = (value: string) => builder.add('Mul', [value, value], {});
  const rough = square(builder.add('Sub', [addBlur(builder, image, BOUNDARY.blur), image], {}));
  const grey = builder.add('Mul', [square(builder.add('Sub', [image, builder.scalar(GREY)], {})), builder.scalar(BOUNDARY.grey)], {});
  const within = (i: number, extent: number) => i >= width && i < extent - width;
  const frame = Float32Array.from({ length: height * across }, (_, i) =>
    within(Math.floor(i / across), height) && within(i % across, across) ? 0 : 1,
  );
  const mask = builder.constant(float32([1, 1, height, across], frame));
  return addImageSums(builder, builder.add('Mul', [builder.add('Add', [rough, grey], {}), mask], {}));
}

/** √(ε + x). `input_diff` has no ε, and no gradient where the pictures are equal. */
function root(builder: GraphBuilder, value: string): string {
  return builder.add('Sqrt', [builder.add('Add', [value, builder.scalar(EPSILON)], {})], {});
}

function addSquares(builder: GraphBuilder, value: string): string {
  return addImageProducts(builder, value, value);
}

function picture(builder: GraphBuilder, image: string, { picture: array }: Extract<Penalty, { kind: 'input-difference' }>): string {
  return builder.constant(readPicture(array, builder.shape(image).slice(1), 'the picture to stay near'));
}

/** A picture of shape `[channels,size,size]` from a file. Throws naming `name` if it has another. */
export function readPicture(array: Parameters<typeof readArray>[0], shape: readonly number[], name: string) {
  const tensor = readArray(array);
  if (tensor.shape.length !== shape.length || tensor.shape.some((extent, i) => extent !== shape[i]))
    throw fault({
      where: typeof array === 'string' ? array : array.file,
      expected: `shape (${shape})`,
      name,
      received: `(${tensor.shape})`,
      remedy: "It has the network's channels first and the plan's render.size, with values in [0,1].",
    });
  return float32([1, ...shape], tensor.data);
}
