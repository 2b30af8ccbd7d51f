/** Made-up videos to try trackers on. */
import { trackingScenario as make, type Scenario, type ScenarioOptions } from "../../tracking/scenario.ts";
import { node } from "../node.ts";

const share = (value: number, about: string) => ({ type: "number", min: 0, max: 1, default: value, about }) as const;

export const trackingScenario = node(
  {
    name: "trackingScenario",
    group: "tracking",
    about:
      "A made-up video without pictures, the same for the same options: { truth, detections, camera }, one entry a frame. The detector's faults are options.",
    inputs: [],
    output: "object",
    parameters: {
      seed: { type: "integer", default: 1, about: "another seed, another video" },
      numFrames: { type: "integer", min: 0, default: 200, about: "length" },
      numObjects: { type: "integer", min: 0, default: 10, about: "things that move" },
      motion: {
        type: "text",
        choices: ["straight", "crossing", "nonlinear"],
        default: "straight",
        about: "lines, meeting lanes, or circles and zigzags",
      },
      width: { type: "number", min: 1, default: 1920, about: "width of the picture, pixels" },
      height: { type: "number", min: 1, default: 1080, about: "height of the picture, pixels" },
      missRate: share(0.05, "share of boxes missed, one by one"),
      occlusionRate: share(0, "chance a frame that an object hides"),
      occlusionFrames: { type: "integer", min: 0, default: 15, about: "frames it stays hidden" },
      falseAlarms: { type: "number", min: 0, default: 0.2, about: "false boxes a frame on average" },
      noise: { type: "number", min: 0, default: 0.02, about: "deviation of places and sides, share of the box" },
      unsureRate: share(0.1, "share of boxes with a low score"),
      shake: { type: "number", min: 0, default: 0, about: "pixels the camera jumps by at most, a frame" },
    },
    example: "trackingScenario({ motion: 'crossing', numFrames: 5, numObjects: 4 })",
  },
  (options: ScenarioOptions = {}): Scenario => make(options),
);
