/**
 * The Fourier transform of one length, planned once: powers of two by radix 2 with a table of roots, every other length by
 * Bluestein's chirp, which is a convolution by two transforms of a power of two.
 *
 * X[k] = Σ x[j]·exp(−2πi·jk/n). Everything is in doubles: the error is a few units of 1e-16 times log n.
 */
export class FourierPlan {
  readonly length: number;
  private readonly cos: Float64Array;
  private readonly sin: Float64Array;
  private readonly reversed: Uint32Array;
  private readonly chirp: Chirp | undefined;

  constructor(length: number) {
    this.length = length;
    const isPower = (length & (length - 1)) === 0;
    const size = isPower ? length : 0;
    this.cos = Float64Array.from({ length: size >> 1 }, (_, k) => Math.cos((2 * Math.PI * k) / length));
    this.sin = Float64Array.from({ length: size >> 1 }, (_, k) => -Math.sin((2 * Math.PI * k) / length));
    this.reversed = new Uint32Array(size);
    for (let i = 1, bits = Math.log2(size); i < size; i++)
      this.reversed[i] = (this.reversed[i >> 1]! >> 1) | ((i & 1) << (bits - 1));
    this.chirp = isPower ? undefined : new Chirp(length);
  }

  /** Transforms in place. */
  forward(re: Float64Array, im: Float64Array): void {
    if (this.chirp) this.chirp.forward(re, im);
    else this.radix2(re, im);
  }

  /** Takes a transform back, divided by the length, in place. */
  inverse(re: Float64Array, im: Float64Array): void {
    // The transform with real and imaginary part exchanged is the inverse, exchanged.
    this.forward(im, re);
    const { length } = this;
    for (let i = 0; i < length; i++) {
      re[i]! /= length;
      im[i]! /= length;
    }
  }

  private radix2(re: Float64Array, im: Float64Array): void {
    const { length, cos, sin, reversed } = this;
    for (let i = 0; i < length; i++) {
      const j = reversed[i]!;
      if (i >= j) continue;
      const [x, y] = [re[i]!, im[i]!];
      re[i] = re[j]!;
      im[i] = im[j]!;
      re[j] = x;
      im[j] = y;
    }
    for (let half = 1, stride = length >> 1; half < length; half <<= 1, stride >>= 1)
      for (let start = 0; start < length; start += half << 1)
        for (let k = 0, root = 0; k < half; k++, root += stride) {
          const a = start + k;
          const b = a + half;
          const x = re[b]! * cos[root]! - im[b]! * sin[root]!;
          const y = re[b]! * sin[root]! + im[b]! * cos[root]!;
          re[b] = re[a]! - x;
          im[b] = im[a]! - y;
          re[a] = re[a]! + x;
          im[a] = im[a]! + y;
        }
  }
}

/** Bluestein, A linear filtering approach to the computation of the discrete Fourier transform (1970). */
class Chirp {
  private readonly length: number;
  private readonly plan: FourierPlan;
  /** exp(−πi·j²/n). */
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  /** Transform of the chirp's conjugate, both ways round. */
  private readonly kernelRe: Float64Array;
  private readonly kernelIm: Float64Array;
  private readonly workRe: Float64Array;
  private readonly workIm: Float64Array;

  constructor(length: number) {
    this.length = length;
    let size = 1;
    while (size < 2 * length - 1) size *= 2;
    this.plan = new FourierPlan(size);
    // j² is taken modulo 2n in steps, so that the angle stays small and exact.
    this.re = new Float64Array(length);
    this.im = new Float64Array(length);
    for (let j = 0, square = 0; j < length; square = (square + 2 * j + 1) % (2 * length), j++) {
      this.re[j] = Math.cos((Math.PI * square) / length);
      this.im[j] = -Math.sin((Math.PI * square) / length);
    }
    [this.kernelRe, this.kernelIm] = [new Float64Array(size), new Float64Array(size)];
    for (let j = 0; j < length; j++) {
      for (const at of j === 0 ? [0] : [j, size - j]) {
        this.kernelRe[at] = this.re[j]!;
        this.kernelIm[at] = -this.im[j]!;
      }
    }
    this.plan.forward(this.kernelRe, this.kernelIm);
    [this.workRe, this.workIm] = [new Float64Array(size), new Float64Array(size)];
  }

  forward(re: Float64Array, im: Float64Array): void {
    const { length, workRe: a, workIm: b, kernelRe, kernelIm } = this;
    a.fill(0);
    b.fill(0);
    for (let j = 0; j < length; j++) {
      a[j] = re[j]! * this.re[j]! - im[j]! * this.im[j]!;
      b[j] = re[j]! * this.im[j]! + im[j]! * this.re[j]!;
    }
    this.plan.forward(a, b);
    for (let i = 0; i < a.length; i++) {
      const x = a[i]! * kernelRe[i]! - b[i]! * kernelIm[i]!;
      b[i] = a[i]! * kernelIm[i]! + b[i]! * kernelRe[i]!;
      a[i] = x;
    }
    this.plan.inverse(a, b);
    for (let k = 0; k < length; k++) {
      re[k] = a[k]! * this.re[k]! - b[k]! * this.im[k]!;
      im[k] = a[k]! * this.im[k]! + b[k]! * this.re[k]!;
    }
  }
}
