/** The widgets' side of what pages ask for by themselves: every state after a reload, and widgets that a page makes. */
import { type KernelComm, kernelHook } from "../base/kernel-hook.ts";
import { type ModelName, models } from "./models.gen.ts";
import { packBuffers, unpackBuffers } from "./traits.ts";
import { onFirstOpening, openWidgets, Widget, widgetTarget } from "./widget.ts";

/** Source: ipywidgets 8, schema/messages.md, "The jupyter.widget.control comm target", version 1.0. */
const controlTarget = "jupyter.widget.control";

function sendStates(comm: KernelComm): void {
  const states: Record<string, object> = {};
  const paths: (string | number)[][] = [];
  const buffers: (ArrayBufferView | ArrayBuffer)[] = [];
  for (const [id, widget] of openWidgets) {
    const packed = packBuffers(widget.wireState());
    const [module, version, name] = widget.spec.model;
    states[id] = { model_name: name, model_module: module, model_module_version: version, state: packed.state };
    for (const path of packed.paths) paths.push([id, ...path]);
    buffers.push(...packed.buffers);
  }
  comm.send({ method: "update_states", states, buffer_paths: paths }, { buffers });
}

/** A widget that a page made (a game controller's parts): held here, so that every page and listener has it. */
function pageMade(comm: KernelComm, data: unknown, buffers: readonly Uint8Array[]): void {
  const { state, buffer_paths: paths } = (data ?? {}) as { state?: Record<string, unknown>; buffer_paths?: unknown };
  const name = String(state?.["_model_name"] ?? "").replace(/Model$/, "");
  const spec = Object.hasOwn(models, name) ? models[name as ModelName] : undefined;
  if (!state || !spec) {
    comm.close();
    return;
  }
  const whole = unpackBuffers(state, paths, buffers);
  const plain = Object.entries(spec.traits).filter(([key, trait]) => key in whole && trait.type !== "reference");
  new Widget(spec, Object.fromEntries(plain.map(([key]) => [key, whole[key]]))).attach(comm);
}

let isListening = false;

/** Answers pages from now on; once. */
function listen(): void {
  const hook = kernelHook();
  if (isListening || !hook) return;
  isListening = true;
  hook.acceptComms(controlTarget, (comm) =>
    comm.onMessage((data) => {
      if ((data as { method?: unknown } | null)?.method === "request_states") sendStates(comm);
    }),
  );
  hook.acceptComms(widgetTarget, pageMade);
}

onFirstOpening(listen);
