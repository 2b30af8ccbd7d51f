// Our displays without their scripts: the HTML of a bundle that carries our mark, with what the script beside it would do done by
// the Lab's own copy of the features. So a notebook that nobody trusts is as alive as another, and the notebook runs nothing.

import { features } from "inferlab:features"; // src/display/features.ts, as functions: build.mjs
import { RenderedHTMLCommon, renderHTML } from "@jupyterlab/rendermime";
import { cleanSvg } from "./clean-svg.js";
import "./displays.css";

const mimeType = "application/vnd.inferlab.display.v1+json";

/** The page of a display without scripts, and what its scripts use in which frame: the last line but one of each says it (enhance.ts). */
function takeApart(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const used = [];
  for (const script of body.querySelectorAll("script")) {
    try {
      const { id, uses } = JSON.parse(script.textContent.split("\n").at(-2));
      used.push(...Object.entries(uses).map(([name, data]) => ({ id, name, data })));
    } catch {
      // not a script of ours: left out like all others
    }
    script.remove();
  }
  return { page: body.innerHTML, used };
}

/** Takes away what JupyterLab's sanitizer leaves and no page of ours has: looks of the Lab's own dialogs, and things to fill in. */
function confine(node) {
  for (const element of node.querySelectorAll("form, input, button, select, textarea")) element.remove();
  for (const element of node.querySelectorAll("[class]")) element.removeAttribute("class");
}

/** The frame with this id, which the sanitizer renames: a page may hold other displays, each with a script of its own. */
function frameOf(host, id) {
  const value = CSS.escape(id);
  return host.querySelector(`[id="${value}"], [data-jupyter-id="${value}"]`) ?? host.firstElementChild ?? host;
}

class DisplayView extends RenderedHTMLCommon {
  #gone = new AbortController();

  constructor(options) {
    super(options);
    this.addClass("jp-RenderedHTML");
    this.addClass("inferlab-Display");
  }

  render({ data, trusted }) {
    this.#gone.abort();
    this.#gone = new AbortController();
    return this.#show(String(data["text/html"] ?? ""), this.node, trusted);
  }

  dispose() {
    this.#gone.abort();
    super.dispose();
  }

  #show(html, host, trusted) {
    const { page, used } = takeApart(html);
    const { resolver, sanitizer, linkHandler, translator } = this;
    // The page is there when this returns; its links are seen to later.
    const rendered = renderHTML({ host, source: page, trusted, resolver, sanitizer, linkHandler, translator });
    if (!trusted) confine(host);
    const show = (answer, into) => void this.#show(answer, into, trusted);
    for (const { id, name, data } of used) {
      if (!Object.hasOwn(features, name)) continue; // of a later release
      try {
        features[name](frameOf(host, id), data, { svg: cleanSvg, show, signal: this.#gone.signal });
      } catch (error) {
        console.warn(`${name} of a display: ${error}`); // the page stays as it is without scripts
      }
    }
    return rendered;
  }
}

export const displays = {
  id: "inferlab:displays",
  rendererFactory: { safe: true, mimeTypes: [mimeType], createRenderer: (options) => new DisplayView(options) },
  // Before HTML, which is 50.
  rank: 40,
  dataType: "json",
};
