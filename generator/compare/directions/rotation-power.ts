/** Real powers of a rotation, Q^α: the way from the basis (α = 0) to a random frame (α = 1) in which every plane turns at an even rate. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { fault } from '../../graph/errors.ts';

/** Where sin θ is below this the plane does not turn, or turns by half. */
const STRAIGHT = 1e-12;

/**
 * Q^α without a Schur form. S = (Q+Qᵀ)/2 = V diag(c) Vᵀ has the cosines of the angles, K = (Q−Qᵀ)/2 commutes with it, and
 * Q^α = V diag(cos αθ) Vᵀ + V diag(h) Vᵀ K with h = sin αθ / sin θ. Eigenvalues of S come in pairs, and any basis of a pair's plane will do,
 * since both have one θ. sin θ is taken as the length of vᵀK and not as √(1−c²), which loses half the digits where c is near ±1.
 */
export class RotationPowers {
  readonly #channels: number;
  /** V. */
  readonly #eigenvectors: Matrix;
  readonly #cosines: number[];
  /** VᵀK: row i is sin θ_i times the unit vector that v_i turns towards. */
  readonly #turned: Matrix;
  readonly #sines: number[];

  /** `rotation` is orthogonal with determinant one, row-major `[C,C]`. Throws for a half turn, whose power has no one plane. */
  constructor(rotation: Float64Array, channels: number) {
    const q = Matrix.from1DArray(channels, channels, rotation);
    const transposed = q.transpose();
    const decomposition = new EigenvalueDecomposition(Matrix.add(q, transposed).mul(0.5), { assumeSymmetric: true });
    this.#channels = channels;
    this.#eigenvectors = decomposition.eigenvectorMatrix;
    this.#cosines = decomposition.realEigenvalues;
    this.#turned = this.#eigenvectors.transpose().mmul(Matrix.sub(q, transposed).mul(0.5));
    this.#sines = Array.from({ length: channels }, (_, i) => Math.sqrt(this.#turned.getRow(i).reduce((sum, x) => sum + x * x, 0)));
    if (this.#sines.some((sine, i) => sine < STRAIGHT && this.#cosines[i] < 0))
      throw fault({
        where: 'a power of a rotation',
        expected: 'a rotation without a half turn',
        name: 'the rotation',
        received: 'the eigenvalue −1',
        remedy: 'The plane that it turns is not determined; a rotation close by has powers.',
      });
  }

  /** Q^α, row-major `[C,C]`, orthogonal to rounding: one Newton–Schulz step X ← 1.5X − 0.5XXᵀX follows the formula. */
  power(alpha: number): Float64Array {
    const rows = Matrix.zeros(this.#channels, this.#channels);
    for (let i = 0; i < this.#channels; i++) {
      const sine = this.#sines[i];
      const theta = Math.atan2(sine, this.#cosines[i]);
      const h = sine < STRAIGHT ? alpha : Math.sin(alpha * theta) / sine;
      const cosine = Math.cos(alpha * theta);
      for (let k = 0; k < this.#channels; k++) rows.set(i, k, cosine * this.#eigenvectors.get(k, i) + h * this.#turned.get(i, k));
    }
    const x = this.#eigenvectors.mmul(rows);
    const cubed = x.mmul(x.transpose()).mmul(x);
    return Float64Array.from(x.mul(1.5).sub(cubed.mul(0.5)).to1DArray());
  }
}
