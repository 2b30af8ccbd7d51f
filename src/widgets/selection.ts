/** Widgets that choose among options: the page knows labels and an index, a cell knows options and values. */
import { InferlabError } from "../base/errors.ts";
import { type ModelName, models, type TraitsOf } from "./models.gen.ts";
import { Widget, type WidgetOptions } from "./widget.ts";

/** Values, or values with labels: `["a", "b"]`, `[["one", 1], ["two", 2]]`, `{ one: 1, two: 2 }`. */
export type Options<V> = readonly V[] | readonly (readonly [label: string, value: V])[] | Readonly<Record<string, V>>;

/** How many options a model's value holds. */
const several: Partial<Record<ModelName, "any number" | "two">> = {
  SelectMultiple: "any number",
  SelectionRangeSlider: "two",
};

interface Entry<V> {
  readonly label: string;
  readonly value: V;
}

function entriesOf<V>(options: Options<V>): Entry<V>[] {
  if (!Array.isArray(options)) return Object.entries(options).map(([label, value]) => ({ label, value: value as V }));
  const isLabelled = options.every(
    (option: unknown) => Array.isArray(option) && option.length === 2 && typeof option[0] === "string",
  );
  return options.map((option: V | readonly [string, V]) =>
    isLabelled
      ? { label: (option as readonly [string, V])[0], value: (option as readonly [string, V])[1] }
      : { label: String(option), value: option as V },
  );
}

export type SelectionTraits<K extends ModelName, V, Value> = TraitsOf[K] & {
  options: Options<V>;
  value: Value;
  /** The label of what is chosen. */
  readonly label: Value extends readonly unknown[] ? readonly string[] : string | null;
};

export type Selection<K extends ModelName, V, Value = V | null> = Widget<SelectionTraits<K, V, Value>> &
  SelectionTraits<K, V, Value>;

class SelectionWidget<V> extends Widget {
  private entries: readonly Entry<V>[] = [];
  private readonly isSeveral: boolean;

  constructor(model: ModelName, given: Record<string, unknown>) {
    super(models[model]);
    const { options = [], value, index, ...rest } = given;
    this.isSeveral = model in several;
    this.assign({ ...rest, options, ...(index !== undefined && { index }) }, false);
    if (value !== undefined) this.assign({ value }, false);
    for (const property of ["value", "label"] as const)
      Object.defineProperty(this, property, {
        get: () => this.chosen(property),
        set: (next: unknown) => this.set({ [property]: next } as never),
        enumerable: true,
      });
    Object.defineProperty(this, "options", {
      get: () =>
        this.entries.map((entry) => (entry.label === String(entry.value) ? entry.value : [entry.label, entry.value])),
      set: (next: unknown) => this.set({ options: next } as never),
      enumerable: true,
    });
  }

  private get at(): unknown {
    return (this as unknown as { index: unknown }).index;
  }

  private chosen(property: "value" | "label", at: unknown = this.at): unknown {
    if (Array.isArray(at)) return at.map((index: number) => this.entries[index]?.[property]);
    return typeof at === "number" ? (this.entries[at]?.[property] ?? null) : null;
  }

  private indexOf(value: unknown, property: "value" | "label" = "value"): number {
    const index = this.entries.findIndex((entry) => Object.is(entry[property], value));
    if (index < 0)
      throw new InferlabError(
        "ARGUMENT",
        `${this.spec.name}.${property} is ${String(value)}, expected one of its options`,
        {
          hint: `they are ${this.entries
            .slice(0, 12)
            .map((entry) => entry.label)
            .join(", ")}`,
        },
      );
    return index;
  }

  /** `options`, `value` and `label` are ways to say what the page's `_options_labels` and `index` are. */
  protected override assign(values: Record<string, unknown>, isLoud: boolean, fromPage?: Record<string, unknown>) {
    const { options, value, label, ...rest } = values;
    const next: Record<string, unknown> = rest;
    const before = this.entries;
    if (options !== undefined) {
      this.entries = entriesOf(options as Options<V>);
      next["_options_labels"] = this.entries.map((entry) => entry.label);
      const kept = before.length ? this.chosenIn(before) : undefined;
      if (!("index" in next) && value === undefined && label === undefined) next["index"] = kept ?? this.emptyIndex();
    }
    try {
      for (const [given, property] of [
        [value, "value"],
        [label, "label"],
      ] as const) {
        if (given === undefined) continue;
        if (this.isSeveral) next["index"] = (given as unknown[]).map((item) => this.indexOf(item, property));
        else next["index"] = given === null ? null : this.indexOf(given, property);
      }
      this.checkIndex(next["index"]);
      return super.assign(next, isLoud, fromPage);
    } catch (error) {
      this.entries = before;
      throw error;
    }
  }

  /** What is chosen where nobody has chosen. */
  private emptyIndex(): unknown {
    const trait = this.spec.traits["index"]!;
    if (this.isSeveral) return trait.initial;
    return this.entries.length || !trait.optional ? 0 : null;
  }

  /** What was chosen, by its place among new options; undefined where it is not among them. */
  private chosenIn(before: readonly Entry<V>[]): unknown {
    const place = (index: number): number =>
      this.entries.findIndex((entry) => Object.is(entry.value, before[index]?.value));
    const places = (Array.isArray(this.at) ? (this.at as number[]) : [this.at as number]).map(place);
    if (places.some((index) => index < 0)) return undefined;
    return this.isSeveral ? places : places[0];
  }

  private checkIndex(index: unknown): void {
    for (const at of Array.isArray(index) ? index : [index])
      if (typeof at === "number" && !(at >= 0 && at < this.entries.length) && (at !== 0 || this.entries.length))
        throw new InferlabError(
          "ARGUMENT",
          `${this.spec.name}.index is ${at}, expected 0 to ${this.entries.length - 1} (it has ${this.entries.length} options)`,
        );
  }

  protected override emit(event: string, ...args: unknown[]): Promise<void>[] {
    if (event !== "index") return super.emit(event, ...args);
    const also = (["value", "label"] as const).flatMap((property) => {
      const [value, previous] = [this.chosen(property, args[0]), this.chosen(property, args[1])];
      const change = { name: property, value, previous, widget: this as Widget };
      return [...super.emit(property, value, previous), ...super.emit("change", change)];
    });
    return [...super.emit(event, ...args), ...also];
  }
}

export type SelectionOptions<K extends ModelName, V, Value> = WidgetOptions<Omit<TraitsOf[K], "index">> & {
  readonly options?: Options<V>;
  readonly value?: Value;
  readonly index?: Value extends readonly unknown[] ? readonly number[] : number | null;
};

/** The maker of a model whose value is one option. */
export const selectionOf =
  <K extends ModelName>(model: K) =>
  <const V>(options: SelectionOptions<K, V, V | null> = {}): Selection<K, V> =>
    new SelectionWidget<V>(model, options as Record<string, unknown>) as unknown as Selection<K, V>;

/** The maker of a model whose value is several options. */
export const selectionOfSeveral =
  <K extends ModelName>(model: K) =>
  <const V>(options: SelectionOptions<K, V, readonly V[]> = {}): Selection<K, V, readonly V[]> =>
    new SelectionWidget<V>(model, options as Record<string, unknown>) as unknown as Selection<K, V, readonly V[]>;
