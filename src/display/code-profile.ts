/** The time of some code: JavaScript and the runs of engines on one timeline. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import { formatMs } from "../base/shapes.ts";
import type { CodeProfile } from "../profile/code-profile.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { categories } from "./colors.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { encodePng } from "./png.ts";
import { htmlTable, operatorColors, swatch } from "./profile.ts";
import { bar, formatShare, plural, textTable } from "./text.ts";
import { totalsBy } from "./trace.ts";

const width = 640;
const laneHeight = 12;
const maxDepth = 12;

/** The stack of JavaScript downwards, a lane a depth; below it a lane of engine runs. */
function timeline(code: CodeProfile, colorOf: ReadonlyMap<string, number>): { picture: Picture; lanes: number } {
  const depth = Math.min(maxDepth, 1 + code.slices.reduce((most, slice) => Math.max(most, slice.depth), 0));
  const lanes = depth + 1;
  const height = lanes * laneHeight;
  const indices = new Uint8Array(width * height);
  const [faint, grey] = [categories.length + 1, categories.length + 2];
  const endUs = code.wallMs * 1000 || 1;
  const fill = (lane: number, startUs: number, stopUs: number, color: number) => {
    const from = Math.max(0, Math.min(width - 1, Math.floor((startUs / endUs) * width)));
    const to = Math.max(from + 1, Math.min(width, Math.ceil((stopUs / endUs) * width)));
    for (let y = lane * laneHeight + 1; y < (lane + 1) * laneHeight; y++) {
      indices.fill(color, y * width + from, y * width + to);
      if (to - from > 3) indices[y * width + to - 1] = 0;
    }
  };
  for (const slice of code.slices)
    if (slice.depth < depth) fill(slice.depth, slice.startUs, slice.endUs, slice.depth % 2 ? grey : faint);
  for (const { startMs, trace } of code.runs)
    for (const event of trace.events)
      fill(depth, startMs * 1000 + event.startUs, startMs * 1000 + event.endUs, colorOf.get(event.op) ?? grey);
  const palette = new Uint8Array((categories.length + 3) * 4);
  for (const [i, color] of categories.entries())
    palette.set([1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)).concat(255), (i + 1) * 4);
  palette.set([125, 131, 138, 110], faint * 4);
  palette.set([125, 131, 138, 200], grey * 4);
  return {
    picture: { type: "image/png", bytes: encodePng({ width, height, indices, palette }), width, height },
    lanes,
  };
}

/** The bundle of a profile of code. */
export function displayCodeProfile(code: CodeProfile, options: DisplayOptions = {}): MimeBundle {
  const id = uniqueId();
  const { sessions, functions, wallMs } = code;
  const engineMs = sessions.reduce((sum, session) => sum + session.ms, 0);
  const events = code.runs.flatMap((run) => run.trace.events);
  const byOp = totalsBy(events, (event) => event.op);
  const colorOf = operatorColors(byOp.map(({ key }) => ({ name: key })));
  const scripted = functions.reduce((sum, one) => sum + one.selfUs, 0) / 1000;
  const summary = [
    `profile of code · ${formatMs(wallMs)}`,
    `${plural(code.runs.length, "run")} of ${plural(sessions.length, "session")} ${formatMs(engineMs)}`,
    `JavaScript ${formatMs(scripted)}`,
  ].join(" · ");
  const sessionRows = sessions
    .slice(0, 12)
    .map(({ name, runs, ms }) => [
      clip(name, 50),
      String(runs),
      formatMs(ms),
      formatShare(ms, wallMs),
      bar(ms / wallMs, 12),
    ]);
  const opRows = byOp
    .slice(0, 10)
    .map(({ key, count, us }) => [clip(key, 30), String(count), formatMs(us / 1000), formatShare(us / 1000, wallMs)]);
  const functionRows = functions
    .slice(0, 15)
    .map(({ name, place, selfUs, totalUs }) => [
      clip(name, 40),
      clip(place, 40, "end"),
      formatMs(selfUs / 1000),
      formatMs(totalUs / 1000),
      formatShare(selfUs / 1000, wallMs),
    ]);
  const { picture, lanes } = timeline(code, colorOf);
  const named = [
    ...code.slices
      .filter((slice) => slice.depth < lanes - 1)
      .map(
        (slice) =>
          [slice.startUs, slice.endUs, slice.depth, `${clip(slice.name, 40)} ${clip(slice.place, 40, "end")}`] as const,
      ),
    ...code.runs.flatMap(({ startMs, trace }) =>
      trace.events.map(
        (event) =>
          [
            startMs * 1000 + event.startUs,
            startMs * 1000 + event.endUs,
            lanes - 1,
            `${clip(event.node, 40, "end")} · ${clip(event.op, 24)}`,
          ] as const,
      ),
    ),
  ];
  const longest = named.toSorted((a, b) => b[1] - b[0] - (a[1] - a[0])).slice(0, 300);
  return bundle(
    {
      text: [
        summary,
        textTable(sessionRows, ["left", "right", "right", "right", "left"]),
        textTable(functionRows.slice(0, 6), ["left", "left", "right", "right", "right"]),
      ]
        .filter(Boolean)
        .join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<div>${imageElement(picture, "timeline of the code")}</div><div><small>time to the right, ${formatMs(wallMs)} in all; grey: the stack of JavaScript downwards; last lane: instructions of engines, coloured by operator</small></div>`,
        sessionRows.length ? htmlTable(["session", "runs", "time", "share", ""], sessionRows, [0, 4]) : undefined,
        opRows.length
          ? html`<details><summary>by operator</summary>${htmlTable(
              ["operator", "calls", "time", "share"],
              opRows.map(([name, ...rest], i) => [html`${swatch(byOp[i]!.key, colorOf)}${name}`, ...rest]),
              [0],
            )}</details>`
          : undefined,
        functionRows.length
          ? html`<details open><summary>JavaScript, by what functions do themselves</summary>${htmlTable(["function", "where", "self", "with calls", "share"], functionRows, [0, 1])}</details>`
          : undefined,
      ),
      script: enhance(id, {
        sortable: {},
        timeline: {
          wall: wallMs * 1000,
          lanes,
          events: longest.map(([start, end, lane, text]) => [
            Math.round(start),
            Math.round(end),
            lane,
            `${text} · ${formatMs((end - start) / 1000)}`,
          ]),
        },
      }),
      picture,
    },
    options,
  );
}

registerDisplay("code-profile", displayCodeProfile);
