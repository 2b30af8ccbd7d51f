/** A coordinate that moves with nearly constant velocity: the 2 × 2 Kalman filter both box filters are made of. */

/** One coordinate with its velocity: mean [p, v] and covariance [[pp, pv], [pv, vv]]. */
export interface Axis {
  p: number;
  v: number;
  pp: number;
  pv: number;
  vv: number;
}

/** Variances: of a measurement, of what happens between frames to position and to velocity. */
export interface Noise {
  readonly measurement: number;
  readonly position: number;
  readonly velocity: number;
}

/** How the picture moved since the frame before: x' = a·x + b·y + e, y' = c·x + d·y + f, as [a, b, e, c, d, f]. */
export type CameraMotion = readonly [a: number, b: number, e: number, c: number, d: number, f: number];

export function predictAxis(axis: Axis, { position, velocity }: Noise): void {
  axis.p += axis.v;
  axis.pp += 2 * axis.pv + axis.vv + position;
  axis.pv += axis.vv;
  axis.vv += velocity;
}

export function correctAxis(axis: Axis, measured: number, { measurement }: Noise): void {
  const s = axis.pp + measurement;
  const gainP = axis.pp / s;
  const gainV = axis.pv / s;
  const surprise = measured - axis.p;
  axis.p += gainP * surprise;
  axis.v += gainV * surprise;
  axis.vv -= gainV * axis.pv;
  axis.pv -= gainP * axis.pv;
  axis.pp -= gainP * axis.pp;
}

/**
 * Takes a centre and its velocity where the camera took them. Covariance between x and y is dropped: exact for pans and
 * zooms, where there is none.
 */
export function moveCentre(x: Axis, y: Axis, [a, b, e, c, d, f]: CameraMotion): void {
  [x.p, y.p] = [a * x.p + b * y.p + e, c * x.p + d * y.p + f];
  [x.v, y.v] = [a * x.v + b * y.v, c * x.v + d * y.v];
  for (const key of ["pp", "pv", "vv"] as const)
    [x[key], y[key]] = [a * a * x[key] + b * b * y[key], c * c * x[key] + d * d * y[key]];
}

const fields = ["p", "v", "pp", "pv", "vv"] as const;

export const saveAxes = (axes: readonly Axis[]): number[] => axes.flatMap((axis) => fields.map((key) => axis[key]));

/** Fills axes with what saveAxes gave of as many; what follows in the list is given back. */
export function loadAxes(axes: readonly Axis[], state: readonly number[]): readonly number[] {
  axes.forEach((axis, i) => {
    for (const [k, key] of fields.entries()) axis[key] = state[i * fields.length + k]!;
  });
  return state.slice(axes.length * fields.length);
}
