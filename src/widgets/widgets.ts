/** The namespace `widgets`: every maker there is. */
export { anywidget } from "./anywidget.ts";
export * from "./controls.ts";
export { interact } from "./interact.ts";
export { output } from "./output.ts";
export { progress } from "./progress.ts";
