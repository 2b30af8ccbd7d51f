/**
 * What a page's scripts add to displays: hover, zoom, sorting, search. Each feature adds to markup that is complete without it,
 * asks no network and holds no content of its own. The code is here once and runs in two places: an output's own script carries
 * the features that it uses (enhance.ts), and our Lab bundles all of them (web/src/displays.js), so that it needs to run no
 * script of a notebook.
 *
 * A feature is browser JavaScript: a function body that is given `root` (the frame's element), `data` (JSON) and `host`. In the
 * Lab `data` and the markup may come from a notebook that nobody trusts: a feature makes elements and texts and sets numbers,
 * never markup or styles out of what it is given. `host` is the Lab's: `svg(text)` gives a drawing's element with all but known
 * shapes left out, `show(html, into)` shows another display, `signal` aborts when the page is gone. An output's script has none.
 */

/**
 * Reads a heat map's values back from its picture: colour → level → value; arrow keys move the reader too. Tiles can be
 * seen one at a time, enlarged.
 */
const readout = `
const img = root.querySelector("img");
if (!img) return;
const out = document.createElement("output");
out.style.cssText = "display:block;min-height:1.5em;opacity:.75";
img.after(out);
let pixels, at = [0, 0];
const read = () => {
  if (!pixels) {
    const canvas = document.createElement("canvas");
    canvas.width = img.naturalWidth; canvas.height = img.naturalHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(img, 0, 0);
    pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  }
  const [x, y] = at, p = 4 * (y * data.cell * pixels.width + x * data.cell);
  const tile = data.tiles.find((t) => x >= t[0] && x < t[0] + data.w && y >= t[1] && y < t[1] + data.h);
  if (!tile) { out.textContent = ""; return; }
  const key = pixels.data.slice(p, p + 3).join();
  const level = data.colors.indexOf(key);
  const special = { "255,0,255": "NaN", "0,200,0": "inf", "0,110,0": "-inf" }[key];
  const value = special || (level < 0 ? "?" : "≈ " + Number(data.values[level].toPrecision(3)));
  const place = [data.rows[y - tile[1]], data.cols[x - tile[0]]].filter((i) => i !== undefined);
  if (data.swapped) place.reverse();
  out.textContent = "[" + tile[2] + place.join(", ") + "] " + value;
};
img.tabIndex = 0;
img.style.cursor = "crosshair";
img.addEventListener("pointermove", (event) => {
  const box = img.getBoundingClientRect();
  at = [Math.floor((event.clientX - box.left) / box.width * img.naturalWidth / data.cell), Math.floor((event.clientY - box.top) / box.height * img.naturalHeight / data.cell)];
  read();
});
img.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!step) return;
  event.preventDefault(); event.stopPropagation();
  at = [Math.max(0, Math.min(data.width - 1, at[0] + step[0])), Math.max(0, Math.min(data.height - 1, at[1] + step[1]))];
  read();
});
if (data.tiles.length > 1) {
  const range = document.createElement("input"), label = document.createElement("output"), canvas = document.createElement("canvas");
  range.type = "range"; range.min = 0; range.max = data.tiles.length - 1; range.value = 0; range.setAttribute("aria-label", "slice");
  const zoom = Math.max(1, Math.round(280 / Math.max(data.w, data.h)));
  canvas.width = data.w * zoom; canvas.height = data.h * zoom; canvas.style.display = "block";
  const context = canvas.getContext("2d");
  const draw = () => {
    const t = data.tiles[range.value];
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(img, t[0] * data.cell, t[1] * data.cell, data.w * data.cell, data.h * data.cell, 0, 0, canvas.width, canvas.height);
    label.textContent = " [" + t[2] + ":, :]";
  };
  range.oninput = draw;
  const details = document.createElement("details"), summary = document.createElement("summary");
  summary.textContent = "one slice at a time";
  details.ontoggle = draw;
  details.append(summary, range, label, canvas);
  out.after(details);
}`;

/** Puts the compressed SVG in the picture's place, with wheel and key zoom, drag to pan, and a search box. */
const drawing = `
const img = root.querySelector("img");
if (!img || !window.DecompressionStream) return;
const bytes = Uint8Array.from(atob(data.svg), (c) => c.charCodeAt(0));
const unpack = async () => {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader(), parts = [];
  for (let part, size = 0; !(part = await reader.read()).done; parts.push(part.value))
    if ((size += part.value.length) > 8e6) throw new Error("a drawing of more than 8 MB");
  return new Blob(parts).text();
};
unpack().then((text) => {
  const svg = host ? host.svg(text) : new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (!svg || svg.nodeName !== "svg") return;
  const full = svg.getAttribute("viewBox").split(" ").map(Number);
  let view = full.slice();
  const width = Number(img.getAttribute("width")) || full[2], height = Math.min(480, Number(img.getAttribute("height")) || full[3]);
  svg.removeAttribute("width"); svg.removeAttribute("height");
  svg.style.cssText = "width:" + width + "px;max-width:100%;height:" + height + "px;touch-action:none;cursor:grab";
  svg.setAttribute("tabindex", "0"); svg.setAttribute("role", "img"); svg.setAttribute("aria-label", img.alt);
  const show = () => svg.setAttribute("viewBox", view.join(" "));
  const zoom = (factor, x, y) => {
    view = [x - (x - view[0]) * factor, y - (y - view[1]) * factor, view[2] * factor, view[3] * factor];
    if (view[2] > full[2] * 1.5) view = full.slice();
    show();
  };
  const place = (event) => { const m = svg.getScreenCTM().inverse(); return new DOMPoint(event.clientX, event.clientY).matrixTransform(m); };
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== svg) return;
    event.preventDefault(); const p = place(event); zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, p.x, p.y);
  }, { passive: false });
  let from;
  svg.addEventListener("pointerdown", (event) => { from = place(event); svg.setPointerCapture(event.pointerId); });
  svg.addEventListener("pointermove", (event) => { if (!from) return; const p = place(event); view[0] += from.x - p.x; view[1] += from.y - p.y; show(); });
  svg.addEventListener("pointerup", () => { from = undefined; });
  svg.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (move) { view[0] += move[0] * view[2] / 10; view[1] += move[1] * view[3] / 10; show(); }
    else if (event.key === "+" || event.key === "=") zoom(.8, view[0] + view[2] / 2, view[1] + view[3] / 2);
    else if (event.key === "-") zoom(1.25, view[0] + view[2] / 2, view[1] + view[3] / 2);
    else if (event.key === "0") { view = full.slice(); show(); }
    else return;
    event.preventDefault(); event.stopPropagation();
  });
  img.replaceWith(svg);
  const bar = document.createElement("div");
  const search = document.createElement("input");
  search.type = "search"; search.placeholder = "find"; search.setAttribute("aria-label", "find in the drawing");
  const note = document.createElement("small");
  note.textContent = " drag to move, Ctrl + wheel or + − to zoom, 0 for all";
  const keys = [...svg.querySelectorAll("[data-key]")];
  const mark = () => {
    const text = search.value.toLowerCase();
    let hits = 0, first;
    for (const el of keys) {
      const hit = !text || (el.dataset.key + " " + el.textContent).toLowerCase().includes(text);
      el.style.opacity = hit ? "" : ".2";
      if (hit && text) { hits++; first = first || el; }
    }
    if (first) { const b = first.getBBox(); view = [b.x + b.width / 2 - view[2] / 2, b.y + b.height / 2 - view[3] / 2, view[2], view[3]]; show(); }
    note.textContent = text ? " " + hits + " found" : " drag to move, Ctrl + wheel or + − to zoom, 0 for all";
  };
  search.addEventListener("input", mark);
  for (const type of ["keydown", "keyup", "keypress"]) search.addEventListener(type, (event) => event.stopPropagation());
  if (keys.length > 1) bar.append(search);
  bar.append(note);
  svg.before(bar);
});`;

/** Sorts a table by the column whose heading is pressed. */
const sortable = `
for (const table of root.querySelectorAll("table")) {
  const head = table.querySelector("thead tr"), body = table.querySelector("tbody");
  if (!head || !body) continue;
  [...head.children].forEach((cell, column) => {
    const button = document.createElement("button");
    button.textContent = cell.textContent; button.style.cssText = "all:unset;cursor:pointer;font-weight:bold";
    button.title = "sort";
    cell.textContent = ""; cell.append(button);
    let up = false;
    button.onfocus = () => { button.style.textDecoration = "underline"; };
    button.onblur = () => { button.style.textDecoration = ""; };
    button.onclick = () => {
      up = !up;
      const key = (row) => { const c = row.children[column]; return c ? (c.title || c.textContent) : ""; };
      const number = (text) => { const m = text.replace(/,/g, "").match(/^-?[\\d.]+(e-?\\d+)?/); return m ? Number(m[0]) * ({ "s": 1e6, "ms": 1e3, "KiB": 1024, "MiB": 1048576, "GiB": 1073741824, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12 }[text.split(" ")[1]] || 1) : NaN; };
      const rows = [...body.children].map((row) => [row, key(row), number(key(row))]);
      rows.sort((a, b) => (isNaN(a[2]) || isNaN(b[2]) ? a[1].localeCompare(b[1]) : b[2] - a[2]) * (up ? 1 : -1));
      body.append(...rows.map((row) => row[0]));
      for (const other of head.children) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", up ? "descending" : "ascending");
    };
  });
}`;

/** Lays the second picture over the first with a slider between them; classic Notebook would give the pictures margins. */
const beforeAfter = `
const pictures = [...root.querySelectorAll("img")];
if (pictures.length < 2) return;
const [before, after] = pictures;
const box = document.createElement("div");
box.style.cssText = "position:relative;display:inline-block;line-height:0";
(before.closest("table") || before).before(box);
const slider = document.createElement("input");
slider.type = "range"; slider.value = 50; slider.setAttribute("aria-label", "before and after");
slider.style.cssText = "display:block;width:" + Number(before.getAttribute("width")) + "px;max-width:100%";
before.style.margin = 0;
after.style.cssText += ";position:absolute;left:0;top:0;margin:0";
const table = before.closest("table");
box.append(before, after); box.after(slider);
if (table) table.hidden = true;
const set = () => { after.style.clipPath = "inset(0 0 0 " + slider.value + "%)"; };
slider.oninput = set; set();`;

/** One picture at a time out of several, chosen with a slider; classic Notebook would stretch it over the page. */
const slider = `
const pictures = [...root.querySelectorAll("[title] > img, td > img")];
if (pictures.length < 2) return;
const holder = pictures[0].closest("table");
const range = document.createElement("input"), label = document.createElement("output"), view = document.createElement("div");
range.type = "range"; range.min = 0; range.max = pictures.length - 1; range.value = 0; range.setAttribute("aria-label", "frame");
const large = pictures[0].cloneNode();
large.removeAttribute("height"); large.style.cssText = "height:auto;max-width:100%;width:" + (Number(data.width) || 320) + "px";
range.style.cssText = "display:inline-block;width:auto";
const set = () => { const p = pictures[range.value]; large.src = p.src; large.alt = p.alt; label.textContent = " " + p.alt; };
range.oninput = set;
view.append(range, label, document.createElement("br"), large);
holder.before(view); set();`;

/**
 * Names the instruction under the pointer in a timeline, and enlarges a part of it: wheel, drag and keys. Enlarged it is drawn
 * anew from the events the page carries, which may be the longest only.
 */
const timeline = `
const img = root.querySelector("img");
if (!img) return;
const make = (tag) => document.createElement(tag);
const out = make("output"), note = make("small"), canvas = make("canvas");
out.style.cssText = "display:block;min-height:1.5em";
canvas.width = Number(img.getAttribute("width")) || 640; canvas.height = Number(img.getAttribute("height")) || 18 * data.lanes;
canvas.style.cssText = "display:none;max-width:100%;cursor:grab;touch-action:none";
canvas.tabIndex = img.tabIndex = 0;
canvas.setAttribute("role", "img"); canvas.setAttribute("aria-label", "timeline, enlarged");
img.draggable = false;
img.before(canvas); img.after(out); out.after(note);
const context = canvas.getContext("2d");
let view = [0, data.wall], current = -1, from;
const isFull = () => view[1] - view[0] >= data.wall;
const show = () => {
  const focused = document.activeElement === img || document.activeElement === canvas;
  canvas.style.display = isFull() ? "none" : "block";
  img.style.display = isFull() ? "" : "none";
  if (focused) (isFull() ? img : canvas).focus({ preventScroll: true });
  note.textContent = "Ctrl + wheel or + − to enlarge, arrows to step" + (isFull() ? "" : ", drag to move, 0 for all" + (data.isPart ? "; the longest instructions only" : ""));
  if (isFull()) return;
  const high = canvas.height / data.lanes, scale = canvas.width / (view[1] - view[0]);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "rgba(125,131,138,.16)";
  for (let lane = 0; lane < Math.min(256, data.lanes); lane++) context.fillRect(0, lane * high + 2, canvas.width, high - 2);
  context.font = "10px sans-serif"; context.textBaseline = "middle";
  data.events.forEach((e, i) => {
    const x = (e[0] - view[0]) * scale, wide = Math.max(1, (e[1] - e[0]) * scale - 1);
    if (x > canvas.width || x + wide < 0) return;
    context.fillStyle = (data.colors || [])[e[4]] || "#7d838a";
    context.fillRect(x, e[2] * high + 2, wide, high - 2);
    const left = Math.max(x, 0) + 3, room = Math.min(x + wide, canvas.width) - left;
    if (room > 30 && high > 10) {
      context.save(); context.beginPath(); context.rect(left, e[2] * high, room, high); context.clip();
      context.fillStyle = "#fff"; context.fillText(e[3], left, e[2] * high + high / 2 + 1); context.restore();
    }
    if (i === current) { context.strokeStyle = "#7d838a"; context.lineWidth = 2; context.strokeRect(x, e[2] * high + 3, wide, high - 4); }
  });
};
const say = (i) => { current = i; out.textContent = i < 0 ? "" : data.events[i][3]; };
const move = (start, span) => {
  span = Math.min(data.wall, Math.max(data.wall / 1e5, span));
  start = Math.max(0, Math.min(data.wall - span, start));
  view = [start, start + span];
  show();
};
const zoom = (factor, t) => move(t - (t - view[0]) * factor, (view[1] - view[0]) * factor);
const time = (event, box) => view[0] + (event.clientX - box.left) / box.width * (view[1] - view[0]);
for (const el of [img, canvas]) {
  el.addEventListener("pointermove", (event) => {
    const box = el.getBoundingClientRect(), t = time(event, box);
    if (from !== undefined) { move(view[0] + from - t, view[1] - view[0]); return; }
    const lane = Math.floor((event.clientY - box.top) / box.height * data.lanes), slack = (view[1] - view[0]) / box.width;
    say(data.events.findIndex((e) => e[2] === lane && t >= e[0] - slack && t <= e[1] + slack));
  });
  el.addEventListener("pointerdown", (event) => { el.focus({ preventScroll: true }); if (!isFull()) { from = time(event, el.getBoundingClientRect()); el.setPointerCapture(event.pointerId); } });
  el.addEventListener("pointerup", () => { from = undefined; });
  el.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== el) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : .8, time(event, el.getBoundingClientRect()));
  }, { passive: false });
  el.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], middle = (view[0] + view[1]) / 2;
    if (step) {
      say(Math.max(0, Math.min(data.events.length - 1, current + step)));
      const e = data.events[current];
      if (e[0] < view[0] || e[0] > view[1]) move((e[0] + e[1] - view[1] + view[0]) / 2, view[1] - view[0]);
      else show();
    }
    else if (event.key === "+" || event.key === "=") zoom(.5, current < 0 ? middle : (data.events[current][0] + data.events[current][1]) / 2);
    else if (event.key === "-") zoom(2, middle);
    else if (event.key === "0") move(0, data.wall);
    else return;
    event.preventDefault(); event.stopPropagation();
  });
}
show();`;

/** One selection through a timeline, a sheet of small pictures, a list and a drawing of a graph. */
const explore = `
const [time, sheet] = root.querySelectorAll("img");
const rows = [...root.querySelectorAll("tbody tr")].slice(0, data.steps.length);
if (!time || !sheet || !data.steps.length) return;
const make = (tag) => document.createElement(tag);
const bar = make("div"), range = make("input"), out = make("output"), large = make("canvas"), line = make("div");
range.type = "range"; range.min = 0; range.max = data.steps.length - 1; range.value = 0; range.setAttribute("aria-label", "instruction");
range.style.cssText = "vertical-align:middle;width:" + Number(time.getAttribute("width")) + "px;max-width:100%;display:block";
out.style.cssText = "display:block;min-height:1.5em";
large.width = large.height = data.side * 8; large.style.cssText = "image-rendering:pixelated;display:block";
line.style.cssText = "position:absolute;top:0;bottom:0;width:2px;background:currentColor;pointer-events:none";
const box = make("div");
box.style.cssText = "position:relative;display:inline-block;line-height:0;max-width:100%";
time.before(box); box.append(time, line);
bar.append(range, out, large);
box.after(bar);
const context = large.getContext("2d");
context.imageSmoothingEnabled = false;
let current = -1;
// A key is a node's name and operator, or a scope's path and title.
const isIn = (key, name) => key.startsWith(name + " ") || (key[0] !== " " && name.startsWith(key.split(" ")[0] + "/"));
const select = (i) => {
  if (i < 0 || i >= data.steps.length) return;
  const [start, end, node, text, names] = data.steps[i];
  if (rows[current]) rows[current].style.outline = "";
  current = i;
  range.value = i;
  out.textContent = node + " · " + text;
  line.style.left = 100 * (start + end) / 2 / data.wall + "%";
  const step = (data.side + 1) * data.zoom, size = data.side * data.zoom;
  context.clearRect(0, 0, large.width, large.height);
  context.drawImage(sheet, i % data.across * step, Math.floor(i / data.across) * step, size, size, 0, 0, large.width, large.height);
  if (rows[i]) rows[i].style.outline = "2px solid";
  for (const shape of root.querySelectorAll("svg [data-key]")) {
    const hit = names.some((name) => isIn(shape.dataset.key, name));
    shape.style.fontWeight = hit ? "bold" : ""; shape.style.textDecoration = hit ? "underline" : "";
  }
};
range.addEventListener("input", () => select(Number(range.value)));
range.addEventListener("keydown", (event) => event.stopPropagation());
const place = (event, image) => { const b = image.getBoundingClientRect(); return [(event.clientX - b.left) / b.width, (event.clientY - b.top) / b.height]; };
time.style.cursor = sheet.style.cursor = "pointer";
time.addEventListener("click", (event) => {
  const t = place(event, time)[0] * data.wall;
  let best = 0;
  data.steps.forEach((s, i) => { const d = (s) => Math.max(s[0] - t, t - s[1], 0); if (d(s) < d(data.steps[best])) best = i; });
  select(best);
});
sheet.addEventListener("click", (event) => {
  const [x, y] = place(event, sheet), step = (data.side + 1) * data.zoom;
  select(Math.floor(y * sheet.naturalHeight / step) * data.across + Math.floor(x * sheet.naturalWidth / step));
});
rows.forEach((row, i) => { row.style.cursor = "pointer"; row.addEventListener("click", () => select(i)); });
root.addEventListener("click", (event) => {
  const hit = event.target.closest && event.target.closest("svg [data-key]");
  if (!hit) return;
  select(data.steps.findIndex((s) => s[4].some((name) => isIn(hit.dataset.key, name))));
});
if (sheet.complete) select(0); else sheet.addEventListener("load", () => select(0));`;

/** Asks the kernel through the port of live.ts, and puts the answers in the display's place or below it. */
const live = `
const begin = () => {
  const ports = globalThis.inferlabLive || {}, ask = Object.hasOwn(ports, data.port) && ports[data.port];
  if (!ask || root.dataset.connected) return;
  root.dataset.connected = 1;
  document.removeEventListener("inferlab-live", begin);
  const make = (tag, parent) => parent.appendChild(document.createElement(tag));
  const area = document.createElement("div");
  area.append(...root.childNodes);
  const bar = make("div", root), note = document.createElement("small");
  root.append(area);
  const below = make("div", root);
  let state = {}, set = {}, busy = false, next;
  const show = (html, into) => {
    if (host) { host.show(html, into); return; }
    into.innerHTML = html;
    for (const old of into.querySelectorAll("script")) {
      const script = document.createElement("script");
      script.textContent = old.textContent;
      old.replaceWith(script);
    }
  };
  const query = async (more) => {
    if (busy) { next = more; return; }
    busy = true;
    const reply = await ask(data.key, { ...state, ...set, ...more });
    busy = false;
    note.textContent = reply.note || "";
    if (reply.html) {
      Object.assign(state, reply.state);
      show(reply.html, reply.below ? below : area);
      if (!reply.below) below.replaceChildren();
    }
    if (next) { const last = next; next = undefined; query(last); }
  };
  for (const control of data.controls || []) {
    const label = make("label", bar);
    label.style.cssText = "margin-right:1em;white-space:nowrap";
    label.append(control.label + " ");
    const input = make("input", label), out = make("output", label);
    input.type = ["range", "checkbox"].includes(control.type) ? control.type : "search";
    const read = () => control.type === "checkbox" ? input.checked : control.type === "range" ? Number(input.value) : input.value;
    const say = () => { if (control.type === "range") out.textContent = Number(input.value) < 0 ? " all" : " " + input.value; };
    if (control.type === "range") { input.min = -1; input.max = control.max; input.value = control.value; input.style.verticalAlign = "middle"; }
    else if (control.type === "checkbox") input.checked = control.value;
    for (const type of ["keydown", "keyup", "keypress"]) input.addEventListener(type, (event) => event.stopPropagation());
    input.addEventListener(control.type === "search" ? "change" : "input", () => {
      say();
      if (control.type === "search") { if (input.value) query({ [control.name]: input.value }); return; }
      set[control.name] = read();
      query({});
    });
    say();
  }
  bar.append(note);
  if (data.clicks) {
    let from;
    area.addEventListener("pointerdown", (event) => { from = [event.clientX, event.clientY]; }, true);
    area.addEventListener("click", (event) => {
      if (from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > 4) return;
      // A drawing that was grabbed gets the click itself: what lies under the pointer is meant.
      const at = document.elementFromPoint(event.clientX, event.clientY);
      const hit = at && at.closest("[data-key]");
      if (!hit || !area.contains(hit)) return;
      const like = [...area.querySelectorAll("[data-key]")].filter((one) => one.dataset.key === hit.dataset.key);
      query({ key: hit.dataset.key, nth: like.indexOf(hit) });
    });
  }
};
begin();
if (!root.dataset.connected) document.addEventListener("inferlab-live", begin, { signal: host?.signal });`;

/** By name. What a feature reads of its data keeps its meaning: notebooks hold the data of features of earlier releases. */
export const features = {
  readout,
  drawing,
  sortable,
  beforeAfter,
  slider,
  timeline,
  explore,
  live,
} as const;

export type Feature = keyof typeof features;
