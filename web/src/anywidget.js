// anywidget's front end, from its npm package instead of a Python wheel. It is an AMD module: its `define` is caught.

import * as base from "@jupyter-widgets/base";
import { IJupyterWidgetRegistry } from "@jupyter-widgets/base";

export const anywidget = {
  id: "inferlab:anywidget",
  requires: [IJupyterWidgetRegistry],
  autoStart: true,
  async activate(_app, registry) {
    const previous = globalThis.define;
    let factory;
    globalThis.define = (_dependencies, made) => {
      factory = made;
    };
    try {
      await import("anywidget");
    } finally {
      globalThis.define = previous;
    }
    registry.registerWidget({ name: "anywidget", version: "0.11.0", exports: factory(base) });
  },
};
