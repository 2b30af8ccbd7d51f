/** A maker for every control of ipywidgets 8, one line each. All take the model's attributes; see models.gen.ts. */
import { InferlabError } from "../base/errors.ts";
import type { ModelName, TraitsOf } from "./models.gen.ts";
import { selectionOf, selectionOfSeveral } from "./selection.ts";
import { type Control, makeWidget, type Widget, type WidgetOptions } from "./widget.ts";

const control =
  <K extends ModelName>(model: K) =>
  (options: WidgetOptions<TraitsOf[K]> = {}): Control<K> =>
    makeWidget(model, options);

/** Children may be given as texts, and without a name: `hbox([a, b])`. */
const container =
  <K extends "Box" | "HBox" | "VBox" | "GridBox" | "Tab" | "Accordion" | "Stack">(model: K) =>
  (
    children: readonly (Widget | string)[] = [],
    options: WidgetOptions<Omit<TraitsOf[K], "children">> = {},
  ): Control<K> =>
    makeWidget(model, {
      ...options,
      children: children.map((child) => (typeof child === "string" ? label({ value: child }) : child)),
    } as WidgetOptions<TraitsOf[K]>);

export const intSlider = control("IntSlider");
export const floatSlider = control("FloatSlider");
export const floatLogSlider = control("FloatLogSlider");
export const intRangeSlider = control("IntRangeSlider");
export const floatRangeSlider = control("FloatRangeSlider");
export const intProgress = control("IntProgress");
export const floatProgress = control("FloatProgress");
export const intText = control("IntText");
export const floatText = control("FloatText");
export const boundedIntText = control("BoundedIntText");
export const boundedFloatText = control("BoundedFloatText");
export const checkbox = control("Checkbox");
export const toggleButton = control("ToggleButton");
export const valid = control("Valid");
export const text = control("Text");
export const textarea = control("Textarea");
export const password = control("Password");
export const combobox = control("Combobox");
export const label = control("Label");
export const html = control("HTML");
export const htmlMath = control("HTMLMath");
export const image = control("Image");
export const audio = control("Audio");
export const video = control("Video");
export const button = control("Button");
export const fileUpload = control("FileUpload");
export const colorPicker = control("ColorPicker");
export const datePicker = control("DatePicker");
/** A point in time, shown in the page's time zone. */
export const datetimePicker = control("Datetime");
/** A date and a time of day without a zone: the `Date` has those parts in the kernel's zone. */
export const naiveDatetimePicker = control("NaiveDatetime");
/** A time of day, as `hh:mm:ss`. */
export const timePicker = control("Time");
export const play = control("Play");
export const tagsInput = control("TagsInput");
export const colorsInput = control("ColorsInput");
export const intsInput = control("IntsInput");
export const floatsInput = control("FloatsInput");
/** A game controller; its axes and buttons appear when one is moved. */
export const controller = control("Controller");
export const layout = control("Layout");

export const dropdown = selectionOf("Dropdown");
export const radioButtons = selectionOf("RadioButtons");
export const select = selectionOf("Select");
export const toggleButtons = selectionOf("ToggleButtons");
export const selectionSlider = selectionOf("SelectionSlider");
export const selectMultiple = selectionOfSeveral("SelectMultiple");
export const selectionRangeSlider = selectionOfSeveral("SelectionRangeSlider");

export const box = container("Box");
export const hbox = container("HBox");
export const vbox = container("VBox");
export const gridBox = container("GridBox");
/** Children behind tabs: `tab([a, b], { titles: ["first", "second"] })`. */
export const tab = container("Tab");
export const accordion = container("Accordion");
/** Shows one child at a time: `stack([a, b], { selectedIndex: 0 })`. */
export const stack = container("Stack");

/** A slider of whole numbers where min, max, step and value are whole, else of fractions. */
export function slider(
  options: WidgetOptions<TraitsOf["FloatSlider"]> = {},
): Control<"IntSlider"> | Control<"FloatSlider"> {
  const { min, max, step, value } = options;
  const isWhole = [min, max, step, value].every((number) => typeof number !== "number" || Number.isInteger(number));
  return isWhole
    ? intSlider(options as WidgetOptions<TraitsOf["IntSlider"]>)
    : floatSlider({ ...(step === undefined && { step: ((max ?? 100) - (min ?? 0)) / 100 }), ...options });
}

type End = readonly [widget: Widget, attribute: string];

function linkOf(model: "Link" | "DirectionalLink", source: End, target: End): Widget {
  for (const [widget, attribute] of [source, target])
    if (!(attribute in widget))
      throw new InferlabError(
        "ARGUMENT",
        `a link names the attribute "${attribute}", which ${widget.spec.name} has not`,
      );
  const link = makeWidget(model, { source, target });
  link.open();
  return link;
}

/** Keeps two attributes equal in the page, also without the kernel. `close()` undoes it. */
export const jslink = (source: End, target: End): Widget => linkOf("Link", source, target);

/** The same one way: from `source` to `target`. */
export const jsdlink = (source: End, target: End): Widget => linkOf("DirectionalLink", source, target);
