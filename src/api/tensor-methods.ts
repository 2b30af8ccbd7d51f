/** What a tensor has beside the operators: views, layouts, dtypes, pictures, and tensors of onnxruntime. */
import type { DataArray, DType } from "../base/dtypes.ts";
import { dtypes, isDType } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { type Channels, Image } from "../base/image.ts";
import { fromNumbers, toNumbers } from "../base/numbers.ts";
import { formatType } from "../base/shapes.ts";
import { Tensor } from "../base/tensor.ts";
import { View } from "../base/view.ts";

type FourSizes = [number, number, number, number];

declare module "../base/tensor.ts" {
  interface Tensor<D extends DType = DType, S extends number[] = number[]> {
    /** The elements seen without copying: slices, transposes and single elements of a view share this tensor's memory. */
    view(): View<D>;
    /** The same numbers in another dtype, rounded by its rules; this tensor itself where it has the dtype. (ONNX Cast) */
    to<E extends DType>(dtype: E): Tensor<E, S>;
    /** [N,H,W,C] as [N,C,H,W]. Errors: SHAPE for another rank. */
    toNchw(): Tensor<D, FourSizes>;
    /** [N,C,H,W] as [N,H,W,C]. Errors: SHAPE for another rank. */
    toNhwc(): Tensor<D, FourSizes>;
    /** [N,C,H,W] as [N,C/b,H,W,b], the form vector kernels work on; missing channels are zeros. */
    toBlocked(block: number): Tensor<D, [number, number, number, number, number]>;
    /** The reverse of `toBlocked`, cut to a number of channels. */
    fromBlocked(channels: number): Tensor<D, FourSizes>;
  }
}

function rank4(tensor: Tensor, wanted: string): void {
  if (tensor.rank !== 4)
    throw new InferlabError("SHAPE", `tensor is ${formatType(tensor.dtype, tensor.shape)}, expected ${wanted}`);
}

const methods = {
  view(this: Tensor): View {
    return View.of(this);
  },
  to(this: Tensor, dtype: DType): Tensor {
    if (!isDType(dtype)) throw new InferlabError("ARGUMENT", `dtype is ${JSON.stringify(dtype)}`);
    return dtype === this.dtype ? this : (this.cast({ to: dtypes[dtype].onnx }) as Tensor);
  },
  toNchw(this: Tensor): Tensor {
    rank4(this, "[N,H,W,C]");
    return View.of(this).transpose([0, 3, 1, 2]).toTensor();
  },
  toNhwc(this: Tensor): Tensor {
    rank4(this, "[N,C,H,W]");
    return View.of(this).transpose([0, 2, 3, 1]).toTensor();
  },
  toBlocked(this: Tensor, block: number): Tensor {
    rank4(this, "[N,C,H,W]");
    if (!Number.isInteger(block) || block < 1) throw new InferlabError("ARGUMENT", `block is ${block}`);
    const [n, c, h, w] = this.shape as [number, number, number, number];
    const blocks = Math.ceil(c / block);
    let source: Tensor = this;
    if (blocks * block !== c) {
      source = Tensor.zeros(this.dtype, [n, blocks * block, h, w]);
      const plane = h * w;
      for (let i = 0; i < n; i++)
        (source.data as Float32Array).set(
          (this.data as Float32Array).subarray(i * c * plane, (i + 1) * c * plane),
          i * blocks * block * plane,
        );
    }
    const apart = new Tensor(this.dtype, [n, blocks, block, h, w], source.data);
    return View.of(apart).transpose([0, 1, 3, 4, 2]).toTensor();
  },
  fromBlocked(this: Tensor, channels: number): Tensor {
    const [n, blocks, h, w, block] = this.shape as [number, number, number, number, number];
    if (this.rank !== 5 || !Number.isInteger(channels) || channels < 1 || channels > blocks * block)
      throw new InferlabError(
        "SHAPE",
        `tensor is ${formatType(this.dtype, this.shape)}, expected [N,C/b,H,W,b] of ${channels} channels`,
      );
    const planes = View.of(this).transpose([0, 1, 4, 2, 3]).toTensor();
    const whole = new Tensor(this.dtype, [n, blocks * block, h, w], planes.data);
    return View.of(whole).slice(null, [0, channels]).toTensor();
  },
};

for (const [name, value] of Object.entries(methods))
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });

export interface ImageTensorOptions {
  /** Default "nchw". */
  layout?: "nchw" | "nhwc";
  /** What the bytes 0 and 255 become. Default [0, 1]. */
  range?: readonly [number, number];
}

/**
 * The picture's pixels as float32, with a batch of one.
 *
 * @example
 * tensorFromImage(photo, { layout: "nhwc", range: [-1, 1] }).shape; // [1, 480, 640, 3]
 */
export function tensorFromImage(image: Image, options: ImageTensorOptions = {}): Tensor<"float32"> {
  const [low, high] = options.range ?? [0, 1];
  const scale = (high - low) / 255;
  const rows = new Tensor(
    "float32",
    [1, image.height, image.width, image.channels],
    Float32Array.from(image.data, (byte) => low + byte * scale),
  );
  return options.layout === "nhwc" ? rows : rows.toNchw();
}

/** The reverse: one picture of a batch, rounded to bytes and clamped. Errors: SHAPE for what is no picture. */
export function imageFromTensor(tensor: Tensor, options: ImageTensorOptions & { index?: number } = {}): Image {
  const rows = options.layout === "nhwc" ? tensor : tensor.toNhwc();
  rank4(rows, "[N,H,W,C]");
  const index = options.index ?? 0;
  const [n, height, width, channels] = rows.shape as [number, number, number, number];
  if (![1, 3, 4].includes(channels) || !(index >= 0 && index < n))
    throw new InferlabError(
      "SHAPE",
      `picture ${index} of ${formatType(tensor.dtype, tensor.shape)}, expected 1, 3 or 4 channels`,
    );
  const [low, high] = options.range ?? [0, 1];
  const size = height * width * channels;
  const numbers = toNumbers(rows).subarray(index * size, (index + 1) * size) as Float64Array;
  const scale = 255 / (high - low);
  const data = fromNumbers(
    "uint8",
    Float64Array.from(numbers, (v) => Math.max(0, Math.min(255, Math.round((v - low) * scale)))),
  );
  return new Image(width, height, channels as Channels, data as Uint8Array);
}

/** A tensor of onnxruntime, as far as it is needed to share its memory. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** A tensor over the memory of onnxruntime's. Errors: UNSUPPORTED for element types it alone has. */
export function fromOrt(value: OrtTensor): Tensor {
  if (!isDType(value.type))
    throw new InferlabError("UNSUPPORTED", `element type ${JSON.stringify(value.type)} of onnxruntime`);
  return new Tensor(value.type, value.dims, value.data as DataArray);
}

/** The arguments of onnxruntime's `Tensor` constructor, over this tensor's memory: `new ort.Tensor(...toOrt(x))`. */
export function toOrt(tensor: Tensor): [type: DType, data: Tensor["data"], dims: number[]] {
  return [tensor.dtype, tensor.data, tensor.shape];
}
