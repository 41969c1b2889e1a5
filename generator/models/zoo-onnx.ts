/**
 * Networks of the ONNX model zoo (https://github.com/onnx/models): classifiers of ImageNet, 224 pixels, all float32.
 *
 * Digests and sizes are those of its ONNX_HUB_MANIFEST.json, AlexNet's those of the file's Git LFS pointer; licences are those that each
 * model's README states, and so is the preprocessing (AlexNet's by way of the script that it points to), where `assumptions` is silent.
 */
import type { Preprocess } from './model.ts';
import type { ZooModel } from './zoo.ts';

const ROOT = 'https://media.githubusercontent.com/media/onnx/models/main/validated/vision/classification';

/** Pixels of 0 to 255 without the mean of ImageNet, blue first, as Caffe has them; `mean` is red first. */
const caffe = (mean: readonly number[], scale = 1): Preprocess => ({
  scale: mean.map(() => 255 * scale),
  offset: mean.map((value) => -value * scale),
  order: 'BGR',
});

/** `(x - mean) / deviation` for x from 0 to 1, red first. */
const standardised: Preprocess = (() => {
  const mean = [0.485, 0.456, 0.406];
  const deviation = [0.229, 0.224, 0.225];
  return { scale: deviation.map((value) => 1 / value), offset: mean.map((value, c) => -value / deviation[c]) };
})();

const VGG_MEAN = [123.68, 116.779, 103.939];

interface Entry extends Omit<ZooModel, 'origin' | 'size' | 'heads'> {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const entries: readonly Entry[] = [
  {
    id: 'inception-v1',
    title: 'Inception v1 (GoogLeNet)',
    licence: 'BSD-3-Clause',
    path: 'inception_and_googlenet/googlenet/model/googlenet-12.onnx',
    bytes: 28_021_836,
    sha256: 'c99c507058eaf41de8723408fdda7db8325cb57f0a89f2ee07a716d6e963e14e',
    preprocess: caffe(VGG_MEAN),
  },
  {
    id: 'inception-v2',
    title: 'Inception v2',
    licence: 'MIT',
    path: 'inception_and_googlenet/inception_v2/model/inception-v2-9.onnx',
    bytes: 45_042_799,
    sha256: '37ed4aa93f817fd0d1cc19bda045ebd70f18d0887a5f51e66ecd0ed8fd5a65c2',
    preprocess: caffe([123, 117, 104]),
    assumptions: ['the network expects pixels of 0 to 255, blue first, less 104, 117 and 123, as the Caffe model it was converted from'],
  },
  {
    id: 'resnet50-v2',
    title: 'ResNet-50 v2',
    licence: 'Apache-2.0',
    path: 'resnet/model/resnet50-v2-7.onnx',
    bytes: 102_442_452,
    sha256: '79102261eb6e5fd7af5d27f41316293e388c5cb691e5d25bfb035c4f64fefe31',
    preprocess: standardised,
  },
  {
    id: 'mobilenet-v2',
    title: 'MobileNetV2 1.0',
    licence: 'Apache-2.0',
    path: 'mobilenet/model/mobilenetv2-12.onnx',
    bytes: 13_964_571,
    sha256: 'c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5',
    preprocess: standardised,
  },
  {
    id: 'squeezenet-1-1',
    title: 'SqueezeNet 1.1',
    licence: 'Apache-2.0',
    path: 'squeezenet/model/squeezenet1.1-7.onnx',
    bytes: 4_956_208,
    sha256: '1eeff551a67ae8d565ca33b572fc4b66e3ef357b0eb2863bb9ff47a918cc4088',
    preprocess: standardised,
  },
  {
    id: 'efficientnet-lite4',
    title: 'EfficientNet-Lite4',
    licence: 'MIT',
    path: 'efficientnet-lite4/model/efficientnet-lite4-11.onnx',
    bytes: 51_946_641,
    sha256: 'd111689907c06eea7c82e4833ddef758da6453b9d4cf60b7e99ca05c7cbd9c12',
    // (x·255 - 127) / 128
    preprocess: { scale: [255 / 128, 255 / 128, 255 / 128], offset: [-127 / 128, -127 / 128, -127 / 128] },
    layout: 'NHWC',
  },
  {
    id: 'densenet-121',
    title: 'DenseNet-121',
    licence: 'MIT',
    path: 'densenet-121/model/densenet-12.onnx',
    bytes: 32_726_877,
    sha256: '0294e7e88e5b3360de9b0fdc321baf9e6ef18b7f058c4536caae3b9f18ed9ed5',
    preprocess: caffe([123.68, 116.78, 103.94], 0.017),
    assumptions: [
      'the network expects pixels of 0 to 255, blue first, less 103.94, 116.78 and 123.68, times 0.017, as the Caffe model it was converted from',
    ],
  },
  {
    id: 'vgg-16',
    title: 'VGG-16',
    licence: 'Apache-2.0',
    path: 'vgg/model/vgg16-12.onnx',
    bytes: 553_437_752,
    sha256: '722c42f53ca03a5480296bf8f9c85a151de3eed9ec982d7d2302ff6e2900c67b',
    preprocess: standardised,
  },
  {
    id: 'alexnet',
    title: 'AlexNet (BVLC)',
    licence: 'BSD-3-Clause',
    path: 'alexnet/model/bvlcalexnet-12.onnx',
    bytes: 243_863_787,
    sha256: '6b0da9510f27f234ee96a85dc3809dd210150fdefad87f6850f9788513216945',
    preprocess: caffe(VGG_MEAN),
  },
];

/** By id; the layers are those of the file, its classifier included. */
export const ONNX_ZOO: readonly ZooModel[] = entries.map(({ path, bytes, sha256, ...model }) => ({
  ...model,
  origin: { kind: 'https', address: `${ROOT}/${path}`, bytes, sha256 },
  size: 224,
  heads: [],
}));
