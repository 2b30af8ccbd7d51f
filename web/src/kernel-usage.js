// The status bar's item of the notebook in front: memory and processor its kernel uses, and the engine it runs models on.
import { INotebookTracker } from "@jupyterlab/notebook";
import { KernelMessage } from "@jupyterlab/services";
import { IStatusBar } from "@jupyterlab/statusbar";
import { Widget } from "@lumino/widgets";

const pollMs = 5000;

const megabytes = (bytes) => (bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/** Asks a kernel; undefined where it is not ours, not there or does not answer before the next question. */
async function usageOf(kernel) {
  if (!kernel || kernel.connectionStatus !== "connected") return undefined;
  if ((await kernel.info).implementation !== "inferlab") return undefined;
  const message = KernelMessage.createMessage({
    msgType: "usage_request",
    channel: "control",
    session: kernel.clientId,
    username: kernel.username,
    content: {},
  });
  const future = kernel.sendControlMessage(message, true);
  const late = new Promise((resolve) => setTimeout(resolve, pollMs));
  try {
    return (await Promise.race([future.done, late]))?.content;
  } catch {
    return undefined; // the kernel ended meanwhile: the next question goes to its successor
  } finally {
    future.dispose();
  }
}

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
      const usage = await usageOf(kernel);
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
