/** `interact`: controls for a function's parameters, and its result beneath them, made anew when a control moves. */
import { displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { kernelHook } from "../base/kernel-hook.ts";
import { button, checkbox, dropdown, floatSlider, intSlider, text, vbox } from "./controls.ts";
import { type OutputWidget, output } from "./output.ts";
import { type Control, Widget } from "./widget.ts";

/**
 * What a control is made from: true or false a checkbox, text a text field, a number a slider around it, `[min, max]` or
 * `[min, max, step]` a slider, an array of texts or an object a list to choose from; a widget is taken as it is.
 */
export type Parameter =
  | boolean
  | string
  | number
  | readonly [min: number, max: number, step?: number]
  | readonly string[]
  | Readonly<Record<string, unknown>>
  | Widget;

type ValueOf<P> = P extends { readonly value: infer V; readonly spec: unknown }
  ? V
  : P extends boolean
    ? boolean
    : P extends string
      ? string
      : P extends number | readonly number[]
        ? number
        : P extends readonly (infer V)[]
          ? V
          : P extends Readonly<Record<string, infer V>>
            ? V
            : unknown;

export type ValuesOf<P> = { [K in keyof P]: ValueOf<P[K]> };

export interface InteractOptions {
  /** A button runs the function, in place of every movement. */
  readonly manual?: boolean;
}

export interface Interaction<P> {
  /** Everything, as it is shown. */
  readonly view: Control<"VBox">;
  readonly controls: { readonly [K in keyof P]: Widget };
  readonly output: OutputWidget;
  /** Runs the function with the values as they are; resolves when its result is shown. */
  update(): Promise<void>;
  close(): void;
}

const isWhole = Number.isInteger;

/** How long the display waits for the first result, so that a saved notebook has it. */
const firstResultMs = 1500;

/** The control for one parameter. Errors: ARGUMENT where none fits. */
export function controlFor(name: string, parameter: unknown): Widget {
  const description = name;
  if (parameter instanceof Widget) {
    if ("description" in parameter && !parameter.description) parameter.set({ description } as never);
    return parameter;
  }
  if (typeof parameter === "boolean") return checkbox({ description, value: parameter });
  if (typeof parameter === "string") return text({ description, value: parameter });
  if (typeof parameter === "number" && Number.isFinite(parameter)) {
    const reach = parameter === 0 ? 1 : Math.abs(parameter);
    const [min, max] = parameter > 0 ? [-reach, 3 * reach] : parameter < 0 ? [-3 * reach, reach] : [0, 1];
    return isWhole(parameter) && parameter !== 0
      ? intSlider({ description, min, max, value: parameter })
      : floatSlider({ description, min, max, value: parameter, step: (max - min) / 100 });
  }
  if (Array.isArray(parameter) && parameter.length && parameter.every((item) => typeof item === "number")) {
    const [min, max, step] = parameter as [number, number, number?];
    if ((parameter.length === 2 || parameter.length === 3) && min < max) {
      const value = min + (max - min) / 2;
      return [min, max, step ?? 1].every(isWhole)
        ? intSlider({ description, min, max, step: step ?? 1, value: Math.round(value) })
        : floatSlider({ description, min, max, step: step ?? (max - min) / 100, value });
    }
  } else if (Array.isArray(parameter) && parameter.length) return dropdown({ description, options: parameter });
  else if (typeof parameter === "object" && parameter && Object.keys(parameter).length)
    return dropdown({ description, options: parameter as Record<string, unknown> });
  throw new InferlabError(
    "ARGUMENT",
    `interact: parameter "${name}" is ${JSON.stringify(parameter)}, which makes no control`,
    {
      hint: "true, text, a number, [min, max], [min, max, step], a list of texts, an object of choices, or a widget",
    },
  );
}

/**
 * Shows controls and the result of `fn`, which runs again when a control moves. While it runs, further movements wait and
 * only the last of them counts; the signal given to `fn` is aborted when one waits. Returns what shows itself.
 *
 * Errors: ARGUMENT for a parameter that makes no control. Errors of `fn` are shown in the output.
 *
 * @example
 * interact(({ k, smooth }) => plot([k, k * 2], { smooth }), { k: [0, 10], smooth: true });
 */
export function interact<const P extends Readonly<Record<string, Parameter>>>(
  fn: (values: ValuesOf<P>, context: { readonly signal: AbortSignal }) => unknown,
  parameters: P,
  options: InteractOptions = {},
): Interaction<P> & Control<"VBox"> {
  const controls = Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, controlFor(name, parameter)]),
  ) as Record<keyof P, Widget>;
  const made = Object.entries(controls).filter(([name, widget]) => widget !== parameters[name]);
  const out = output();
  const cell = kernelHook()?.cell();
  let abort = new AbortController();
  let running: Promise<void> | undefined;
  let isWanted = false;

  const runOnce = async (): Promise<void> => {
    abort = new AbortController();
    const values = Object.fromEntries(
      Object.entries(controls).map(([name, widget]) => [name, (widget as unknown as { value: unknown }).value]),
    );
    out.clear(true);
    try {
      const action = () => fn(values as ValuesOf<P>, { signal: abort.signal });
      const value = await (kernelHook()?.capture(out.sink, action) ?? action());
      if (value === undefined) out.settle();
      else await out.append(value);
    } catch (error) {
      if (!abort.signal.aborted) out.appendError(error);
    }
  };
  const update = (): Promise<void> => {
    isWanted = true;
    if (running) abort.abort();
    running ??= (async () => {
      while (isWanted) {
        isWanted = false;
        await runOnce();
      }
      running = undefined;
    })();
    return running;
  };
  const go = button({ description: "Run", buttonStyle: "primary" });
  go.on("click", update);
  if (!options.manual) for (const widget of Object.values<Widget>(controls)) widget.on("value" as never, update);
  const view = vbox([...Object.values<Widget>(controls), ...(options.manual ? [go] : []), out]);
  view.on("close", () => {
    for (const [, widget] of made) widget.close();
    for (const widget of [go, out]) widget.close();
  });
  if (!options.manual) {
    if (cell) void cell.call("Uncaught in interact:", update);
    else void update();
  }
  Object.defineProperty(view, displaySymbol, {
    configurable: true,
    value: async () => {
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, firstResultMs).unref())]);
      return Widget.prototype[displaySymbol].call(view);
    },
  });
  return Object.assign(view, { view, controls, output: out, update }) as Interaction<P> & Control<"VBox">;
}
