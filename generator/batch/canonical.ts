/** One spelling for one value, so that equal values have equal hashes; and the bytes of vectors. */
export { canonicalJson, hashOf as sha256 } from '../../data/schema.ts';

/** The bytes of a vector as the store keeps them: float32, little-endian, whatever the machine. */
export function float32Bytes(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => {
    view.setFloat32(i * 4, value, true);
  });
  return new Uint8Array(view.buffer);
}
