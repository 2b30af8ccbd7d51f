// The status bar's item of the notebook in front: memory and processor its kernel uses, and the engine it runs models on.
import { INotebookTracker } from "@jupyterlab/notebook";
import { IStatusBar } from "@jupyterlab/statusbar";
import { Widget } from "@lumino/widgets";
import { askKernel } from "./ask-kernel.js";

const pollMs = 5000;

const megabytes = (bytes) => (bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

export const kernelUsage = {
  id: "inferlab:kernel-usage",
  autoStart: true,
  requires: [IStatusBar, INotebookTracker],
  activate(_app, statusBar, notebooks) {
    const item = new Widget();
    item.addClass("jp-StatusBar-TextItem");
    item.addClass("inferlab-KernelUsage");
    item.node.title = "What the kernel's processes use together, and the engine its newest model was compiled for";
    let isAsking = false;
    const update = async () => {
      if (isAsking || document.hidden) return;
      isAsking = true;
      const kernel = notebooks.currentWidget?.sessionContext.session?.kernel;
      const usage = await askKernel(kernel, "usage_request", {}, pollMs);
      isAsking = false;
      item.node.textContent = usage
        ? [megabytes(usage.kernel_memory), `${Math.round(usage.kernel_cpu)} % CPU`, usage.engine]
            .filter(Boolean)
            .join(" · ")
        : "";
    };
    setInterval(update, pollMs);
    notebooks.currentChanged.connect(update);
    statusBar.registerStatusItem("inferlab:kernel-usage", { item, align: "left", rank: 10 });
  },
};
