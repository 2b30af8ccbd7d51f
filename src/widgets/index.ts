/**
 * Widgets: the controls of ipywidgets 8, front ends of one's own, and progress bars. The names a cell uses most are exported
 * as they are; `widgets` has every control.
 */
import "./manager.ts";

export { type Anywidget, type AnywidgetOptions, anywidget } from "./anywidget.ts";
export {
  accordion,
  button,
  checkbox,
  dropdown,
  floatSlider,
  hbox,
  intSlider,
  slider,
  tab,
  text,
  vbox,
} from "./controls.ts";
export { type Interaction, type InteractOptions, interact, type Parameter } from "./interact.ts";
export { type OutputWidget, output } from "./output.ts";
export { ProgressBar, type ProgressOptions, progress } from "./progress.ts";
export { type Change, type Control, Widget, type WidgetOptions } from "./widget.ts";
export * as widgets from "./widgets.ts";
