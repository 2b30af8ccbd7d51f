/** Mean and variance over rows of neighbouring elements, in doubles and in two passes: no cancellation. */

export interface Moments {
  readonly mean: number;
  /** Population variance. */
  readonly variance: number;
}

export function momentsOf(x: ArrayLike<number>, from: number, count: number): Moments {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += x[i]!;
  const mean = sum / count;
  let squares = 0;
  for (let i = from; i < from + count; i++) squares += (x[i]! - mean) ** 2;
  return { mean, variance: squares / count };
}
