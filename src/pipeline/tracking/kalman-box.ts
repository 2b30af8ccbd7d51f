/**
 * A box that moves: Kalman filter over centre, area and aspect ratio with constant velocity.
 *
 * State: [cx, cy, area, aspect, v_cx, v_cy, v_area], measurement: the first four. The noise values are those of SORT
 * (Bewley et al., Simple Online and Realtime Tracking, 2016). Aspect is constant, and every matrix of the model couples
 * only a coordinate with its own velocity, so the 7 × 7 filter falls apart into three of 2 × 2 and one scalar: the same
 * numbers, a twentieth of the work.
 */
import type { Box } from "../nodes/boxes.ts";

/** One coordinate with its velocity: mean [p, v] and covariance [[pp, pv], [pv, vv]]. */
interface Axis {
  p: number;
  v: number;
  pp: number;
  pv: number;
  vv: number;
}

/** Noise of SORT: variance of a measurement, of what happens between frames to position and to velocity. */
interface Noise {
  readonly measurement: number;
  readonly position: number;
  readonly velocity: number;
}

const centreNoise: Noise = { measurement: 1, position: 1, velocity: 0.01 };
const areaNoise: Noise = { measurement: 10, position: 1, velocity: 0.0001 };

const newAxis = (p: number): Axis => ({ p, v: 0, pp: 10, pv: 0, vv: 10_000 });

function predictAxis(axis: Axis, { position, velocity }: Noise): void {
  axis.p += axis.v;
  axis.pp += 2 * axis.pv + axis.vv + position;
  axis.pv += axis.vv;
  axis.vv += velocity;
}

function correctAxis(axis: Axis, measured: number, { measurement }: Noise): void {
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

export class KalmanBox {
  private readonly cx: Axis;
  private readonly cy: Axis;
  private readonly area: Axis;
  private aspect: number;
  /** Variance of the aspect ratio. */
  private aspectVariance = 10;

  constructor({ x, y, width, height }: Box) {
    this.cx = newAxis(x + width / 2);
    this.cy = newAxis(y + height / 2);
    this.area = newAxis(width * height);
    this.aspect = width / height;
  }

  /** Goes on by one frame and gives the box expected there. */
  predict(): Box {
    if (this.area.p + this.area.v <= 0) this.area.v = 0;
    predictAxis(this.cx, centreNoise);
    predictAxis(this.cy, centreNoise);
    predictAxis(this.area, areaNoise);
    this.aspectVariance += 1;
    return this.box();
  }

  /** Takes a measured box in. */
  correct({ x, y, width, height }: Box): void {
    correctAxis(this.cx, x + width / 2, centreNoise);
    correctAxis(this.cy, y + height / 2, centreNoise);
    correctAxis(this.area, width * height, areaNoise);
    const gain = this.aspectVariance / (this.aspectVariance + 10);
    this.aspect += gain * (width / height - this.aspect);
    this.aspectVariance *= 1 - gain;
  }

  box(): Box {
    const area = Math.max(this.area.p, 1e-6);
    const aspect = Math.max(this.aspect, 1e-6);
    const width = Math.sqrt(area * aspect);
    const height = area / width;
    return { x: this.cx.p - width / 2, y: this.cy.p - height / 2, width, height };
  }
}
