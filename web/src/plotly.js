// Plotly charts, loaded when the first one is shown.
import { Widget } from "@lumino/widgets";

const mimeType = "application/vnd.plotly.v1+json";
const load = async () => (await import("plotly.js-dist-min")).default;

class PlotlyView extends Widget {
  async renderModel(model) {
    const { data, layout, config } = model.data[mimeType];
    const plotly = await load();
    await plotly.react(this.node, data ?? [], { autosize: true, ...layout }, { displayModeBar: false, ...config });
  }

  onResize() {
    if (this.node.data) void load().then((plotly) => plotly.Plots.resize(this.node));
  }
}

export const plotly = {
  id: "inferlab:plotly",
  rendererFactory: { safe: true, mimeTypes: [mimeType], createRenderer: () => new PlotlyView() },
  rank: 0,
  dataType: "json",
};
