/** Resize and Upsample of planes. Where the taps lie is computed here, by the operator's own formulas. */
import { sizeOf } from "../../../base/shapes.ts";
import { type Resampling, type Taps, tapsOf } from "../../../ops/image/resample.ts";
import { type LowerContext, lowering } from "../lowering.ts";
import { instruction } from "../schema.ts";

export const resizeInstruction = instruction({
  name: "Resize",
  doc: "Resamples float32 planes [input_rows, input_columns] to [output_rows, output_columns] with the taps given; nearest: one tap of weight 1 on both axes.",
  parameters: {
    planes: "int",
    inputRows: "int",
    inputColumns: "int",
    outputRows: "int",
    outputColumns: "int",
    nearest: "int",
    rowTaps: "int",
    rowIndices: "ints",
    rowWeights: "floats",
    columnTaps: "int",
    columnIndices: "ints",
    columnWeights: "floats",
  },
});

/** Factor of each axis: as given, or output over input. */
function scalesOf(c: LowerContext): number[] | string {
  const shape = c.shape(0);
  const to = c.outShape(0);
  const axes = ((c.attrs.axes as readonly number[] | undefined) ?? shape.map((_, axis) => axis)).map(
    (axis) => (axis + shape.length) % shape.length,
  );
  const scales = shape.map(() => 1);
  const index = c.version === 10 || c.node.op === "Upsample" ? 1 : 2;
  const tensor = c.has(index) ? c.constant(index) : undefined;
  const attribute = c.attrs.scales as readonly number[] | undefined;
  if (c.has(index) && !tensor) return "scales that are not known before the run";
  const given = tensor?.size ? Array.from(tensor.data as ArrayLike<number>, Number) : attribute;
  if (given) for (const [i, axis] of axes.entries()) scales[axis] = given[i]!;
  else if (c.node.op === "Upsample") return "scales by axis name";
  else {
    if ((c.attrs.keep_aspect_ratio_policy ?? "stretch") !== "stretch") return "a kept aspect ratio";
    for (const axis of axes) scales[axis] = to[axis]! / shape[axis]!;
  }
  return scales;
}

/** One tap where only one counts, as nearest has two of which one has weight 0. */
function compact({ count, indices, weights }: Taps): { taps: number; indices: number[]; weights: number[] } {
  const length = indices.length / count;
  const single = Array.from({ length }, (_, i) => {
    const used = Array.from({ length: count }, (_, tap) => i * count + tap).filter((at) => weights[at] !== 0);
    return used.length === 1 && weights[used[0]!] === 1 ? used[0]! : -1;
  });
  if (single.every((at) => at >= 0))
    return { taps: 1, indices: single.map((at) => indices[at]!), weights: single.map(() => 1) };
  return { taps: count, indices: [...indices], weights: [...weights] };
}

export const resizeLowering = lowering({
  operators: ["Resize", "Upsample"],
  lower(c) {
    if (c.dtype(0) !== "float32") return `resizing of ${c.dtype(0)}`;
    const shape = c.shape(0);
    const to = c.outShape(0);
    const scales = scalesOf(c);
    if (typeof scales === "string") return scales;
    const old = c.version === 10 || c.node.op === "Upsample";
    const transformation = old ? "asymmetric" : String(c.attrs.coordinate_transformation_mode ?? "half_pixel");
    if (transformation === "tf_crop_and_resize") return "tf_crop_and_resize";
    const mode = String(c.attrs.mode ?? "nearest").replace("bilinear", "linear");
    const moving = shape.flatMap((dim, axis) => (dim !== to[axis] || scales[axis] !== 1 ? [axis] : []));
    if (sizeOf(to) === 0 || sizeOf(shape) === 0) return "an empty tensor";
    if (moving.length === 0) {
      c.view(0, c.in(0));
      return undefined;
    }
    const first = moving[0]!;
    const last = moving.at(-1)!;
    if (moving.length > 2 || last - first > 1 || last !== shape.length - 1)
      return `axes ${moving.join(", ")}, kernels resize the last two`;
    const how: Resampling = {
      mode: mode as Resampling["mode"],
      transformation,
      nearestMode: old ? "simple" : String(c.attrs.nearest_mode ?? "round_prefer_floor"),
      cubicA: (c.attrs.cubic_coeff_a as number | undefined) ?? -0.75,
      antialias: Boolean(c.attrs.antialias),
      excludeOutside: Boolean(c.attrs.exclude_outside),
    };
    const rank = shape.length;
    const axisTaps = (axis: number) =>
      axis >= 0 && moving.includes(axis)
        ? compact(tapsOf(how, shape[axis]!, to[axis]!, scales[axis]!, [0, 1]))
        : {
            taps: 1,
            indices: Array.from({ length: axis < 0 ? 1 : to[axis]! }, (_, i) => i),
            weights: new Array<number>(axis < 0 ? 1 : to[axis]!).fill(1),
          };
    const rows = axisTaps(rank - 2);
    const columns = axisTaps(rank - 1);
    if (rows.taps > 64) return `${rows.taps} taps, kernels take 64`;
    const nearest = rows.taps === 1 && columns.taps === 1;
    const x = c.in(0);
    c.emit(resizeInstruction, {
      inputs: [x],
      outputs: [c.out(0)],
      parameters: {
        planes: sizeOf(shape.slice(0, -2)),
        inputRows: rank > 1 ? shape[rank - 2]! : 1,
        inputColumns: shape[rank - 1]!,
        outputRows: rank > 1 ? to[rank - 2]! : 1,
        outputColumns: to[rank - 1]!,
        nearest: nearest ? 1 : 0,
        rowTaps: rows.taps,
        rowIndices: rows.indices,
        rowWeights: rows.weights,
        columnTaps: columns.taps,
        columnIndices: columns.indices,
        columnWeights: columns.weights,
      },
      kernel: nearest ? "resize_nearest_f32" : `resize_${mode}_f32`,
      reason: `${rows.taps} × ${columns.taps} taps`,
    });
    return undefined;
  },
});
