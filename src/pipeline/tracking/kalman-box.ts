/**
 * A box that moves: Kalman filter over centre, area and aspect ratio with constant velocity.
 *
 * State: [cx, cy, area, aspect, v_cx, v_cy, v_area], measurement: the first four. The noise values are those of SORT
 * (Bewley et al., Simple Online and Realtime Tracking, 2016). Aspect is constant, and every matrix of the model couples
 * only a coordinate with its own velocity, so the 7 × 7 filter falls apart into three of 2 × 2 and one scalar: the same
 * numbers, a twentieth of the work.
 */
import type { Box } from "../nodes/boxes.ts";
import {
  type Axis,
  type CameraMotion,
  correctAxis,
  loadAxes,
  moveCentre,
  type Noise,
  predictAxis,
  saveAxes,
} from "./axis.ts";

/** Where a box is expected, and how it takes measurements in. */
export interface MotionFilter {
  /** Goes on by one frame and gives the box expected there. */
  predict(): Box;
  /** Takes a measured box in. */
  correct(box: Box): void;
  box(): Box;
  /** A filter that goes on from here on its own. */
  copy(): MotionFilter;
  /** Follows a camera that moved since the frame before. */
  move(camera: CameraMotion): void;
  /** Its whole state, as `load` takes it; as long for every filter of one class. */
  save(): number[];
  load(state: readonly number[]): void;
}

const centreNoise: Noise = { measurement: 1, position: 1, velocity: 0.01 };
const areaNoise: Noise = { measurement: 10, position: 1, velocity: 0.0001 };

const newAxis = (p: number): Axis => ({ p, v: 0, pp: 10, pv: 0, vv: 10_000 });

export class KalmanBox implements MotionFilter {
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

  /** A filter that goes on from here on its own. */
  copy(): KalmanBox {
    const twin = new KalmanBox(this.box());
    Object.assign(twin.cx, this.cx);
    Object.assign(twin.cy, this.cy);
    Object.assign(twin.area, this.area);
    twin.aspect = this.aspect;
    twin.aspectVariance = this.aspectVariance;
    return twin;
  }

  /** Follows the camera: the area grows by the determinant, the centre goes where the camera takes it. */
  move(camera: CameraMotion): void {
    moveCentre(this.cx, this.cy, camera);
    const [a, b, , c, d] = camera;
    const growth = Math.abs(a * d - b * c);
    this.area.p *= growth;
    this.area.v *= growth;
    this.area.pp *= growth * growth;
    this.area.pv *= growth * growth;
    this.area.vv *= growth * growth;
  }

  save(): number[] {
    return [...saveAxes([this.cx, this.cy, this.area]), this.aspect, this.aspectVariance];
  }

  load(state: readonly number[]): void {
    [this.aspect, this.aspectVariance] = loadAxes([this.cx, this.cy, this.area], state) as [number, number];
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
