// Names of the debugger's sources: a cell by its number, a file by its name, where JupyterLab would show a temporary path.
import { IDebugger, IDebuggerDisplayRegistry } from "@jupyterlab/debugger";
import { INotebookTracker } from "@jupyterlab/notebook";

export const debugNames = {
  id: "inferlab:debug-names",
  autoStart: true,
  requires: [IDebuggerDisplayRegistry, IDebugger, INotebookTracker],
  activate(_app, registry, service, notebooks) {
    registry.register({
      canHandle: ({ path }) => path?.endsWith(".ts") ?? false,
      getDisplayName({ path }) {
        const cells = notebooks.currentWidget?.content.widgets ?? [];
        const cell = cells.find(
          ({ model }) => model.type === "code" && service.getCodeId(model.sharedModel.getSource()) === path,
        );
        if (!cell) return path.split("/").pop();
        const { executionState, executionCount } = cell.model;
        return `Cell [${executionState === "running" ? "*" : (executionCount ?? " ")}]`;
      },
    });
  },
};
