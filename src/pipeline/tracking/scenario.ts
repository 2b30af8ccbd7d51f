/** Videos without pictures: where things truly are, and what a detector with known faults says of them. */
import { randomSource } from "../../base/random.ts";
import type { Box } from "../nodes/boxes.ts";
import type { CameraMotion } from "./axis.ts";
import type { TrackedBox } from "./tracker.ts";

export type ScenarioMotion = "straight" | "crossing" | "nonlinear";

export interface ScenarioOptions {
  /** Default 1. */
  readonly seed?: number;
  /** Default 200. */
  readonly numFrames?: number;
  /** Default 10. */
  readonly numObjects?: number;
  /** "straight" lines; "crossing" towards each other in lanes; "nonlinear" circles and zigzags. Default "straight". */
  readonly motion?: ScenarioMotion;
  /** Size of the picture in pixels. Default 1920 × 1080. */
  readonly width?: number;
  readonly height?: number;
  /** Share of boxes the detector misses, one by one. Default 0.05. */
  readonly missRate?: number;
  /** Chance, a frame and object, that it disappears behind something. Default 0. */
  readonly occlusionRate?: number;
  /** Frames such a disappearance lasts. Default 15. */
  readonly occlusionFrames?: number;
  /** False alarms a frame, on average. Default 0.2. */
  readonly falseAlarms?: number;
  /** Deviation of the detected sides' places, share of the box. Default 0.02. */
  readonly noise?: number;
  /** Share of detections with a low score. Default 0.1. */
  readonly unsureRate?: number;
  /** Pixels a frame the camera shakes by at most, in jumps. Default 0. */
  readonly shake?: number;
}

export interface Scenario {
  /** Every object in each frame, hidden ones left out. */
  readonly truth: readonly (readonly TrackedBox[])[];
  /** What the detector says. */
  readonly detections: readonly (readonly Box[])[];
  /** How the picture moved since the frame before. */
  readonly camera: readonly CameraMotion[];
}

interface Walker {
  readonly id: number;
  readonly at: (frame: number) => readonly [x: number, y: number];
  readonly width: number;
  readonly height: number;
  hiddenUntil: number;
}

/**
 * A scenario: the same for the same options. Scores lie in 0.6…0.95, of unsure boxes in 0.15…0.45.
 *
 * @example
 * const { truth, detections } = trackingScenario({ motion: "nonlinear", seed: 3 });
 */
export function trackingScenario(options: ScenarioOptions = {}): Scenario {
  const { seed = 1, numFrames = 200, numObjects = 10, motion = "straight", width = 1920, height = 1080 } = options;
  const { missRate = 0.05, occlusionRate = 0, occlusionFrames = 15, falseAlarms = 0.2, noise = 0.02 } = options;
  const { unsureRate = 0.1, shake = 0 } = options;
  const next = randomSource(seed);
  const real = (low: number, high: number): number => low + next() * (high - low);
  /** Sum of uniforms: near enough to a normal deviate of variance 1. */
  const normal = (): number => real(-1, 1) + real(-1, 1) + real(-1, 1);
  const walkers = Array.from({ length: numObjects }, (_, i): Walker => {
    const side = real(0.04, 0.07) * height;
    const at = paths[motion](i, { width, height, numFrames, numObjects, real });
    return { id: i + 1, at, width: side, height: side * real(1.6, 2.4), hiddenUntil: 0 };
  });
  const truth: TrackedBox[][] = [];
  const detections: Box[][] = [];
  const camera: CameraMotion[] = [];
  let [offsetX, offsetY] = [0, 0];
  for (let frame = 0; frame < numFrames; frame++) {
    const [dx, dy] = frame === 0 ? [0, 0] : [real(-shake, shake), real(-shake, shake)];
    offsetX += dx;
    offsetY += dy;
    camera.push([1, 0, dx, 0, 1, dy]);
    const visible: TrackedBox[] = [];
    const seen: Box[] = [];
    for (const walker of walkers) {
      const occluded = next() < occlusionRate;
      if (occluded && frame >= walker.hiddenUntil) walker.hiddenUntil = frame + occlusionFrames;
      const [x, y] = walker.at(frame);
      const box = { x: x + offsetX, y: y + offsetY, width: walker.width, height: walker.height };
      const [jx, jy, jw, jh] = [normal(), normal(), normal(), normal()].map((v) => v * noise);
      const [missed, unsure, score] = [next() < missRate, next() < unsureRate, next()];
      if (frame < walker.hiddenUntil) continue;
      visible.push({ ...box, id: walker.id });
      if (missed) continue;
      seen.push({
        x: box.x + jx! * box.width,
        y: box.y + jy! * box.height,
        width: box.width * (1 + jw!),
        height: box.height * (1 + jh!),
        score: unsure ? 0.15 + 0.3 * score : 0.6 + 0.35 * score,
      });
    }
    for (let alarms = falseAlarms; next() < alarms; alarms--) {
      const side = real(0.04, 0.07) * height;
      seen.push({ x: real(0, width), y: real(0, height), width: side, height: 2 * side, score: real(0.15, 0.8) });
    }
    truth.push(visible);
    detections.push(seen);
  }
  return { truth, detections, camera };
}

interface Stage {
  readonly width: number;
  readonly height: number;
  readonly numFrames: number;
  readonly numObjects: number;
  readonly real: (low: number, high: number) => number;
}

const paths: Record<ScenarioMotion, (index: number, stage: Stage) => Walker["at"]> = {
  straight(_, { width, height, real }) {
    const [x, y] = [real(0, width), real(0, height)];
    const [vx, vy] = [real(-6, 6), real(-2, 2)];
    return (frame) => [x + vx * frame, y + vy * frame];
  },
  /** Half of them go right, half left, at heights so near that boxes overlap when they meet. */
  crossing(index, { width, height, numFrames, numObjects, real }) {
    const rightwards = index % 2 === 0;
    const lane = ((Math.floor(index / 2) + 0.5) * 2 * height) / Math.max(2, numObjects);
    const y = lane + real(-0.01, 0.01) * height + (rightwards ? 0 : 0.03 * height);
    const speed = (width / numFrames) * real(0.8, 1.2);
    return (frame) => [rightwards ? speed * frame : width - speed * frame, y];
  },
  /** Circles and zigzags with sharp turns: no constant velocity holds for long. */
  nonlinear(index, { width, height, real }) {
    const [x, y] = [real(0.2, 0.8) * width, real(0.2, 0.8) * height];
    const radius = real(0.06, 0.16) * height;
    const turn = (real(0.08, 0.16) * (index % 2 === 0 ? 1 : -1)) as number;
    const phase = real(0, 2 * Math.PI);
    if (index % 3 !== 2)
      return (t) => [x + radius * Math.cos(turn * t + phase), y + radius * Math.sin(turn * t + phase)];
    const period = real(12, 24);
    const speed = real(6, 11);
    const drift = real(-1, 1);
    // A triangle wave: full speed one way, then the other.
    return (t) => [x + speed * (Math.abs((t % (2 * period)) - period) - period / 2), y + drift * t];
  },
};
