import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import type { Checkpoint } from "../../src/pipeline/flow/state.ts";
import type { Box } from "../../src/pipeline/nodes/boxes.ts";
import { library as n } from "../../src/pipeline/nodes/library.ts";
import type { CameraMotion } from "../../src/pipeline/tracking/axis.ts";
import { hota } from "../../src/pipeline/tracking/hota.ts";
import { KalmanFilter } from "../../src/pipeline/tracking/kalman-filter.ts";
import { KalmanSize } from "../../src/pipeline/tracking/kalman-size.ts";
import { trackingMetrics } from "../../src/pipeline/tracking/metrics.ts";
import type { ScenarioOptions } from "../../src/pipeline/tracking/scenario.ts";
import {
  type TrackableBox,
  type TrackedBox,
  Tracker,
  type TrackerOptions,
} from "../../src/pipeline/tracking/tracker.ts";
import { random } from "./random.ts";

const rng = random(31);
const methods = ["sort", "byte", "ocsort", "botsort"] as const;
const at = (id: number, x: number, y = 0, width = 10, height = 10): TrackedBox => ({ id, x, y, width, height });
const identity = (size: number): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (__, j) => (i === j ? 1 : 0)));
const diagonal = (values: readonly number[]): number[][] =>
  values.map((v, i) => values.map((_, j) => (i === j ? v : 0)));

describe("KalmanFilter", () => {
  test("of a state that stands still is the least-squares solution of all measurements", () => {
    for (let i = 0; i < 200; i++) {
      const truth = [rng.real(-5, 5), rng.real(-5, 5)];
      const measured = Array.from({ length: 6 }, () => {
        const h = [rng.real(-1, 1), rng.real(-1, 1)];
        return { h, z: h[0]! * truth[0]! + h[1]! * truth[1]! + rng.real(-0.1, 0.1) };
      });
      // A measurement a step, each with its own matrix: one filter hands its state to the next.
      let state: readonly number[] = [0, 0];
      let covariance: readonly (readonly number[])[] = diagonal([1e6, 1e6]);
      for (const { h, z } of measured) {
        const filter = new KalmanFilter({
          transition: identity(2),
          measurement: [h],
          processNoise: diagonal([0, 0]),
          measurementNoise: [[1]],
          state,
          covariance,
        });
        filter.predict();
        state = filter.correct([z]);
        covariance = filter.covariance;
      }
      // Normal equations, the prior counted in.
      let [a, b, d, u, v] = [1e-6, 0, 1e-6, 0, 0];
      for (const { h, z } of measured) {
        const [p, q] = h as [number, number];
        a += p * p;
        b += p * q;
        d += q * q;
        u += p * z;
        v += q * z;
      }
      const det = a * d - b * b;
      expect(state[0]).toBeCloseTo((d * u - b * v) / det, 4);
      expect(state[1]).toBeCloseTo((a * v - b * u) / det, 4);
      expect(covariance[0]![0]).toBeCloseTo(d / det, 3);
    }
    expect(() => new KalmanFilter({ ...model, covariance: [[1]] })).toThrow(/covariance is 1 × 1, expected 2 × 2/);
    expect(() => new KalmanFilter(model).correct([1, 2])).toThrow(/measured 2 values, expected 1/);
    const still = { ...model, measurementNoise: [[0]], covariance: diagonal([0, 0]) };
    expect(() => new KalmanFilter(still).correct([1])).toThrow(/singular/);
  });
  const model = {
    transition: [
      [1, 1],
      [0, 1],
    ],
    measurement: [[1, 0]],
    processNoise: diagonal([0.01, 0.01]),
    measurementNoise: [[1]],
    state: [0, 0],
    covariance: diagonal([100, 100]),
  };

  test("KalmanSize is the full 8-state filter of BoT-SORT, camera pans and zooms counted in", () => {
    let seen: Box = { x: 10, y: 20, width: 30, height: 60 };
    const mine = new KalmanSize(seen);
    const centre = ({ x, y, width, height }: Box): number[] => [x + width / 2, y + height / 2, width, height];
    const noise = (w: number, h: number, p: number, v: number): number[] =>
      [w, h, w, h].map((side) => (p * side) ** 2).concat([w, h, w, h].map((side) => (v * side) ** 2));
    const transition = identity(8).map((row, i) => row.map((v, j) => (j === i + 4 ? 1 : v)));
    let state: readonly number[] = [...centre(seen), 0, 0, 0, 0];
    let covariance: readonly (readonly number[])[] = diagonal(noise(30, 60, 2 / 20, 10 / 160));
    for (let frame = 0; frame < 30; frame++) {
      const zoom = rng.real(0.98, 1.02);
      const camera: CameraMotion = [zoom, 0, rng.real(-5, 5), 0, zoom, rng.real(-5, 5)];
      mine.move(camera);
      state = state.map((v, i) => v * zoom + (i === 0 ? camera[2] : i === 1 ? camera[5] : 0));
      covariance = covariance.map((row) => row.map((v) => v * zoom * zoom));
      const [w, h] = [state[2]!, state[3]!];
      const make = (processSize: readonly [number, number], s: readonly number[], p: typeof covariance) =>
        new KalmanFilter({
          transition,
          measurement: identity(8).slice(0, 4),
          processNoise: diagonal(noise(...processSize, 1 / 20, 1 / 160)),
          measurementNoise: diagonal(noise(...processSize, 1 / 20, 1 / 160).slice(0, 4)),
          state: s,
          covariance: p,
        });
      const filter = make([w, h], state, covariance);
      filter.predict();
      const expected = centre(mine.predict());
      expected.forEach((v, i) => {
        expect(v).toBeCloseTo(filter.state[i]!, 6);
      });
      [state, covariance] = [filter.state, filter.covariance];
      seen = { ...seen, x: seen.x + rng.real(0, 4), y: seen.y + rng.real(-2, 2), width: seen.width + rng.real(-1, 1) };
      if (frame % 5 === 2) continue;
      mine.correct(seen);
      const again = make([state[2]!, state[3]!], state, covariance);
      again.correct(centre(seen));
      [state, covariance] = [again.state, again.covariance];
    }
  });
});

/** Mean of a figure over seeds. */
function mean(options: ScenarioOptions, tracker: TrackerOptions & { camera?: boolean }, figure: "idf1" | "mota") {
  const { camera, ...rest } = tracker;
  const seeds = [1, 2, 3];
  return (
    seeds.reduce((sum, seed) => {
      const video = n.trackingScenario({ ...options, seed, numFrames: 120 });
      const found = n.track(video.detections, { ...rest, ...(camera ? { camera: video.camera } : {}) });
      return sum + trackingMetrics(video.truth, found)[figure];
    }, 0) / seeds.length
  );
}

describe("trackers on made-up videos", () => {
  test("OC-SORT holds identities that SORT loses where motion is not linear", () => {
    const nonlinear = { motion: "nonlinear", occlusionRate: 0.01, occlusionFrames: 12 } as const;
    const [sort, ocsort] = [mean(nonlinear, { method: "sort" }, "idf1"), mean(nonlinear, { method: "ocsort" }, "idf1")];
    expect(ocsort).toBeGreaterThan(sort + 0.05);
  });

  test("BYTE and BoT-SORT find unsure boxes that SORT drops", () => {
    for (const motion of ["straight", "crossing", "nonlinear"] as const) {
      const sort = mean({ motion }, { method: "sort" }, "mota");
      for (const method of ["byte", "botsort"] as const)
        expect(mean({ motion }, { method }, "mota"), `${method} ${motion}`).toBeGreaterThan(sort + 0.05);
    }
  });

  test("every method does well on straight lines and crossings", () => {
    for (const method of methods)
      for (const motion of ["straight", "crossing"] as const)
        expect(mean({ motion, unsureRate: 0 }, { method }, "idf1"), `${method} ${motion}`).toBeGreaterThan(0.93);
  });

  test("the camera's motion takes a shaking camera out, for every method", () => {
    const shaken = { motion: "straight", shake: 60, unsureRate: 0 } as const;
    for (const method of methods) {
      const steady = mean(shaken, { method, camera: true }, "idf1");
      expect(steady, method).toBeGreaterThan(0.9);
      expect(steady, method).toBeGreaterThan(mean(shaken, { method }, "idf1") + 0.2);
    }
  });

  test("BoT-SORT tells two that swap places apart by what they look like", () => {
    // Both slow down, meet and go back: by overlap alone each may be either.
    const [red, blue] = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    const frames = Array.from({ length: 60 }, (_, t): TrackableBox[] => {
      const gap = Math.abs(30 - t) * 2;
      // At the meeting they change sides within one frame.
      const [left, right] = t < 30 ? [red, blue] : [blue, red];
      return [
        { x: 100 - gap, y: 0, width: 30, height: 60, score: 0.9, embedding: left! },
        { x: 104 + gap, y: 0, width: 30, height: 60, score: 0.9, embedding: right! },
      ];
    });
    const truth = frames.map((boxes) =>
      boxes.map(({ embedding, ...box }) => ({ ...box, id: embedding === red ? 1 : 2 })),
    );
    const looks = n.track(frames, { method: "botsort", minHits: 1 });
    expect(trackingMetrics(truth, looks)).toMatchObject({ idf1: 1, switches: 0 });
    expect(looks[0]![0]).not.toHaveProperty("embedding");
    const blind = n.track(truth, { method: "botsort", minHits: 1 });
    expect(trackingMetrics(truth, blind).idf1).toBeLessThan(0.6);
  });

  test("OC-SORT finds who stood still while hidden where it was", () => {
    const frames: Box[][] = Array.from({ length: 12 }, (_, t) => [
      { x: t * 8, y: 0, width: 20, height: 40, score: 0.9 },
    ]);
    // Hidden for six frames, then there again where it vanished: the filter ran on by 48 pixels.
    for (let i = 0; i < 6; i++) frames.push([]);
    for (let i = 0; i < 5; i++) frames.push([{ x: 11 * 8, y: 0, width: 20, height: 40, score: 0.9 }]);
    const ids = (method: TrackerOptions["method"] & string) =>
      new Set(
        n
          .track(frames, { method, minHits: 1 })
          .flat()
          .map((b) => b.id),
      ).size;
    expect(ids("ocsort")).toBe(1);
    expect(ids("sort")).toBe(2);
  });

  test("0 and 100,000 boxes, NaN, no area, and nonsense have defined results", () => {
    for (const method of methods) {
      const tracker = new Tracker({ method, minHits: 1 });
      expect(tracker.update([])).toEqual([]);
      expect(tracker.update([at(0, Number.NaN), at(0, 0, 0, 0, 5)])).toEqual([]);
      const camera = [1, 0, Number.NaN, 0, 1, 0] as const;
      expect(() => tracker.update([], { camera })).toThrow(/six finite numbers/);
    }
    expect(() => new Tracker({ method: "deep" as never })).toThrow(/expected sort, byte, ocsort or botsort/);
    expect(() => new Tracker({ inertia: -1 })).toThrow(/inertia/);
    const many = Array.from({ length: 100_000 }, (_, i) => ({
      x: (i % 400) * 20,
      y: Math.floor(i / 400) * 20,
      width: 9,
      height: 9,
    }));
    expect(new Tracker({ minHits: 1 }).update(many)).toHaveLength(100_000);
  });

  test("boxes beyond what doubles hold are left out, and a camera that takes tracks to infinity loses them", () => {
    for (const method of methods) {
      const tracker = new Tracker({ method, minHits: 1, maxAge: 9 });
      const huge = { ...at(0, 0), width: 1e200, height: 1e200 };
      expect(
        tracker.update([huge, { ...at(0, 1e308), width: 1e308 }, { ...at(0, 0), width: 1e-200, height: 1e-200 }]),
      ).toEqual([]);
      expect(tracker.update([at(0, 0)]).map((b) => b.id)).toEqual([1]);
      for (let i = 0; i < 3; i++) tracker.update([], { camera: [1e200, 0, 1e200, 0, 1e200, 0] });
      expect(tracker.update([at(0, 0)]).map((b) => b.id)).toEqual([2]);
      expect(Tracker.load(JSON.parse(JSON.stringify(tracker.save())), { method }).save()).toEqual(tracker.save());
    }
  });

  test("stands in a pipeline as a stage with state", async () => {
    const follow = pipeline("follow", { boxes: port<Box[]>("boxes") }, (p, { boxes }) => ({
      tracked: p.stage("track", (list, { state }) => (state as Tracker).update(list), [boxes], {
        state: () => new Tracker({ minHits: 1 }),
      }),
    }));
    const ids: number[] = [];
    for await (const { tracked } of follow.stream([
      { boxes: [at(0, 0)] },
      { boxes: [at(0, 2)] },
      { boxes: [at(0, 80)] },
    ]))
      ids.push(tracked[0]!.id);
    expect(ids).toEqual([1, 1, 2]);
  });
});

describe("a tracker that was saved", () => {
  /** A video with occlusions, a shaking camera and, for who uses them, looks. */
  const videoOf = (method: TrackerOptions["method"] & string) => {
    const video = n.trackingScenario({
      seed: rng.integer(1, 1e6),
      numFrames: rng.integer(1, 60),
      numObjects: rng.integer(0, 8),
      motion: rng.pick(["straight", "crossing", "nonlinear"]),
      missRate: 0.2,
      occlusionRate: 0.03,
      occlusionFrames: 6,
      shake: rng.pick([0, 20]),
    });
    const frames = video.detections.map((boxes): TrackableBox[] =>
      boxes.map((box) =>
        method === "botsort" && rng.integer(0, 2) > 0
          ? { ...box, embedding: Float32Array.from({ length: 4 }, () => rng.real(-1, 1)) }
          : box,
      ),
    );
    return { frames, camera: video.camera };
  };

  test("goes on with the same identities and the same numbers, in 200 videos cut anywhere", () => {
    for (let i = 0; i < 200; i++) {
      const method = methods[i % methods.length]!;
      const { frames, camera } = videoOf(method);
      const options: TrackerOptions = { method, maxAge: rng.pick([3, 30, Infinity]), minHits: rng.integer(0, 3) };
      const follow = (tracker: Tracker, from: number, to: number) =>
        frames.slice(from, to).map((boxes, k) => tracker.update(boxes, { camera: camera[from + k]! }));
      const whole = follow(new Tracker(options), 0, frames.length);
      const cut = rng.integer(0, frames.length);
      const first = new Tracker(options);
      follow(first, 0, cut);
      const saved = rng.pick([structuredClone, (v: unknown) => JSON.parse(JSON.stringify(v))])(first.save());
      const resumed = follow(Tracker.load(saved, options), cut, frames.length);
      expect(isDeepStrictEqual(resumed, whole.slice(cut)), `video ${i}, ${method}, cut at ${cut}`).toBe(true);
      // Saving changes nothing, and what was saved is not touched by going on.
      expect(isDeepStrictEqual(follow(first, cut, frames.length), whole.slice(cut)), `video ${i}`).toBe(true);
      expect(Tracker.load(saved, options).save()).toEqual(saved);
    }
  });

  test("is a stage's state: a stream restored from a checkpoint tracks as if it had never stopped", async () => {
    for (const method of methods) {
      const { frames } = videoOf(method);
      const follow = pipeline("follow", { boxes: port<TrackableBox[]>("boxes") }, (p, { boxes }) => ({
        tracks: p.stage("track", (list, { state }) => (state as Tracker).update(list), [boxes], {
          state: Tracker.state({ method }),
        }),
      }));
      const inputs = [...frames, ...frames, []].map((boxes) => ({ boxes }));
      const checkpoints: Checkpoint[] = [];
      const whole: TrackedBox[][] = [];
      const options = { checkpointEvery: 3, onCheckpoint: (c: Checkpoint) => checkpoints.push(c) };
      for await (const { tracks } of follow.stream(inputs, options)) whole.push(tracks);
      for (const checkpoint of checkpoints) {
        const restore = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
        const rest: TrackedBox[][] = [];
        for await (const { tracks } of follow.stream(inputs.slice(restore.frame), { restore })) rest.push(tracks);
        expect(rest).toEqual(whole.slice(restore.frame));
      }
    }
  });

  test("is refused with a typed error where the state is damaged or another method's", () => {
    const tracker = new Tracker({ method: "ocsort" });
    tracker.update([at(0, 0), at(0, 50)]);
    tracker.update([at(0, 0)]);
    const saved = tracker.save();
    expect(() => Tracker.load(saved, { method: "sort" })).toThrow(/method "ocsort", expected "sort"/);
    for (const bad of [undefined, null, 3, [], {}, { ...saved, tracks: [null] }, { ...saved, nextId: 1 }])
      expect(() => Tracker.load(bad as never, { method: "ocsort" })).toThrow(
        expect.objectContaining({ code: "ARGUMENT", message: expect.stringMatching(/^Tracker\.load: /) }),
      );
    const fields = Object.keys(saved.tracks[0]!) as (keyof (typeof saved.tracks)[0])[];
    for (const field of fields)
      for (const value of [null, "x", [1], [null, 1, 2, 3], -1, Infinity]) {
        const tracks = [saved.tracks[0]!, { ...saved.tracks[1]!, [field]: value }];
        if (field === "label" && value === "x") continue;
        expect(() => Tracker.load({ ...saved, tracks }, { method: "ocsort" }), `${field} ${value}`).toThrow(
          /track 1 of the state is none of a tracker with method "ocsort"/,
        );
      }
  });
});

describe("metrics", () => {
  test("hota: one object under two names, and partial overlaps", () => {
    const truth = [0, 1, 2, 3].map((t) => [at(1, t)]);
    const two = truth.map(([box], t) => [{ ...box!, id: t < 2 ? 7 : 8 }]);
    const split = hota(truth, two);
    // Each name is with the object in 2 of its 4 frames: assA = 1/2, detA = 1.
    expect(split.detA).toBeCloseTo(1, 12);
    expect(split.assA).toBeCloseTo(0.5, 12);
    expect(split.assRe).toBeCloseTo(0.5, 12);
    expect(split.assPr).toBeCloseTo(1, 12);
    expect(split.hota).toBeCloseTo(Math.sqrt(0.5), 12);
    // Shifted by half: overlap 1/3 counts at 0.05 … 0.3, six thresholds of nineteen.
    const shifted = hota(
      truth,
      truth.map(([box]) => [{ ...box!, x: box!.x + 5 }]),
    );
    expect(shifted.hota).toBeCloseTo(6 / 19, 12);
    expect(shifted.byThreshold.filter((v) => v === 1)).toHaveLength(6);
    expect(hota(truth, truth).hota).toBe(1);
    expect(hota([], []).hota).toBe(1);
    expect(hota(truth, []).hota).toBe(0);
    expect(hota([], truth).hota).toBe(0);
  });

  test("a pair of MOT files made by hand has the figures worked out by hand, to 1e-9", () => {
    const read = (name: string) =>
      readFileSync(fileURLToPath(new URL(`./fixtures/mot/${name}.txt`, import.meta.url)), "utf8");
    const [truth, found] = [n.parseMot(read("truth")), n.parseMot(read("found"))];
    // Two objects in four frames. Object 1: name 1, missed in the last frame. Object 2: name 2 in two frames, then name 3 with
    // overlap 7.5 · 10 / 125 = 0.6. One false alarm, name 4. The line of confidence 0 does not count.
    const scores = n.trackingScores(truth, found);
    expect(scores).toMatchObject({ trueBoxes: 8, foundBoxes: 8, misses: 1, falseAlarms: 1, switches: 1 });
    expect(scores.mota).toBeCloseTo(1 - 3 / 8, 9);
    expect(scores.motp).toBeCloseTo((5 + 2 * 0.6) / 7, 9);
    // 1↔1 three frames, 2↔2 or 2↔3 two frames.
    expect(scores.idf1).toBeCloseTo((2 * 5) / 16, 9);
    // Up to 0.6 (12 thresholds): TP 7, detA 7/9, assA (3·3/4 + 2·2/4 + 2·2/4) / 7. Above (7): TP 5, detA 5/11, assA (3·3/4 + 2·2/4) / 5.
    expect(scores.detA).toBeCloseTo((12 * (7 / 9) + 7 * (5 / 11)) / 19, 9);
    expect(scores.assA).toBeCloseTo((12 * (4.25 / 7) + 7 * (3.25 / 5)) / 19, 9);
    expect(scores.hota).toBeCloseTo((12 * Math.sqrt(4.25 / 9) + 7 * Math.sqrt(3.25 / 11)) / 19, 9);
    expect(scores.locA).toBeCloseTo((12 * (6.2 / 7) + 7) / 19, 9);
  });
});

describe("MOT text", () => {
  test("what is written is read again", () => {
    for (let i = 0; i < 200; i++) {
      const frames = Array.from({ length: rng.integer(1, 6) }, () =>
        Array.from({ length: rng.integer(0, 4) }, (_, k) => ({
          ...at(
            k + 1,
            rng.integer(-400, 4000) / 8,
            rng.integer(-400, 4000) / 8,
            rng.integer(1, 99),
            rng.integer(1, 99),
          ),
          score: rng.integer(1, 8) / 8,
          label: rng.pick(["1", "7"]),
        })),
      );
      const again = n.parseMot(n.formatMot(frames));
      expect(frames.map((_, f) => again[f] ?? [])).toEqual(frames);
    }
    expect(n.formatMot([[at(3, 0)]])).toBe("1,3,1,1,10,10,1,-1,-1\n");
    expect(n.parseMot("")).toEqual([]);
    expect(n.parseMot("\r\n2, 5, 1, 1, 10, 10\r\n")).toEqual([[], [at(5, 0)]]);
  });

  test("bad lines are named", () => {
    expect(() => n.parseMot("1,1,1,1,1,1\n1,2,3")).toThrow(/line 2 of the MOT text has 3 fields/);
    expect(() => n.parseMot("1,1,x,1,1,1")).toThrow(/line 1 .* no number/);
    expect(() => n.parseMot("0,1,1,1,1,1")).toThrow(/frame 0, expected an integer from 1/);
    expect(() => n.parseMot("99999999999,1,1,1,1,1")).toThrow(expect.objectContaining({ code: "FILE" }));
  });
});

describe("scenarios and what is made of tracks", () => {
  test("a scenario is the same for the same options and has the faults it was asked for", () => {
    const options = { seed: 5, numFrames: 400, numObjects: 10, missRate: 0.2, falseAlarms: 1.5, unsureRate: 0.3 };
    const video = n.trackingScenario(options);
    expect(n.trackingScenario(options)).toEqual(video);
    expect(n.trackingScenario({ ...options, seed: 6 })).not.toEqual(video);
    const [real, seen] = [video.truth.flat().length, video.detections.flat().length];
    expect(real).toBe(4000);
    expect(seen / 400).toBeGreaterThan(10 * 0.8 + 0.8);
    expect(seen / 400).toBeLessThan(10 * 0.8 + 2);
    const perfect = n.trackingScenario({
      missRate: 0,
      falseAlarms: 0,
      noise: 0,
      unsureRate: 0,
      numObjects: 3,
      motion: "nonlinear",
    });
    perfect.truth.forEach((boxes, f) => {
      expect(perfect.detections[f]!.map(({ score: _, ...box }) => box)).toEqual(boxes.map(({ id: _, ...box }) => box));
    });
    const hidden = n.trackingScenario({ occlusionRate: 0.02, occlusionFrames: 10 });
    expect(hidden.truth.flat().length).toBeLessThan(2000);
    const shaken = n.trackingScenario({ shake: 10, numObjects: 1, noise: 0, missRate: 0 });
    // Without the camera's jumps a straight walker's steps are all alike.
    const steps = shaken.truth.slice(1).map(([box], f) => box!.x - shaken.truth[f]![0]!.x - shaken.camera[f + 1]![2]);
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThan(1e-9);
    expect(n.trackingScenario({ numFrames: 0 })).toEqual({ truth: [], detections: [], camera: [] });
  });

  test("trackTrails, identityTimeline and interpolateTracks", () => {
    const frames = [[at(1, 0), at(2, 50)], [at(1, 10)], [], [at(1, 30), at(2, 80)]];
    expect(n.identityTimeline(frames)).toEqual([
      {
        id: 1,
        label: undefined,
        spans: [
          { start: 0, end: 2 },
          { start: 3, end: 4 },
        ],
        numFrames: 3,
      },
      {
        id: 2,
        label: undefined,
        spans: [
          { start: 0, end: 1 },
          { start: 3, end: 4 },
        ],
        numFrames: 2,
      },
    ]);
    const filled = n.interpolateTracks(frames);
    expect(filled.map((boxes) => boxes.map((b) => [b.id, b.x]))).toEqual([
      [
        [1, 0],
        [2, 50],
      ],
      [
        [1, 10],
        [2, 60],
      ],
      [
        [1, 20],
        [2, 70],
      ],
      [
        [1, 30],
        [2, 80],
      ],
    ]);
    expect(n.interpolateTracks(frames, { maxGap: 1 })[1]).toHaveLength(1);
    expect(n.trackTrails(frames, { length: 2 })).toEqual([
      { label: "#1", points: [[35, 10]] },
      { label: "#2", points: [[85, 10]] },
    ]);
    expect(n.trackTrails([])).toEqual([]);
  });

  test("cameraMotion finds the similarity most points agree on, among 40 % that do not", () => {
    for (let i = 0; i < 200; i++) {
      const [angle, zoom, e, f] = [rng.real(-0.3, 0.3), rng.real(0.8, 1.2), rng.real(-40, 40), rng.real(-40, 40)];
      const [a, b] = [zoom * Math.cos(angle), zoom * Math.sin(angle)];
      const before = Array.from({ length: 50 }, () => [rng.real(0, 640), rng.real(0, 480)] as const);
      const after = before.map(([x, y], k) =>
        k % 5 < 2 ? ([rng.real(0, 640), rng.real(0, 480)] as const) : ([a * x - b * y + e, b * x + a * y + f] as const),
      );
      const found = n.cameraMotion(before, after, { tolerance: 1 });
      [a, -b, e, b, a, f].forEach((v, k) => {
        expect(Math.abs(found[k]! - v)).toBeLessThan(k % 3 === 2 ? 2 : 0.01);
      });
    }
    expect(n.cameraMotion([], [])).toEqual([1, 0, 0, 0, 1, 0]);
    expect(
      n.cameraMotion(
        [
          [1, 1],
          [1, 1],
        ],
        [
          [2, 2],
          [3, 3],
        ],
      ),
    ).toEqual([1, 0, 0, 0, 1, 0]);
    expect(
      n.cameraMotion(
        [
          [Number.NaN, 1],
          [1, 1],
        ],
        [
          [2, 2],
          [3, 3],
        ],
      ),
    ).toEqual([1, 0, 0, 0, 1, 0]);
    expect(() => n.cameraMotion([[1, 1]], [])).toThrow(/1 points before, but 0 after/);
  });
});
