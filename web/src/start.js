// Starts JupyterLab with the plugins of the bundle and our own.
import { JupyterLab } from "@jupyterlab/application";
import { PageConfig } from "@jupyterlab/coreutils";
import { IServiceManager } from "@jupyterlab/services";
import { PluginRegistry } from "@lumino/coreutils";
import { anywidget } from "./anywidget.js";
import { debugNames } from "./debug-names.js";
import { diagnostics } from "./diagnostics.js";
import { displays } from "./displays.js";
import { kernelUsage } from "./kernel-usage.js";
import { plotly } from "./plotly.js";

const flat = (modules) => modules.flatMap((module) => module.default ?? module);

export async function start(plugins, mimeExtensions) {
  try {
    const registry = new PluginRegistry();
    const enabled = flat(plugins).filter((plugin) => !PageConfig.Extension.isDisabled(plugin.id));
    registry.registerPlugins([...enabled, anywidget, debugNames, diagnostics, kernelUsage]);
    const serviceManager = await registry.resolveRequiredService(IServiceManager);
    const lab = new JupyterLab({
      pluginRegistry: registry,
      serviceManager,
      mimeExtensions: [...flat(mimeExtensions), plotly, displays],
    });
    globalThis.jupyterapp = lab;
    await lab.start({ bubblingKeydown: true });
  } catch (error) {
    console.error(error);
    document.body.textContent = `The Lab did not start: ${error}`;
  }
}
