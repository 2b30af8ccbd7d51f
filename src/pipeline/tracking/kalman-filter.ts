/** The Kalman filter with matrices of any size, for what a user wants to follow: positions, angles, temperatures. */
import { InferlabError } from "../../base/errors.ts";

type Matrix = readonly (readonly number[])[];

export interface KalmanModel {
  /** How a state follows from the one before: n × n. */
  readonly transition: Matrix;
  /** What is measured of a state: m × n. */
  readonly measurement: Matrix;
  /** Covariance of what happens between steps: n × n. */
  readonly processNoise: Matrix;
  /** Covariance of a measurement: m × m. */
  readonly measurementNoise: Matrix;
  readonly state: readonly number[];
  /** Covariance of the state: n × n. */
  readonly covariance: Matrix;
}

const times = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => b[0]!.map((_, j) => row.reduce((sum, v, k) => sum + v * b[k]![j]!, 0)));
const transpose = (a: Matrix): number[][] => a[0]!.map((_, j) => a.map((row) => row[j]!));
const plus = (a: Matrix, b: Matrix, sign = 1): number[][] => a.map((row, i) => row.map((v, j) => v + sign * b[i]![j]!));
const apply = (a: Matrix, x: readonly number[]): number[] =>
  a.map((row) => row.reduce((sum, v, k) => sum + v * x[k]!, 0));

/** X of A·X = B by elimination with row exchange. Errors: ARGUMENT where A is singular. */
function solve(a: Matrix, b: Matrix): number[][] {
  const n = a.length;
  const rows = a.map((row, i) => [...row, ...b[i]!]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let r = column + 1; r < n; r++) if (Math.abs(rows[r]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = r;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const head = rows[column]!;
    if (!(Math.abs(head[column]!) > 0))
      throw new InferlabError("ARGUMENT", "KalmanFilter: the covariance of the measurement is singular", {
        hint: "measurementNoise must be positive",
      });
    for (let r = 0; r < n; r++) {
      if (r === column) continue;
      const factor = rows[r]![column]! / head[column]!;
      for (let k = column; k < head.length; k++) rows[r]![k] = rows[r]![k]! - factor * head[k]!;
    }
  }
  return rows.map((row, i) => row.slice(n).map((v) => v / row[i]!));
}

/**
 * A linear Kalman filter.
 *
 * Source: Kalman, A New Approach to Linear Filtering and Prediction Problems (1960); the covariance is corrected in
 * Joseph's form, which stays symmetric and positive under rounding.
 *
 * @example
 * const filter = new KalmanFilter({
 *   transition: [[1, 1], [0, 1]], measurement: [[1, 0]], processNoise: [[0.01, 0], [0, 0.01]],
 *   measurementNoise: [[1]], state: [0, 0], covariance: [[100, 0], [0, 100]],
 * });
 * filter.predict(); filter.correct([1.2]); // position and velocity
 */
export class KalmanFilter {
  private readonly model: KalmanModel;
  private x: readonly number[];
  private p: Matrix;

  /** Errors: ARGUMENT where the sizes of the matrices do not fit. */
  constructor(model: KalmanModel) {
    const [n, m] = [model.state.length, model.measurement.length];
    const sizes: readonly [keyof KalmanModel, number, number][] = [
      ["transition", n, n],
      ["measurement", m, n],
      ["processNoise", n, n],
      ["measurementNoise", m, m],
      ["covariance", n, n],
    ];
    for (const [name, rows, columns] of sizes) {
      const matrix = model[name] as Matrix;
      if (matrix.length !== rows || matrix.some((row) => row.length !== columns) || rows === 0)
        throw new InferlabError(
          "ARGUMENT",
          `KalmanFilter: ${name} is ${matrix.length} × ${matrix[0]?.length ?? 0}, expected ${rows} × ${columns}`,
        );
    }
    this.model = model;
    this.x = model.state;
    this.p = model.covariance;
  }

  get state(): readonly number[] {
    return this.x;
  }

  get covariance(): Matrix {
    return this.p;
  }

  /** Goes on by one step and gives the state expected there. */
  predict(): readonly number[] {
    const { transition, processNoise } = this.model;
    this.x = apply(transition, this.x);
    this.p = plus(times(times(transition, this.p), transpose(transition)), processNoise);
    return this.x;
  }

  /** Takes a measurement in and gives the state. Errors: ARGUMENT where it has another length. */
  correct(measured: readonly number[]): readonly number[] {
    const { measurement: h, measurementNoise: r } = this.model;
    if (measured.length !== h.length)
      throw new InferlabError("ARGUMENT", `KalmanFilter: measured ${measured.length} values, expected ${h.length}`);
    const cross = times(this.p, transpose(h));
    const gain = transpose(solve(transpose(plus(times(h, cross), r)), transpose(cross)));
    const seen = apply(h, this.x);
    const surprise = measured.map((v, i) => v - seen[i]!);
    const change = apply(gain, surprise);
    this.x = this.x.map((v, i) => v + change[i]!);
    const identity = this.x.map((_, i) => this.x.map((__, j) => (i === j ? 1 : 0)));
    const kept = plus(identity, times(gain, h), -1);
    this.p = plus(times(times(kept, this.p), transpose(kept)), times(times(gain, r), transpose(gain)));
    return this.x;
  }
}
