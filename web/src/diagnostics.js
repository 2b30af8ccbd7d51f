// TypeScript's errors under the text of a cell while it is written: the kernel's language server is asked when typing pauses.
import { linter } from "@codemirror/lint";
import { EditorExtensionRegistry, IEditorExtensionRegistry } from "@jupyterlab/codemirror";
import { INotebookTracker } from "@jupyterlab/notebook";
import { askKernel } from "./ask-kernel.js";

/** Milliseconds without a key after which the kernel is asked. */
const delay = 400;
/** Milliseconds it gets: the first answer waits for the language server to start. */
const timeoutMs = 15_000;

export const diagnostics = {
  id: "inferlab:diagnostics",
  autoStart: true,
  requires: [IEditorExtensionRegistry, INotebookTracker],
  activate(_app, registry, notebooks) {
    const panelOf = (model) => notebooks.find((panel) => panel.content.widgets.some((cell) => cell.model === model));

    async function errorsOf(model, doc) {
      const panel = panelOf(model);
      const kernel = panel?.sessionContext.session?.kernel;
      const cells = panel?.content.widgets.map((cell) => cell.model) ?? [];
      const others = cells.filter((cell) => cell.type === "code" && cell !== model);
      const content = { code: doc.toString(), others: others.map((cell) => cell.sharedModel.getSource()) };
      const answer = await askKernel(kernel, "diagnostics_request", content, timeoutMs);
      const offset = ({ line, character }) => {
        const at = doc.line(Math.min(line + 1, doc.lines));
        return Math.min(at.from + character, at.to);
      };
      return (answer?.diagnostics ?? []).map(({ code, message, start, end }) => ({
        from: offset(start),
        to: offset(end),
        severity: "error",
        source: `TS${code}`,
        message,
      }));
    }

    registry.addExtension({
      name: "inferlab-diagnostics",
      factory: ({ model }) => {
        if (model.type !== "code") return null;
        let opened;
        const source = (view) => {
          const { doc } = view.state;
          opened ??= doc; // a cell as it was opened is left alone
          return doc.eq(opened) ? [] : errorsOf(model, doc);
        };
        return EditorExtensionRegistry.createImmutableExtension(linter(source, { delay }));
      },
    });
  },
};
