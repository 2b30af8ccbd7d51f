// Made by `npm run gen` from @jupyter-widgets/schema (BSD-3-Clause, Project Jupyter).
import type { ModelSpec } from "./traits.ts";
import type { Control, Widget } from "./widget.ts";

export const models = {
  Layout: {
    name: "Layout",
    model: ["@jupyter-widgets/base","2.0.0","LayoutModel"],
    view: ["@jupyter-widgets/base","2.0.0","LayoutView"],
    traits: {
      align_content: { type: "string", initial: null, choices: ["flex-start","flex-end","center","space-between","space-around","space-evenly","stretch","inherit","initial","unset"], optional: true },
      align_items: { type: "string", initial: null, choices: ["flex-start","flex-end","center","baseline","stretch","inherit","initial","unset"], optional: true },
      align_self: { type: "string", initial: null, choices: ["auto","flex-start","flex-end","center","baseline","stretch","inherit","initial","unset"], optional: true },
      border_bottom: { type: "string", initial: null, optional: true },
      border_left: { type: "string", initial: null, optional: true },
      border_right: { type: "string", initial: null, optional: true },
      border_top: { type: "string", initial: null, optional: true },
      bottom: { type: "string", initial: null, optional: true },
      display: { type: "string", initial: null, optional: true },
      flex: { type: "string", initial: null, optional: true },
      flex_flow: { type: "string", initial: null, optional: true },
      grid_area: { type: "string", initial: null, optional: true },
      grid_auto_columns: { type: "string", initial: null, optional: true },
      grid_auto_flow: { type: "string", initial: null, choices: ["column","row","row dense","column dense","inherit","initial","unset"], optional: true },
      grid_auto_rows: { type: "string", initial: null, optional: true },
      grid_column: { type: "string", initial: null, optional: true },
      grid_gap: { type: "string", initial: null, optional: true },
      grid_row: { type: "string", initial: null, optional: true },
      grid_template_areas: { type: "string", initial: null, optional: true },
      grid_template_columns: { type: "string", initial: null, optional: true },
      grid_template_rows: { type: "string", initial: null, optional: true },
      height: { type: "string", initial: null, optional: true },
      justify_content: { type: "string", initial: null, choices: ["flex-start","flex-end","center","space-between","space-around","inherit","initial","unset"], optional: true },
      justify_items: { type: "string", initial: null, choices: ["flex-start","flex-end","center","inherit","initial","unset"], optional: true },
      left: { type: "string", initial: null, optional: true },
      margin: { type: "string", initial: null, optional: true },
      max_height: { type: "string", initial: null, optional: true },
      max_width: { type: "string", initial: null, optional: true },
      min_height: { type: "string", initial: null, optional: true },
      min_width: { type: "string", initial: null, optional: true },
      object_fit: { type: "string", initial: null, choices: ["contain","cover","fill","scale-down","none"], optional: true },
      object_position: { type: "string", initial: null, optional: true },
      order: { type: "string", initial: null, optional: true },
      overflow: { type: "string", initial: null, optional: true },
      padding: { type: "string", initial: null, optional: true },
      right: { type: "string", initial: null, optional: true },
      top: { type: "string", initial: null, optional: true },
      visibility: { type: "string", initial: null, choices: ["visible","hidden","inherit","initial","unset"], optional: true },
      width: { type: "string", initial: null, optional: true },
    },
  },
  Accordion: {
    name: "Accordion",
    model: ["@jupyter-widgets/controls","2.0.0","AccordionModel"],
    view: ["@jupyter-widgets/controls","2.0.0","AccordionView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      box_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""] },
      children: { type: "array", initial: [], items: "reference" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      selected_index: { type: "int", initial: null, optional: true },
      tabbable: { type: "bool", initial: null, optional: true },
      titles: { type: "array", initial: [], items: "string" },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  Audio: {
    name: "Audio",
    model: ["@jupyter-widgets/controls","2.0.0","AudioModel"],
    view: ["@jupyter-widgets/controls","2.0.0","AudioView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      autoplay: { type: "bool", initial: true },
      controls: { type: "bool", initial: true },
      format: { type: "string", initial: "mp3" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      loop: { type: "bool", initial: true },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "bytes", initial: null },
    },
  },
  BoundedFloatText: {
    name: "BoundedFloatText",
    model: ["@jupyter-widgets/controls","2.0.0","BoundedFloatTextModel"],
    view: ["@jupyter-widgets/controls","2.0.0","FloatTextView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      continuous_update: { type: "bool", initial: false },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "float", initial: 100 },
      min: { type: "float", initial: 0 },
      step: { type: "float", initial: null, optional: true },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "float", initial: 0 },
    },
  },
  BoundedIntText: {
    name: "BoundedIntText",
    model: ["@jupyter-widgets/controls","2.0.0","BoundedIntTextModel"],
    view: ["@jupyter-widgets/controls","2.0.0","IntTextView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      continuous_update: { type: "bool", initial: false },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "int", initial: 100 },
      min: { type: "int", initial: 0 },
      step: { type: "int", initial: 1 },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "int", initial: 0 },
    },
  },
  Box: {
    name: "Box",
    model: ["@jupyter-widgets/controls","2.0.0","BoxModel"],
    view: ["@jupyter-widgets/controls","2.0.0","BoxView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      box_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""] },
      children: { type: "array", initial: [], items: "reference" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  Button: {
    name: "Button",
    model: ["@jupyter-widgets/controls","2.0.0","ButtonModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ButtonView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      button_style: { type: "string", initial: "", choices: ["primary","success","info","warning","danger",""] },
      description: { type: "string", initial: "" },
      disabled: { type: "bool", initial: false },
      icon: { type: "string", initial: "" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      style: { type: "reference", initial: null, widget: "ButtonStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  ButtonStyle: {
    name: "ButtonStyle",
    model: ["@jupyter-widgets/controls","2.0.0","ButtonStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      button_color: { type: "string", initial: null, optional: true },
      font_family: { type: "string", initial: null, optional: true },
      font_size: { type: "string", initial: null, optional: true },
      font_style: { type: "string", initial: null, optional: true },
      font_variant: { type: "string", initial: null, optional: true },
      font_weight: { type: "string", initial: null, optional: true },
      text_color: { type: "string", initial: null, optional: true },
      text_decoration: { type: "string", initial: null, optional: true },
    },
  },
  Checkbox: {
    name: "Checkbox",
    model: ["@jupyter-widgets/controls","2.0.0","CheckboxModel"],
    view: ["@jupyter-widgets/controls","2.0.0","CheckboxView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      indent: { type: "bool", initial: true },
      layout: { type: "reference", initial: null, widget: "Layout" },
      style: { type: "reference", initial: null, widget: "CheckboxStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "bool", initial: false },
    },
  },
  CheckboxStyle: {
    name: "CheckboxStyle",
    model: ["@jupyter-widgets/controls","2.0.0","CheckboxStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      background: { type: "string", initial: null, optional: true },
      description_width: { type: "string", initial: "" },
    },
  },
  ColorPicker: {
    name: "ColorPicker",
    model: ["@jupyter-widgets/controls","2.0.0","ColorPickerModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ColorPickerView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      concise: { type: "bool", initial: false },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "string", initial: "black" },
    },
  },
  ColorsInput: {
    name: "ColorsInput",
    model: ["@jupyter-widgets/controls","2.0.0","ColorsInputModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ColorsInputView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      allow_duplicates: { type: "bool", initial: true },
      allowed_tags: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "array", initial: [], items: "string" },
    },
  },
  Combobox: {
    name: "Combobox",
    model: ["@jupyter-widgets/controls","2.0.0","ComboboxModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ComboboxView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      ensure_option: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      options: { type: "array", initial: [], items: "string" },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "TextStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "string", initial: "" },
    },
  },
  ControllerAxis: {
    name: "ControllerAxis",
    model: ["@jupyter-widgets/controls","2.0.0","ControllerAxisModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ControllerAxisView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "float", initial: 0 },
    },
  },
  ControllerButton: {
    name: "ControllerButton",
    model: ["@jupyter-widgets/controls","2.0.0","ControllerButtonModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ControllerButtonView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      pressed: { type: "bool", initial: false },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "float", initial: 0 },
    },
  },
  Controller: {
    name: "Controller",
    model: ["@jupyter-widgets/controls","2.0.0","ControllerModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ControllerView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      axes: { type: "array", initial: [], items: "reference" },
      buttons: { type: "array", initial: [], items: "reference" },
      connected: { type: "bool", initial: false },
      index: { type: "int", initial: 0 },
      layout: { type: "reference", initial: null, widget: "Layout" },
      mapping: { type: "string", initial: "" },
      name: { type: "string", initial: "" },
      tabbable: { type: "bool", initial: null, optional: true },
      timestamp: { type: "float", initial: 0 },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  DatePicker: {
    name: "DatePicker",
    model: ["@jupyter-widgets/controls","2.0.0","DatePickerModel"],
    view: ["@jupyter-widgets/controls","2.0.0","DatePickerView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "Date", initial: null, optional: true },
      min: { type: "Date", initial: null, optional: true },
      step: { type: "union", initial: 1 },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "Date", initial: null, optional: true },
    },
  },
  Datetime: {
    name: "Datetime",
    model: ["@jupyter-widgets/controls","2.0.0","DatetimeModel"],
    view: ["@jupyter-widgets/controls","2.0.0","DatetimeView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "Datetime", initial: null, optional: true },
      min: { type: "Datetime", initial: null, optional: true },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "Datetime", initial: null, optional: true },
    },
  },
  DescriptionStyle: {
    name: "DescriptionStyle",
    model: ["@jupyter-widgets/controls","2.0.0","DescriptionStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      description_width: { type: "string", initial: "" },
    },
  },
  DirectionalLink: {
    name: "DirectionalLink",
    model: ["@jupyter-widgets/controls","2.0.0","DirectionalLinkModel"],
    view: ["@jupyter-widgets/controls","2.0.0",null],
    traits: {
      source: { type: "array", initial: [], items: "any" },
      target: { type: "array", initial: [], items: "any" },
    },
  },
  Dropdown: {
    name: "Dropdown",
    model: ["@jupyter-widgets/controls","2.0.0","DropdownModel"],
    view: ["@jupyter-widgets/controls","2.0.0","DropdownView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      _options_labels: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      index: { type: "int", initial: null, optional: true },
      layout: { type: "reference", initial: null, widget: "Layout" },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  FileUpload: {
    name: "FileUpload",
    model: ["@jupyter-widgets/controls","2.0.0","FileUploadModel"],
    view: ["@jupyter-widgets/controls","2.0.0","FileUploadView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      accept: { type: "string", initial: "" },
      button_style: { type: "string", initial: "", choices: ["primary","success","info","warning","danger",""] },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      error: { type: "string", initial: "" },
      icon: { type: "string", initial: "upload" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      multiple: { type: "bool", initial: false },
      style: { type: "reference", initial: null, widget: "ButtonStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "array", initial: [], items: "object" },
    },
  },
  FloatLogSlider: {
    name: "FloatLogSlider",
    model: ["@jupyter-widgets/controls","2.0.0","FloatLogSliderModel"],
    view: ["@jupyter-widgets/controls","2.0.0","FloatLogSliderView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      base: { type: "float", initial: 10 },
      behavior: { type: "string", initial: "drag-tap", choices: ["drag-tap","drag-snap","tap","drag","snap"] },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "float", initial: 4 },
      min: { type: "float", initial: 0 },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      readout: { type: "bool", initial: true },
      readout_format: { type: "string", initial: ".3g" },
      step: { type: "float", initial: 0.1, optional: true },
      style: { type: "reference", initial: null, widget: "SliderStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "float", initial: 1 },
    },
  },
  FloatProgress: {
    name: "FloatProgress",
    model: ["@jupyter-widgets/controls","2.0.0","FloatProgressModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ProgressView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      bar_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""], optional: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "float", initial: 100 },
      min: { type: "float", initial: 0 },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      style: { type: "reference", initial: null, widget: "ProgressStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "float", initial: 0 },
    },
  },
  FloatRangeSlider: {
    name: "FloatRangeSlider",
    model: ["@jupyter-widgets/controls","2.0.0","FloatRangeSliderModel"],
    view: ["@jupyter-widgets/controls","2.0.0","FloatRangeSliderView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      behavior: { type: "string", initial: "drag-tap", choices: ["drag-tap","drag-snap","tap","drag","snap"] },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "float", initial: 100 },
      min: { type: "float", initial: 0 },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      readout: { type: "bool", initial: true },
      readout_format: { type: "string", initial: ".2f" },
      step: { type: "float", initial: 0.1, optional: true },
      style: { type: "reference", initial: null, widget: "SliderStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "array", initial: [0,1], items: "float" },
    },
  },
  FloatSlider: {
    name: "FloatSlider",
    model: ["@jupyter-widgets/controls","2.0.0","FloatSliderModel"],
    view: ["@jupyter-widgets/controls","2.0.0","FloatSliderView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      behavior: { type: "string", initial: "drag-tap", choices: ["drag-tap","drag-snap","tap","drag","snap"] },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "float", initial: 100 },
      min: { type: "float", initial: 0 },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      readout: { type: "bool", initial: true },
      readout_format: { type: "string", initial: ".2f" },
      step: { type: "float", initial: 0.1, optional: true },
      style: { type: "reference", initial: null, widget: "SliderStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "float", initial: 0 },
    },
  },
  FloatText: {
    name: "FloatText",
    model: ["@jupyter-widgets/controls","2.0.0","FloatTextModel"],
    view: ["@jupyter-widgets/controls","2.0.0","FloatTextView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      continuous_update: { type: "bool", initial: false },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      step: { type: "float", initial: null, optional: true },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "float", initial: 0 },
    },
  },
  FloatsInput: {
    name: "FloatsInput",
    model: ["@jupyter-widgets/controls","2.0.0","FloatsInputModel"],
    view: ["@jupyter-widgets/controls","2.0.0","FloatsInputView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      allow_duplicates: { type: "bool", initial: true },
      allowed_tags: { type: "array", initial: [], items: "float" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      format: { type: "string", initial: ".1f" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "float", initial: null, optional: true },
      min: { type: "float", initial: null, optional: true },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tag_style: { type: "string", initial: "", choices: ["primary","success","info","warning","danger",""] },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "array", initial: [], items: "float" },
    },
  },
  GridBox: {
    name: "GridBox",
    model: ["@jupyter-widgets/controls","2.0.0","GridBoxModel"],
    view: ["@jupyter-widgets/controls","2.0.0","GridBoxView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      box_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""] },
      children: { type: "array", initial: [], items: "reference" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  HBox: {
    name: "HBox",
    model: ["@jupyter-widgets/controls","2.0.0","HBoxModel"],
    view: ["@jupyter-widgets/controls","2.0.0","HBoxView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      box_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""] },
      children: { type: "array", initial: [], items: "reference" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  HTMLMath: {
    name: "HTMLMath",
    model: ["@jupyter-widgets/controls","2.0.0","HTMLMathModel"],
    view: ["@jupyter-widgets/controls","2.0.0","HTMLMathView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "HTMLMathStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "string", initial: "" },
    },
  },
  HTMLMathStyle: {
    name: "HTMLMathStyle",
    model: ["@jupyter-widgets/controls","2.0.0","HTMLMathStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      background: { type: "string", initial: null, optional: true },
      description_width: { type: "string", initial: "" },
      font_size: { type: "string", initial: null, optional: true },
      text_color: { type: "string", initial: null, optional: true },
    },
  },
  HTML: {
    name: "HTML",
    model: ["@jupyter-widgets/controls","2.0.0","HTMLModel"],
    view: ["@jupyter-widgets/controls","2.0.0","HTMLView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "HTMLStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "string", initial: "" },
    },
  },
  HTMLStyle: {
    name: "HTMLStyle",
    model: ["@jupyter-widgets/controls","2.0.0","HTMLStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      background: { type: "string", initial: null, optional: true },
      description_width: { type: "string", initial: "" },
      font_size: { type: "string", initial: null, optional: true },
      text_color: { type: "string", initial: null, optional: true },
    },
  },
  Image: {
    name: "Image",
    model: ["@jupyter-widgets/controls","2.0.0","ImageModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ImageView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      format: { type: "string", initial: "png" },
      height: { type: "string", initial: "" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "bytes", initial: null },
      width: { type: "string", initial: "" },
    },
  },
  IntProgress: {
    name: "IntProgress",
    model: ["@jupyter-widgets/controls","2.0.0","IntProgressModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ProgressView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      bar_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""] },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "int", initial: 100 },
      min: { type: "int", initial: 0 },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      style: { type: "reference", initial: null, widget: "ProgressStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "int", initial: 0 },
    },
  },
  IntRangeSlider: {
    name: "IntRangeSlider",
    model: ["@jupyter-widgets/controls","2.0.0","IntRangeSliderModel"],
    view: ["@jupyter-widgets/controls","2.0.0","IntRangeSliderView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      behavior: { type: "string", initial: "drag-tap", choices: ["drag-tap","drag-snap","tap","drag","snap"] },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "int", initial: 100 },
      min: { type: "int", initial: 0 },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      readout: { type: "bool", initial: true },
      readout_format: { type: "string", initial: "d" },
      step: { type: "int", initial: 1 },
      style: { type: "reference", initial: null, widget: "SliderStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "array", initial: [0,1], items: "int" },
    },
  },
  IntSlider: {
    name: "IntSlider",
    model: ["@jupyter-widgets/controls","2.0.0","IntSliderModel"],
    view: ["@jupyter-widgets/controls","2.0.0","IntSliderView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      behavior: { type: "string", initial: "drag-tap", choices: ["drag-tap","drag-snap","tap","drag","snap"] },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "int", initial: 100 },
      min: { type: "int", initial: 0 },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      readout: { type: "bool", initial: true },
      readout_format: { type: "string", initial: "d" },
      step: { type: "int", initial: 1 },
      style: { type: "reference", initial: null, widget: "SliderStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "int", initial: 0 },
    },
  },
  IntText: {
    name: "IntText",
    model: ["@jupyter-widgets/controls","2.0.0","IntTextModel"],
    view: ["@jupyter-widgets/controls","2.0.0","IntTextView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      continuous_update: { type: "bool", initial: false },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      step: { type: "int", initial: 1 },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "int", initial: 0 },
    },
  },
  IntsInput: {
    name: "IntsInput",
    model: ["@jupyter-widgets/controls","2.0.0","IntsInputModel"],
    view: ["@jupyter-widgets/controls","2.0.0","IntsInputView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      allow_duplicates: { type: "bool", initial: true },
      allowed_tags: { type: "array", initial: [], items: "int" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      format: { type: "string", initial: "d" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "int", initial: null, optional: true },
      min: { type: "int", initial: null, optional: true },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tag_style: { type: "string", initial: "", choices: ["primary","success","info","warning","danger",""] },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "array", initial: [], items: "int" },
    },
  },
  Label: {
    name: "Label",
    model: ["@jupyter-widgets/controls","2.0.0","LabelModel"],
    view: ["@jupyter-widgets/controls","2.0.0","LabelView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "LabelStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "string", initial: "" },
    },
  },
  LabelStyle: {
    name: "LabelStyle",
    model: ["@jupyter-widgets/controls","2.0.0","LabelStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      background: { type: "string", initial: null, optional: true },
      description_width: { type: "string", initial: "" },
      font_family: { type: "string", initial: null, optional: true },
      font_size: { type: "string", initial: null, optional: true },
      font_style: { type: "string", initial: null, optional: true },
      font_variant: { type: "string", initial: null, optional: true },
      font_weight: { type: "string", initial: null, optional: true },
      text_color: { type: "string", initial: null, optional: true },
      text_decoration: { type: "string", initial: null, optional: true },
    },
  },
  Link: {
    name: "Link",
    model: ["@jupyter-widgets/controls","2.0.0","LinkModel"],
    view: ["@jupyter-widgets/controls","2.0.0",null],
    traits: {
      source: { type: "array", initial: [], items: "any" },
      target: { type: "array", initial: [], items: "any" },
    },
  },
  NaiveDatetime: {
    name: "NaiveDatetime",
    model: ["@jupyter-widgets/controls","2.0.0","NaiveDatetimeModel"],
    view: ["@jupyter-widgets/controls","2.0.0","DatetimeView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "Datetime", initial: null, optional: true },
      min: { type: "Datetime", initial: null, optional: true },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "Datetime", initial: null, optional: true },
    },
  },
  Password: {
    name: "Password",
    model: ["@jupyter-widgets/controls","2.0.0","PasswordModel"],
    view: ["@jupyter-widgets/controls","2.0.0","PasswordView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "TextStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "string", initial: "" },
    },
  },
  Play: {
    name: "Play",
    model: ["@jupyter-widgets/controls","2.0.0","PlayModel"],
    view: ["@jupyter-widgets/controls","2.0.0","PlayView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      interval: { type: "int", initial: 100 },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "int", initial: 100 },
      min: { type: "int", initial: 0 },
      playing: { type: "bool", initial: false },
      repeat: { type: "bool", initial: false },
      show_repeat: { type: "bool", initial: true },
      step: { type: "int", initial: 1 },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "int", initial: 0 },
    },
  },
  ProgressStyle: {
    name: "ProgressStyle",
    model: ["@jupyter-widgets/controls","2.0.0","ProgressStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      bar_color: { type: "string", initial: null, optional: true },
      description_width: { type: "string", initial: "" },
    },
  },
  RadioButtons: {
    name: "RadioButtons",
    model: ["@jupyter-widgets/controls","2.0.0","RadioButtonsModel"],
    view: ["@jupyter-widgets/controls","2.0.0","RadioButtonsView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      _options_labels: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      index: { type: "int", initial: null, optional: true },
      layout: { type: "reference", initial: null, widget: "Layout" },
      orientation: { type: "string", initial: "vertical", choices: ["horizontal","vertical"] },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  Select: {
    name: "Select",
    model: ["@jupyter-widgets/controls","2.0.0","SelectModel"],
    view: ["@jupyter-widgets/controls","2.0.0","SelectView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      _options_labels: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      index: { type: "int", initial: null, optional: true },
      layout: { type: "reference", initial: null, widget: "Layout" },
      rows: { type: "int", initial: 5 },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  SelectMultiple: {
    name: "SelectMultiple",
    model: ["@jupyter-widgets/controls","2.0.0","SelectMultipleModel"],
    view: ["@jupyter-widgets/controls","2.0.0","SelectMultipleView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      _options_labels: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      index: { type: "array", initial: [], items: "int" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      rows: { type: "int", initial: 5 },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  SelectionRangeSlider: {
    name: "SelectionRangeSlider",
    model: ["@jupyter-widgets/controls","2.0.0","SelectionRangeSliderModel"],
    view: ["@jupyter-widgets/controls","2.0.0","SelectionRangeSliderView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      _options_labels: { type: "array", initial: [], items: "string" },
      behavior: { type: "string", initial: "drag-tap", choices: ["drag-tap","drag-snap","tap","drag","snap"] },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      index: { type: "array", initial: [0,0], items: "int" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      readout: { type: "bool", initial: true },
      style: { type: "reference", initial: null, widget: "SliderStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  SelectionSlider: {
    name: "SelectionSlider",
    model: ["@jupyter-widgets/controls","2.0.0","SelectionSliderModel"],
    view: ["@jupyter-widgets/controls","2.0.0","SelectionSliderView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      _options_labels: { type: "array", initial: [], items: "string" },
      behavior: { type: "string", initial: "drag-tap", choices: ["drag-tap","drag-snap","tap","drag","snap"] },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      index: { type: "int", initial: 0 },
      layout: { type: "reference", initial: null, widget: "Layout" },
      orientation: { type: "string", initial: "horizontal", choices: ["horizontal","vertical"] },
      readout: { type: "bool", initial: true },
      style: { type: "reference", initial: null, widget: "SliderStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  SliderStyle: {
    name: "SliderStyle",
    model: ["@jupyter-widgets/controls","2.0.0","SliderStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      description_width: { type: "string", initial: "" },
      handle_color: { type: "string", initial: null, optional: true },
    },
  },
  Stack: {
    name: "Stack",
    model: ["@jupyter-widgets/controls","2.0.0","StackModel"],
    view: ["@jupyter-widgets/controls","2.0.0","StackView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      box_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""] },
      children: { type: "array", initial: [], items: "reference" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      selected_index: { type: "int", initial: null, optional: true },
      tabbable: { type: "bool", initial: null, optional: true },
      titles: { type: "array", initial: [], items: "string" },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  Tab: {
    name: "Tab",
    model: ["@jupyter-widgets/controls","2.0.0","TabModel"],
    view: ["@jupyter-widgets/controls","2.0.0","TabView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      box_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""] },
      children: { type: "array", initial: [], items: "reference" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      selected_index: { type: "int", initial: null, optional: true },
      tabbable: { type: "bool", initial: null, optional: true },
      titles: { type: "array", initial: [], items: "string" },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  TagsInput: {
    name: "TagsInput",
    model: ["@jupyter-widgets/controls","2.0.0","TagsInputModel"],
    view: ["@jupyter-widgets/controls","2.0.0","TagsInputView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      allow_duplicates: { type: "bool", initial: true },
      allowed_tags: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tag_style: { type: "string", initial: "", choices: ["primary","success","info","warning","danger",""] },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "array", initial: [], items: "string" },
    },
  },
  Text: {
    name: "Text",
    model: ["@jupyter-widgets/controls","2.0.0","TextModel"],
    view: ["@jupyter-widgets/controls","2.0.0","TextView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      placeholder: { type: "string", initial: "​" },
      style: { type: "reference", initial: null, widget: "TextStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "string", initial: "" },
    },
  },
  TextStyle: {
    name: "TextStyle",
    model: ["@jupyter-widgets/controls","2.0.0","TextStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      background: { type: "string", initial: null, optional: true },
      description_width: { type: "string", initial: "" },
      font_size: { type: "string", initial: null, optional: true },
      text_color: { type: "string", initial: null, optional: true },
    },
  },
  Textarea: {
    name: "Textarea",
    model: ["@jupyter-widgets/controls","2.0.0","TextareaModel"],
    view: ["@jupyter-widgets/controls","2.0.0","TextareaView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      continuous_update: { type: "bool", initial: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      placeholder: { type: "string", initial: "​" },
      rows: { type: "int", initial: null, optional: true },
      style: { type: "reference", initial: null, widget: "TextStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "string", initial: "" },
    },
  },
  Time: {
    name: "Time",
    model: ["@jupyter-widgets/controls","2.0.0","TimeModel"],
    view: ["@jupyter-widgets/controls","2.0.0","TimeView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      max: { type: "Time", initial: null, optional: true },
      min: { type: "Time", initial: null, optional: true },
      step: { type: "union", initial: 60 },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "Time", initial: null, optional: true },
    },
  },
  ToggleButton: {
    name: "ToggleButton",
    model: ["@jupyter-widgets/controls","2.0.0","ToggleButtonModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ToggleButtonView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      button_style: { type: "string", initial: "", choices: ["primary","success","info","warning","danger",""] },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      icon: { type: "string", initial: "" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      style: { type: "reference", initial: null, widget: "ToggleButtonStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "bool", initial: false },
    },
  },
  ToggleButtonStyle: {
    name: "ToggleButtonStyle",
    model: ["@jupyter-widgets/controls","2.0.0","ToggleButtonStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      description_width: { type: "string", initial: "" },
      font_family: { type: "string", initial: null, optional: true },
      font_size: { type: "string", initial: null, optional: true },
      font_style: { type: "string", initial: null, optional: true },
      font_variant: { type: "string", initial: null, optional: true },
      font_weight: { type: "string", initial: null, optional: true },
      text_color: { type: "string", initial: null, optional: true },
      text_decoration: { type: "string", initial: null, optional: true },
    },
  },
  ToggleButtons: {
    name: "ToggleButtons",
    model: ["@jupyter-widgets/controls","2.0.0","ToggleButtonsModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ToggleButtonsView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      _options_labels: { type: "array", initial: [], items: "string" },
      button_style: { type: "string", initial: "", choices: ["primary","success","info","warning","danger",""], optional: true },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      icons: { type: "array", initial: [], items: "string" },
      index: { type: "int", initial: null, optional: true },
      layout: { type: "reference", initial: null, widget: "Layout" },
      style: { type: "reference", initial: null, widget: "ToggleButtonsStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      tooltips: { type: "array", initial: [], items: "string" },
    },
  },
  ToggleButtonsStyle: {
    name: "ToggleButtonsStyle",
    model: ["@jupyter-widgets/controls","2.0.0","ToggleButtonsStyleModel"],
    view: ["@jupyter-widgets/base","2.0.0","StyleView"],
    traits: {
      button_width: { type: "string", initial: "" },
      description_width: { type: "string", initial: "" },
      font_weight: { type: "string", initial: "" },
    },
  },
  VBox: {
    name: "VBox",
    model: ["@jupyter-widgets/controls","2.0.0","VBoxModel"],
    view: ["@jupyter-widgets/controls","2.0.0","VBoxView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      box_style: { type: "string", initial: "", choices: ["success","info","warning","danger",""] },
      children: { type: "array", initial: [], items: "reference" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
  Valid: {
    name: "Valid",
    model: ["@jupyter-widgets/controls","2.0.0","ValidModel"],
    view: ["@jupyter-widgets/controls","2.0.0","ValidView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      description: { type: "string", initial: "" },
      description_allow_html: { type: "bool", initial: false },
      disabled: { type: "bool", initial: false },
      layout: { type: "reference", initial: null, widget: "Layout" },
      readout: { type: "string", initial: "Invalid" },
      style: { type: "reference", initial: null, widget: "DescriptionStyle" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "bool", initial: false },
    },
  },
  Video: {
    name: "Video",
    model: ["@jupyter-widgets/controls","2.0.0","VideoModel"],
    view: ["@jupyter-widgets/controls","2.0.0","VideoView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      autoplay: { type: "bool", initial: true },
      controls: { type: "bool", initial: true },
      format: { type: "string", initial: "mp4" },
      height: { type: "string", initial: "" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      loop: { type: "bool", initial: true },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
      value: { type: "bytes", initial: null },
      width: { type: "string", initial: "" },
    },
  },
  Output: {
    name: "Output",
    model: ["@jupyter-widgets/output","1.0.0","OutputModel"],
    view: ["@jupyter-widgets/output","1.0.0","OutputView"],
    traits: {
      _dom_classes: { type: "array", initial: [], items: "string" },
      layout: { type: "reference", initial: null, widget: "Layout" },
      msg_id: { type: "string", initial: "" },
      outputs: { type: "array", initial: [], items: "object" },
      tabbable: { type: "bool", initial: null, optional: true },
      tooltip: { type: "string", initial: null, optional: true },
    },
  },
} as const satisfies Record<string, ModelSpec>;

export interface LayoutTraits {
  /** The align-content CSS attribute. */
  alignContent: "flex-start" | "flex-end" | "center" | "space-between" | "space-around" | "space-evenly" | "stretch" | "inherit" | "initial" | "unset" | null;
  /** The align-items CSS attribute. */
  alignItems: "flex-start" | "flex-end" | "center" | "baseline" | "stretch" | "inherit" | "initial" | "unset" | null;
  /** The align-self CSS attribute. */
  alignSelf: "auto" | "flex-start" | "flex-end" | "center" | "baseline" | "stretch" | "inherit" | "initial" | "unset" | null;
  /** The border bottom CSS attribute. */
  borderBottom: string | null;
  /** The border left CSS attribute. */
  borderLeft: string | null;
  /** The border right CSS attribute. */
  borderRight: string | null;
  /** The border top CSS attribute. */
  borderTop: string | null;
  /** The bottom CSS attribute. */
  bottom: string | null;
  /** The display CSS attribute. */
  display: string | null;
  /** The flex CSS attribute. */
  flex: string | null;
  /** The flex-flow CSS attribute. */
  flexFlow: string | null;
  /** The grid-area CSS attribute. */
  gridArea: string | null;
  /** The grid-auto-columns CSS attribute. */
  gridAutoColumns: string | null;
  /** The grid-auto-flow CSS attribute. */
  gridAutoFlow: "column" | "row" | "row dense" | "column dense" | "inherit" | "initial" | "unset" | null;
  /** The grid-auto-rows CSS attribute. */
  gridAutoRows: string | null;
  /** The grid-column CSS attribute. */
  gridColumn: string | null;
  /** The grid-gap CSS attribute. */
  gridGap: string | null;
  /** The grid-row CSS attribute. */
  gridRow: string | null;
  /** The grid-template-areas CSS attribute. */
  gridTemplateAreas: string | null;
  /** The grid-template-columns CSS attribute. */
  gridTemplateColumns: string | null;
  /** The grid-template-rows CSS attribute. */
  gridTemplateRows: string | null;
  /** The height CSS attribute. */
  height: string | null;
  /** The justify-content CSS attribute. */
  justifyContent: "flex-start" | "flex-end" | "center" | "space-between" | "space-around" | "inherit" | "initial" | "unset" | null;
  /** The justify-items CSS attribute. */
  justifyItems: "flex-start" | "flex-end" | "center" | "inherit" | "initial" | "unset" | null;
  /** The left CSS attribute. */
  left: string | null;
  /** The margin CSS attribute. */
  margin: string | null;
  /** The max-height CSS attribute. */
  maxHeight: string | null;
  /** The max-width CSS attribute. */
  maxWidth: string | null;
  /** The min-height CSS attribute. */
  minHeight: string | null;
  /** The min-width CSS attribute. */
  minWidth: string | null;
  /** The object-fit CSS attribute. */
  objectFit: "contain" | "cover" | "fill" | "scale-down" | "none" | null;
  /** The object-position CSS attribute. */
  objectPosition: string | null;
  /** The order CSS attribute. */
  order: string | null;
  /** The overflow CSS attribute. */
  overflow: string | null;
  /** The padding CSS attribute. */
  padding: string | null;
  /** The right CSS attribute. */
  right: string | null;
  /** The top CSS attribute. */
  top: string | null;
  /** The visibility CSS attribute. */
  visibility: "visible" | "hidden" | "inherit" | "initial" | "unset" | null;
  /** The width CSS attribute. */
  width: string | null;
}

export interface AccordionTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the box. */
  boxStyle: "success" | "info" | "warning" | "danger" | "";
  /** List of widget children */
  children: readonly Widget[];
  layout: Control<"Layout">;
  /** The index of the selected page. This is either an integer selecting a particular sub-widget, or None to have no widgets selected. */
  selectedIndex: number | null;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** Titles of the pages */
  titles: readonly string[];
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface AudioTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** When true, the audio starts when it's displayed */
  autoplay: boolean;
  /** Specifies that audio controls should be displayed (such as a play/pause button etc) */
  controls: boolean;
  /** The format of the audio. */
  format: string;
  layout: Control<"Layout">;
  /** When true, the audio will start from the beginning after finishing */
  loop: boolean;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** The media data as a memory view of bytes. */
  value: Uint8Array;
}

export interface BoundedFloatTextTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Minimum step to increment the value */
  step: number | null;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Float value */
  value: number;
}

export interface BoundedIntTextTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Minimum step to increment the value */
  step: number;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Int value */
  value: number;
}

export interface BoxTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the box. */
  boxStyle: "success" | "info" | "warning" | "danger" | "";
  /** List of widget children */
  children: readonly Widget[];
  layout: Control<"Layout">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface ButtonTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the button. */
  buttonStyle: "primary" | "success" | "info" | "warning" | "danger" | "";
  /** Button label. */
  description: string;
  /** Enable or disable user changes. */
  disabled: boolean;
  /** Font-awesome icon names, without the 'fa-' prefix. */
  icon: string;
  layout: Control<"Layout">;
  style: Control<"ButtonStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface ButtonStyleTraits {
  /** Color of the button */
  buttonColor: string | null;
  /** Button text font family. */
  fontFamily: string | null;
  /** Button text font size. */
  fontSize: string | null;
  /** Button text font style. */
  fontStyle: string | null;
  /** Button text font variant. */
  fontVariant: string | null;
  /** Button text font weight. */
  fontWeight: string | null;
  /** Button text color. */
  textColor: string | null;
  /** Button text decoration. */
  textDecoration: string | null;
}

export interface CheckboxTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes. */
  disabled: boolean;
  /** Indent the control to align with other controls with a description. */
  indent: boolean;
  layout: Control<"Layout">;
  /** Styling customizations */
  style: Control<"CheckboxStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Bool value */
  value: boolean;
}

export interface CheckboxStyleTraits {
  /** Background specifications. */
  background: string | null;
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
}

export interface ColorPickerTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Display short version with just a color selector. */
  concise: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes. */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** The color value. */
  value: string;
}

export interface ColorsInputTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  allowDuplicates: boolean;
  allowedTags: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  layout: Control<"Layout">;
  placeholder: string;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** List of string tags */
  value: readonly string[];
}

export interface ComboboxTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** If set, ensure value is in options. Implies continuous_update=False. */
  ensureOption: boolean;
  layout: Control<"Layout">;
  /** Dropdown options for the combobox */
  options: readonly string[];
  /** Placeholder text to display when nothing has been typed */
  placeholder: string;
  style: Control<"TextStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** String value */
  value: string;
}

export interface ControllerAxisTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  layout: Control<"Layout">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** The value of the axis. */
  value: number;
}

export interface ControllerButtonTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  layout: Control<"Layout">;
  /** Whether the button is pressed. */
  pressed: boolean;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** The value of the button. */
  value: number;
}

export interface ControllerTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** The axes on the gamepad. */
  axes: readonly Control<"ControllerAxis">[];
  /** The buttons on the gamepad. */
  buttons: readonly Control<"ControllerButton">[];
  /** Whether the gamepad is connected. */
  connected: boolean;
  /** The id number of the controller. */
  index: number;
  layout: Control<"Layout">;
  /** The name of the control mapping. */
  mapping: string;
  /** The name of the controller. */
  name: string;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** The last time the data from this gamepad was updated. */
  timestamp: number;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface DatePickerTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes. */
  disabled: boolean;
  layout: Control<"Layout">;
  max: Date | null;
  min: Date | null;
  /** The date step to use for the picker, in days, or "any". */
  step: number | "any";
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  value: Date | null;
}

export interface DatetimeTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes. */
  disabled: boolean;
  layout: Control<"Layout">;
  max: Date | null;
  min: Date | null;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  value: Date | null;
}

export interface DescriptionStyleTraits {
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
}

export interface DirectionalLinkTraits {
  /** The source (widget, 'trait_name') pair */
  source: readonly unknown[];
  /** The target (widget, 'trait_name') pair */
  target: readonly unknown[];
}

export interface DropdownTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** Selected index */
  index: number | null;
  layout: Control<"Layout">;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface FileUploadTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** File types to accept, empty string for all */
  accept: string;
  /** Use a predefined styling for the button. */
  buttonStyle: "primary" | "success" | "info" | "warning" | "danger" | "";
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable button */
  disabled: boolean;
  /** Error message */
  error: string;
  /** Font-awesome icon name, without the 'fa-' prefix. */
  icon: string;
  layout: Control<"Layout">;
  /** If True, allow for multiple files upload */
  multiple: boolean;
  style: Control<"ButtonStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** The file upload value */
  value: readonly Record<string, unknown>[];
}

export interface FloatLogSliderTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Base for the logarithm */
  base: number;
  /** Slider dragging behavior. */
  behavior: "drag-tap" | "drag-snap" | "tap" | "drag" | "snap";
  /** Update the value of the widget as the user is holding the slider. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Max value for the exponent */
  max: number;
  /** Min value for the exponent */
  min: number;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  /** Display the current value of the slider next to it. */
  readout: boolean;
  /** Format for the readout */
  readoutFormat: string;
  /** Minimum step in the exponent to increment the value */
  step: number | null;
  style: Control<"SliderStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Float value */
  value: number;
}

export interface FloatProgressTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the progress bar. */
  barStyle: "success" | "info" | "warning" | "danger" | "" | null;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  style: Control<"ProgressStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Float value */
  value: number;
}

export interface FloatRangeSliderTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Slider dragging behavior. */
  behavior: "drag-tap" | "drag-snap" | "tap" | "drag" | "snap";
  /** Update the value of the widget as the user is sliding the slider. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  /** Display the current value of the slider next to it. */
  readout: boolean;
  /** Format for the readout */
  readoutFormat: string;
  /** Minimum step to increment the value */
  step: number | null;
  style: Control<"SliderStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Tuple of (lower, upper) bounds */
  value: readonly number[];
}

export interface FloatSliderTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Slider dragging behavior. */
  behavior: "drag-tap" | "drag-snap" | "tap" | "drag" | "snap";
  /** Update the value of the widget as the user is holding the slider. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  /** Display the current value of the slider next to it. */
  readout: boolean;
  /** Format for the readout */
  readoutFormat: string;
  /** Minimum step to increment the value */
  step: number | null;
  style: Control<"SliderStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Float value */
  value: number;
}

export interface FloatTextTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Minimum step to increment the value */
  step: number | null;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Float value */
  value: number;
}

export interface FloatsInputTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  allowDuplicates: boolean;
  allowedTags: readonly number[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  format: string;
  layout: Control<"Layout">;
  max: number | null;
  min: number | null;
  placeholder: string;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** Use a predefined styling for the tags. */
  tagStyle: "primary" | "success" | "info" | "warning" | "danger" | "";
  /** A tooltip caption. */
  tooltip: string | null;
  /** List of float tags */
  value: readonly number[];
}

export interface GridBoxTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the box. */
  boxStyle: "success" | "info" | "warning" | "danger" | "";
  /** List of widget children */
  children: readonly Widget[];
  layout: Control<"Layout">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface HBoxTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the box. */
  boxStyle: "success" | "info" | "warning" | "danger" | "";
  /** List of widget children */
  children: readonly Widget[];
  layout: Control<"Layout">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface HTMLMathTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  layout: Control<"Layout">;
  /** Placeholder text to display when nothing has been typed */
  placeholder: string;
  style: Control<"HTMLMathStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** String value */
  value: string;
}

export interface HTMLMathStyleTraits {
  /** Background specifications. */
  background: string | null;
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
  /** Text font size. */
  fontSize: string | null;
  /** Text color */
  textColor: string | null;
}

export interface HTMLTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  layout: Control<"Layout">;
  /** Placeholder text to display when nothing has been typed */
  placeholder: string;
  style: Control<"HTMLStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** String value */
  value: string;
}

export interface HTMLStyleTraits {
  /** Background specifications. */
  background: string | null;
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
  /** Text font size. */
  fontSize: string | null;
  /** Text color */
  textColor: string | null;
}

export interface ImageTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** The format of the image. */
  format: string;
  /** Height of the image in pixels. Use layout.height for styling the widget. */
  height: string;
  layout: Control<"Layout">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** The media data as a memory view of bytes. */
  value: Uint8Array;
  /** Width of the image in pixels. Use layout.width for styling the widget. */
  width: string;
}

export interface IntProgressTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the progress bar. */
  barStyle: "success" | "info" | "warning" | "danger" | "";
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  style: Control<"ProgressStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Int value */
  value: number;
}

export interface IntRangeSliderTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Slider dragging behavior. */
  behavior: "drag-tap" | "drag-snap" | "tap" | "drag" | "snap";
  /** Update the value of the widget as the user is sliding the slider. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  /** Display the current value of the slider next to it. */
  readout: boolean;
  /** Format for the readout */
  readoutFormat: string;
  /** Minimum step that the value can take */
  step: number;
  /** Slider style customizations. */
  style: Control<"SliderStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Tuple of (lower, upper) bounds */
  value: readonly number[];
}

export interface IntSliderTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Slider dragging behavior. */
  behavior: "drag-tap" | "drag-snap" | "tap" | "drag" | "snap";
  /** Update the value of the widget as the user is holding the slider. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  /** Display the current value of the slider next to it. */
  readout: boolean;
  /** Format for the readout */
  readoutFormat: string;
  /** Minimum step to increment the value */
  step: number;
  style: Control<"SliderStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Int value */
  value: number;
}

export interface IntTextTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Minimum step to increment the value */
  step: number;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Int value */
  value: number;
}

export interface IntsInputTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  allowDuplicates: boolean;
  allowedTags: readonly number[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  format: string;
  layout: Control<"Layout">;
  max: number | null;
  min: number | null;
  placeholder: string;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** Use a predefined styling for the tags. */
  tagStyle: "primary" | "success" | "info" | "warning" | "danger" | "";
  /** A tooltip caption. */
  tooltip: string | null;
  /** List of int tags */
  value: readonly number[];
}

export interface LabelTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  layout: Control<"Layout">;
  /** Placeholder text to display when nothing has been typed */
  placeholder: string;
  style: Control<"LabelStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** String value */
  value: string;
}

export interface LabelStyleTraits {
  /** Background specifications. */
  background: string | null;
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
  /** Label text font family. */
  fontFamily: string | null;
  /** Text font size. */
  fontSize: string | null;
  /** Label text font style. */
  fontStyle: string | null;
  /** Label text font variant. */
  fontVariant: string | null;
  /** Label text font weight. */
  fontWeight: string | null;
  /** Text color */
  textColor: string | null;
  /** Label text decoration. */
  textDecoration: string | null;
}

export interface LinkTraits {
  /** The source (widget, 'trait_name') pair */
  source: readonly unknown[];
  /** The target (widget, 'trait_name') pair */
  target: readonly unknown[];
}

export interface NaiveDatetimeTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes. */
  disabled: boolean;
  layout: Control<"Layout">;
  max: Date | null;
  min: Date | null;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  value: Date | null;
}

export interface PasswordTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Placeholder text to display when nothing has been typed */
  placeholder: string;
  style: Control<"TextStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** String value */
  value: string;
}

export interface PlayTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** The time between two animation steps (ms). */
  interval: number;
  layout: Control<"Layout">;
  /** Max value */
  max: number;
  /** Min value */
  min: number;
  /** Whether the control is currently playing. */
  playing: boolean;
  /** Whether the control will repeat in a continuous loop. */
  repeat: boolean;
  /** Show the repeat toggle button in the widget. */
  showRepeat: boolean;
  /** Increment step */
  step: number;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Int value */
  value: number;
}

export interface ProgressStyleTraits {
  /** Color of the progress bar. */
  barColor: string | null;
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
}

export interface RadioButtonsTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** Selected index */
  index: number | null;
  layout: Control<"Layout">;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface SelectTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** Selected index */
  index: number | null;
  layout: Control<"Layout">;
  /** The number of rows to display. */
  rows: number;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface SelectMultipleTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** Selected indices */
  index: readonly number[];
  layout: Control<"Layout">;
  /** The number of rows to display. */
  rows: number;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface SelectionRangeSliderTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Slider dragging behavior. */
  behavior: "drag-tap" | "drag-snap" | "tap" | "drag" | "snap";
  /** Update the value of the widget as the user is holding the slider. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** Min and max selected indices */
  index: readonly number[];
  layout: Control<"Layout">;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  /** Display the current selected label next to the slider */
  readout: boolean;
  style: Control<"SliderStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface SelectionSliderTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Slider dragging behavior. */
  behavior: "drag-tap" | "drag-snap" | "tap" | "drag" | "snap";
  /** Update the value of the widget as the user is holding the slider. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** Selected index */
  index: number;
  layout: Control<"Layout">;
  /** Vertical or horizontal. */
  orientation: "horizontal" | "vertical";
  /** Display the current selected label next to the slider */
  readout: boolean;
  style: Control<"SliderStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface SliderStyleTraits {
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
  /** Color of the slider handle. */
  handleColor: string | null;
}

export interface StackTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the box. */
  boxStyle: "success" | "info" | "warning" | "danger" | "";
  /** List of widget children */
  children: readonly Widget[];
  layout: Control<"Layout">;
  /** The index of the selected page. This is either an integer selecting a particular sub-widget, or None to have no widgets selected. */
  selectedIndex: number | null;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** Titles of the pages */
  titles: readonly string[];
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface TabTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the box. */
  boxStyle: "success" | "info" | "warning" | "danger" | "";
  /** List of widget children */
  children: readonly Widget[];
  layout: Control<"Layout">;
  /** The index of the selected page. This is either an integer selecting a particular sub-widget, or None to have no widgets selected. */
  selectedIndex: number | null;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** Titles of the pages */
  titles: readonly string[];
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface TagsInputTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  allowDuplicates: boolean;
  allowedTags: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  layout: Control<"Layout">;
  placeholder: string;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** Use a predefined styling for the tags. */
  tagStyle: "primary" | "success" | "info" | "warning" | "danger" | "";
  /** A tooltip caption. */
  tooltip: string | null;
  /** List of string tags */
  value: readonly string[];
}

export interface TextTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Placeholder text to display when nothing has been typed */
  placeholder: string;
  style: Control<"TextStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** String value */
  value: string;
}

export interface TextStyleTraits {
  /** Background specifications. */
  background: string | null;
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
  /** Text font size. */
  fontSize: string | null;
  /** Text color */
  textColor: string | null;
}

export interface TextareaTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Update the value as the user types. If False, update on submission, e.g., pressing Enter or navigating away. */
  continuousUpdate: boolean;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Placeholder text to display when nothing has been typed */
  placeholder: string;
  /** The number of rows to display. */
  rows: number | null;
  style: Control<"TextStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** String value */
  value: string;
}

export interface TimeTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes. */
  disabled: boolean;
  layout: Control<"Layout">;
  max: string | null;
  min: string | null;
  /** The time step to use for the picker, in seconds, or "any". */
  step: number | "any";
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  value: string | null;
}

export interface ToggleButtonTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the button. */
  buttonStyle: "primary" | "success" | "info" | "warning" | "danger" | "";
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes. */
  disabled: boolean;
  /** Font-awesome icon. */
  icon: string;
  layout: Control<"Layout">;
  /** Styling customizations */
  style: Control<"ToggleButtonStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Bool value */
  value: boolean;
}

export interface ToggleButtonStyleTraits {
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
  /** Toggle button text font family. */
  fontFamily: string | null;
  /** Toggle button text font size. */
  fontSize: string | null;
  /** Toggle button text font style. */
  fontStyle: string | null;
  /** Toggle button text font variant. */
  fontVariant: string | null;
  /** Toggle button text font weight. */
  fontWeight: string | null;
  /** Toggle button text color */
  textColor: string | null;
  /** Toggle button text decoration. */
  textDecoration: string | null;
}

export interface ToggleButtonsTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the buttons. */
  buttonStyle: "primary" | "success" | "info" | "warning" | "danger" | "" | null;
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes */
  disabled: boolean;
  /** Icons names for each button (FontAwesome names without the fa- prefix). */
  icons: readonly string[];
  /** Selected index */
  index: number | null;
  layout: Control<"Layout">;
  style: Control<"ToggleButtonsStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Tooltips for each button. */
  tooltips: readonly string[];
}

export interface ToggleButtonsStyleTraits {
  /** The width of each button. */
  buttonWidth: string;
  /** Width of the description to the side of the control. */
  descriptionWidth: string;
  /** Text font weight of each button. */
  fontWeight: string;
}

export interface VBoxTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Use a predefined styling for the box. */
  boxStyle: "success" | "info" | "warning" | "danger" | "";
  /** List of widget children */
  children: readonly Widget[];
  layout: Control<"Layout">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface ValidTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** Description of the control. */
  description: string;
  /** Accept HTML in the description. */
  descriptionAllowHtml: boolean;
  /** Enable or disable user changes. */
  disabled: boolean;
  layout: Control<"Layout">;
  /** Message displayed when the value is False */
  readout: string;
  /** Styling customizations */
  style: Control<"DescriptionStyle">;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** Bool value */
  value: boolean;
}

export interface VideoTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  /** When true, the video starts when it's displayed */
  autoplay: boolean;
  /** Specifies that video controls should be displayed (such as a play/pause button etc) */
  controls: boolean;
  /** The format of the video. */
  format: string;
  /** Height of the video in pixels. */
  height: string;
  layout: Control<"Layout">;
  /** When true, the video will start from the beginning after finishing */
  loop: boolean;
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
  /** The media data as a memory view of bytes. */
  value: Uint8Array;
  /** Width of the video in pixels. */
  width: string;
}

export interface OutputTraits {
  /** CSS classes applied to widget DOM element */
  domClasses: readonly string[];
  layout: Control<"Layout">;
  /** Parent message id of messages to capture */
  msgId: string;
  /** The output messages synced from the frontend. */
  outputs: readonly Record<string, unknown>[];
  /** Is widget tabbable? */
  tabbable: boolean | null;
  /** A tooltip caption. */
  tooltip: string | null;
}

export interface TraitsOf {
  Layout: LayoutTraits;
  Accordion: AccordionTraits;
  Audio: AudioTraits;
  BoundedFloatText: BoundedFloatTextTraits;
  BoundedIntText: BoundedIntTextTraits;
  Box: BoxTraits;
  Button: ButtonTraits;
  ButtonStyle: ButtonStyleTraits;
  Checkbox: CheckboxTraits;
  CheckboxStyle: CheckboxStyleTraits;
  ColorPicker: ColorPickerTraits;
  ColorsInput: ColorsInputTraits;
  Combobox: ComboboxTraits;
  ControllerAxis: ControllerAxisTraits;
  ControllerButton: ControllerButtonTraits;
  Controller: ControllerTraits;
  DatePicker: DatePickerTraits;
  Datetime: DatetimeTraits;
  DescriptionStyle: DescriptionStyleTraits;
  DirectionalLink: DirectionalLinkTraits;
  Dropdown: DropdownTraits;
  FileUpload: FileUploadTraits;
  FloatLogSlider: FloatLogSliderTraits;
  FloatProgress: FloatProgressTraits;
  FloatRangeSlider: FloatRangeSliderTraits;
  FloatSlider: FloatSliderTraits;
  FloatText: FloatTextTraits;
  FloatsInput: FloatsInputTraits;
  GridBox: GridBoxTraits;
  HBox: HBoxTraits;
  HTMLMath: HTMLMathTraits;
  HTMLMathStyle: HTMLMathStyleTraits;
  HTML: HTMLTraits;
  HTMLStyle: HTMLStyleTraits;
  Image: ImageTraits;
  IntProgress: IntProgressTraits;
  IntRangeSlider: IntRangeSliderTraits;
  IntSlider: IntSliderTraits;
  IntText: IntTextTraits;
  IntsInput: IntsInputTraits;
  Label: LabelTraits;
  LabelStyle: LabelStyleTraits;
  Link: LinkTraits;
  NaiveDatetime: NaiveDatetimeTraits;
  Password: PasswordTraits;
  Play: PlayTraits;
  ProgressStyle: ProgressStyleTraits;
  RadioButtons: RadioButtonsTraits;
  Select: SelectTraits;
  SelectMultiple: SelectMultipleTraits;
  SelectionRangeSlider: SelectionRangeSliderTraits;
  SelectionSlider: SelectionSliderTraits;
  SliderStyle: SliderStyleTraits;
  Stack: StackTraits;
  Tab: TabTraits;
  TagsInput: TagsInputTraits;
  Text: TextTraits;
  TextStyle: TextStyleTraits;
  Textarea: TextareaTraits;
  Time: TimeTraits;
  ToggleButton: ToggleButtonTraits;
  ToggleButtonStyle: ToggleButtonStyleTraits;
  ToggleButtons: ToggleButtonsTraits;
  ToggleButtonsStyle: ToggleButtonsStyleTraits;
  VBox: VBoxTraits;
  Valid: ValidTraits;
  Video: VideoTraits;
  Output: OutputTraits;
}

export type ModelName = keyof TraitsOf;
