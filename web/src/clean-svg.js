// A drawing made anew of the shapes that ours have (src/display/scene.ts): what is not known is left out, with all that is in it.
import { cardColors } from "../../src/display/colors.ts";

const namespace = "http://www.w3.org/2000/svg";
const tags = new Set(["svg", "rect", "path", "circle", "text", "title"]);
const colors = new Set(["fill", "stroke"]);
const attributes = new Set([
  ...["viewBox", "width", "height", "x", "y", "rx", "cx", "cy", "r", "d", "opacity", "data-key", "font-family"],
  ...["font-size", "font-weight", "text-anchor", "stroke-width", "stroke-dasharray", "stroke-linejoin", "paint-order"],
]);

/** Colours that follow the theme: displays.css has other values for these names. */
const themed = new Map(Object.entries(cardColors).map(([name, color]) => [color, `var(--inferlab-${name}, ${color})`]));

function copy(from) {
  const to = document.createElementNS(namespace, from.localName);
  for (const { name, value } of from.attributes) {
    if (attributes.has(name)) to.setAttribute(name, value);
    else if (colors.has(name) && themed.has(value)) to.style[name] = themed.get(value);
    else if (colors.has(name) && /^(none|currentColor|#[0-9a-f]{3,8})$/i.test(value)) to.setAttribute(name, value);
  }
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) to.append(child.data);
    else if (child.namespaceURI === namespace && tags.has(child.localName)) to.append(copy(child));
  }
  return to;
}

/** The drawing's element; undefined where the text is none. */
export function cleanSvg(text) {
  const { documentElement: root } = new DOMParser().parseFromString(text, "image/svg+xml");
  return root.namespaceURI === namespace && root.localName === "svg" ? copy(root) : undefined;
}
