/**
 * A box that moves: Kalman filter over centre, width and height with constant velocities, noise in proportion to the box.
 *
 * State: [cx, cy, w, h, v_cx, v_cy, v_w, v_h], measurement: the first four. The noise values are those of BoT-SORT (Aharon
 * et al., BoT-SORT: Robust Associations Multi-Pedestrian Tracking, 2022, §3.1). No matrix couples two coordinates, so the
 * 8 × 8 filter falls apart into four of 2 × 2.
 */
import type { Box } from "../nodes/boxes.ts";
import { type Axis, type CameraMotion, correctAxis, loadAxes, moveCentre, predictAxis, saveAxes } from "./axis.ts";
import type { MotionFilter } from "./kalman-box.ts";

/** Deviations as shares of the side. */
const positionShare = 1 / 20;
const velocityShare = 1 / 160;
const minSide = 1e-3;

const square = (v: number): number => v * v;
const newAxis = (p: number, side: number): Axis => ({
  p,
  v: 0,
  pp: square(2 * positionShare * side),
  pv: 0,
  vv: square(10 * velocityShare * side),
});
const noiseOf = (side: number) => ({
  measurement: square(positionShare * side),
  position: square(positionShare * side),
  velocity: square(velocityShare * side),
});

export class KalmanSize implements MotionFilter {
  private readonly cx: Axis;
  private readonly cy: Axis;
  private readonly width: Axis;
  private readonly height: Axis;

  constructor({ x, y, width, height }: Box) {
    this.cx = newAxis(x + width / 2, width);
    this.cy = newAxis(y + height / 2, height);
    this.width = newAxis(width, width);
    this.height = newAxis(height, height);
  }

  predict(): Box {
    const [horizontal, vertical] = [noiseOf(this.side(this.width)), noiseOf(this.side(this.height))];
    predictAxis(this.cx, horizontal);
    predictAxis(this.cy, vertical);
    predictAxis(this.width, horizontal);
    predictAxis(this.height, vertical);
    return this.box();
  }

  correct({ x, y, width, height }: Box): void {
    const [horizontal, vertical] = [noiseOf(this.side(this.width)), noiseOf(this.side(this.height))];
    correctAxis(this.cx, x + width / 2, horizontal);
    correctAxis(this.cy, y + height / 2, vertical);
    correctAxis(this.width, width, horizontal);
    correctAxis(this.height, height, vertical);
  }

  box(): Box {
    const [width, height] = [this.side(this.width), this.side(this.height)];
    return { x: this.cx.p - width / 2, y: this.cy.p - height / 2, width, height };
  }

  copy(): KalmanSize {
    const twin = new KalmanSize(this.box());
    for (const key of ["cx", "cy", "width", "height"] as const) Object.assign(twin[key], this[key]);
    return twin;
  }

  save(): number[] {
    return saveAxes([this.cx, this.cy, this.width, this.height]);
  }

  load(state: readonly number[]): void {
    loadAxes([this.cx, this.cy, this.width, this.height], state);
  }

  /** The sides grow with the lengths of the camera's axes. */
  move(camera: CameraMotion): void {
    moveCentre(this.cx, this.cy, camera);
    const [a, b, , c, d] = camera;
    for (const [axis, growth] of [
      [this.width, Math.hypot(a, c)],
      [this.height, Math.hypot(b, d)],
    ] as const) {
      axis.p *= growth;
      axis.v *= growth;
      for (const key of ["pp", "pv", "vv"] as const) axis[key] *= growth * growth;
    }
  }

  private side(axis: Axis): number {
    return Math.max(axis.p, minSide);
  }
}
