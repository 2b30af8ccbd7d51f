/**
 * What TypeScript says of a call is what inference finds: each line states dtype and shape once; the compiler compares them with
 * the static type, the run with the inferred one. published-types.test.ts runs the compiler over this file, so that a wrong type,
 * or a line that ought not to compile and does, fails there.
 */
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type Dim,
  type DType,
  type GraphValue,
  graph,
  init,
  module,
  type Shape,
  type Tensor,
  type TensorLike,
  tensor,
  type ValueLike,
} from "../../src/api/index.ts";

/** A shape that a static one does not contradict: where it says `number`, any size or symbol. */
type Agreeing<S extends Shape> = { readonly [K in keyof S]: number extends S[K] ? Dim : S[K] };

function agrees<D extends DType, S extends Shape>(
  made: { readonly dtype: D | undefined; readonly shape: Shape | undefined } & (ValueLike<D, S> | TensorLike<D, S>),
  dtype: NoInfer<D>,
  shape: Agreeing<NoInfer<S>>,
): void {
  expect([made.dtype, made.shape]).toEqual([dtype, shape]);
}

const values = () => {
  const g = graph("types");
  return {
    g,
    x: g.input("x", "float32", ["n", 784]),
    w: g.constant(tensor(new Float32Array(784 * 128), [784, 128])),
    image: g.input("image", "float32", ["n", 3, 32, 32]),
    ints: g.input("ints", "int64", ["n", 784]),
    words: g.input("words", "string", ["n", 784]),
    flags: g.input("flags", "bool", ["n", 784]),
    /** As a model from a file gives them. */
    unknown: g.input("unknown", "float32", ["m", 3, 32, 32]) as GraphValue,
  };
};

describe("TypeScript knows", () => {
  test("elementwise operators and broadcasting", () => {
    const { x, ints, flags } = values();
    agrees(x.relu(), "float32", ["n", 784]);
    agrees(x.add(0.5).softmax(), "float32", ["n", 784]);
    agrees(x.mul([1]), "float32", ["n", 784]);
    agrees(x.add(tensor(new Float32Array(784), [784])), "float32", ["n", 784]);
    agrees(tensor(1).add(tensor(new Float32Array(6), [2, 3])), "float32", [2, 3]);
    agrees(x.greater(0), "bool", ["n", 784]);
    agrees(flags.not().and(flags), "bool", ["n", 784]);
    agrees(flags.where(x, tensor(0)), "float32", ["n", 784]);
    agrees(ints.to("float16"), "float16", ["n", 784]);
    agrees(ints.castLike(x), "float32", ["n", 784]);
    agrees(x.isNaN(), "bool", ["n", 784]);
    agrees(x.pow(2), "float32", ["n", 784]);
    agrees(x.max(0), "float32", ["n", 784]);
  });

  test("products", () => {
    const { x, w, g } = values();
    agrees(x.matmul(w), "float32", ["n", 128]);
    agrees(x.matmul(w).matmul(tensor(new Float32Array(128), [128])), "float32", ["n"]);
    const heads = g.input("heads", "float32", ["b", 1, "t", 64]);
    const keys = g.input("keys", "float32", ["b", 8, 64, "s"]);
    agrees(heads.matmul(keys), "float32", ["b", 8, "t", "s"]);
    agrees(x.gemm(w, { C: tensor(new Float32Array(128), [128]) }), "float32", ["n", 128]);
    agrees(x.gemm(w.transpose(), { transB: true }), "float32", ["n", 128]);
    agrees(
      g.input("a", "float32", ["m", 784]).gemm(g.input("k", "float32", ["k", "m"]), { transA: 1, transB: 1 }),
      "float32",
      [784, "k"],
    );
    agrees(tensor([[1, 2, 3]]).matmul([[1], [2], [3]]), "float32", [1, 1]);
  });

  test("convolutions and poolings", () => {
    const { image } = values();
    const filters = tensor(new Float32Array(16 * 27), [16, 3, 3, 3]);
    agrees(image.conv(filters, { pads: [1, 1, 1, 1] }), "float32", ["n", 16, 32, 32]);
    agrees(image.maxPool({ kernelShape: [2, 2], strides: [2, 2] }), "float32", ["n", 3, 16, 16]);
    agrees(image.globalAveragePool(), "float32", ["n", 3, 1, 1]);
    agrees(image.conv(filters).globalAveragePool().flatten(), "float32", ["n", 16]);
    agrees(image.convTranspose(tensor(new Float32Array(3 * 8 * 4), [3, 8, 2, 2]), { strides: [2, 2] }), "float32", [
      "n",
      8,
      64,
      64,
    ]);
    agrees(image.resize({ scales: [1, 1, 2, 2] }), "float32", ["n", 3, 64, 64]);
  });

  test("movements and reductions", () => {
    const { x, image } = values();
    agrees(image.transpose({ perm: [0, 2, 3, 1] }), "float32", ["n", 32, 32, 3]);
    agrees(x.transpose(), "float32", [784, "n"]);
    agrees(x.reshape([-1, 28, 28]), "float32", ["n", 28, 28]);
    agrees(image.flatten({ axis: 2 }), "float32", ["3*n", 1024]);
    agrees(image.reduceMean({ axes: [2, 3], keepdims: false }), "float32", ["n", 3]);
    agrees(image.reduceMean({ axes: [1] }), "float32", ["n", 1, 32, 32]);
    agrees(image.reduceMax({ keepdims: 0 }), "float32", []);
    agrees(image.reduceSum(), "float32", [1, 1, 1, 1]);
    agrees(x.argMax({ axis: 1, keepdims: false }), "int64", ["n"]);
    agrees(x.argMax({ axis: 1 }), "int64", ["n", 1]);
    agrees(x.gather([1, 2, 3]), "float32", [3, 784]);
    agrees(x.gather([[1, 2]], { axis: 1 }), "float32", ["n", 1, 2]);
    agrees(x.gather(0), "float32", [784]);
    agrees(x.unsqueeze([0, 2]), "float32", [1, "n", 1, 784]);
    agrees(image.reduceMean({ axes: [2, 3] }).squeeze({ axes: [2, 3] }), "float32", ["n", 3]);
    agrees(x.expand([5, 1, 784]), "float32", [5, "n", 784]);
    agrees(x.concat([x, x], { axis: 1 }), "float32", ["n", 2352]);
    agrees(x.split({ numOutputs: 2, axis: 1 })[0]!, "float32", ["n", 392]);
    const [best, where] = x.topK([5]);
    agrees(best, "float32", ["n", 5]);
    agrees(where, "int64", ["n", 5]);
    agrees(image.slice([0], [2], { axes: [1] }), "float32", ["n", 2, 32, 32]);
    agrees(image.depthToSpace({ blocksize: 1 }), "float32", ["n", 3, 32, 32]);
    agrees(image.shapeOf(), "int64", [4]);
    agrees(image.sizeOf(), "int64", []);
    agrees(image.tile([1, 1, 2, 2]), "float32", ["n", 3, 64, 64]);
    agrees(x.pad([0, 0, 0, 16]), "float32", ["n", 800]);
  });

  test("tensors", () => {
    agrees(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      "float32",
      [2, 3],
    );
    agrees(tensor(3n), "int64", []);
    agrees(tensor([true, false]), "bool", [2]);
    agrees(tensor(["a", "b"]), "string", [2]);
    agrees(tensor(new Uint8Array(12), [3, 4]), "uint8", [3, 4]);
    agrees(tensor([1, 2], [2], "int32"), "int32", [2]);
    agrees(tensor([1, 2]).to("float16"), "float16", [2]);
    agrees(init.he([784, 128], 1), "float32", [784, 128]);
    expectTypeOf(tensor([[1, 2]])).toEqualTypeOf<Tensor<"float32", [number, number]>>();
    expectTypeOf(tensor(new Float32Array(6), [2, 3]).shape).toEqualTypeOf<[2, 3]>();
    expectTypeOf(tensor([1n]).data).toEqualTypeOf<BigInt64Array>();
  });

  test("branches, loops and modules", () => {
    const { g, x, w } = values();
    const dense = module("dense", { w: init.he([784, 10], 1) }, (input: GraphValue<"float32", ["n", 784]>, weights) =>
      input.matmul(weights.w),
    );
    agrees(dense(x), "float32", ["n", 10]);
    const positive = x.reduceSum({ keepdims: false }).greater(0);
    agrees(
      g.cond(
        positive,
        () => x.relu(),
        () => x.neg(),
      ),
      "float32",
      ["n", 784],
    );
    expectTypeOf(
      g.cond(
        positive,
        () => x.matmul(w),
        () => x.relu(),
      ),
    ).toEqualTypeOf<GraphValue<"float32">>();
    const { state } = g.loop({ times: 3, state: [x] }, ({ i, state: [s] }) => {
      expectTypeOf(i).toEqualTypeOf<GraphValue<"int64", []>>();
      return { state: [s.mul(2)] };
    });
    expectTypeOf(state[0]).toEqualTypeOf<GraphValue<"float32">>();
  });

  test("exactly so much", () => {
    const { x, w, image } = values();
    expectTypeOf(x).toEqualTypeOf<GraphValue<"float32", ["n", 784]>>();
    expectTypeOf(x.matmul(w)).toEqualTypeOf<GraphValue<"float32", ["n", 128]>>();
    expectTypeOf(image.globalAveragePool()).toEqualTypeOf<GraphValue<"float32", ["n", 3, 1, 1]>>();
    expectTypeOf(x.cast({ to: 1 })).toEqualTypeOf<GraphValue<DType, ["n", 784]>>();
  });
});

test("values of unknown dtype and rank go everywhere, and a call still tells what it knows", () => {
  const { x, image, unknown } = values();
  const filters: Tensor = tensor(new Float32Array(16 * 27), [16, 3, 3, 3]);
  expectTypeOf(unknown.conv(filters).relu().add(1)).toEqualTypeOf<GraphValue>();
  expectTypeOf(image.add(unknown)).toEqualTypeOf<GraphValue<"float32">>();
  expectTypeOf(image.conv(filters)).toEqualTypeOf<GraphValue<"float32", ["n", number, number, number]>>();
  expectTypeOf(unknown.greater(x.reduceMax({ keepdims: false }))).toEqualTypeOf<GraphValue<"bool">>();
  const narrow: GraphValue<"float32", ["n", 784]> = x;
  const wide: GraphValue = narrow;
  expect(wide).toBe(x);
});

test("what cannot run does not compile, and says so when it runs all the same", () => {
  const { g, x, w, image, ints, words, flags } = values();
  const same = () => x;
  const fails = (call: () => unknown): void => expect(call).toThrow();
  // @ts-expect-error strings have no product
  fails(() => words.matmul(words));
  // @ts-expect-error nor is there one of a matrix and strings
  fails(() => x.matmul(words));
  // @ts-expect-error a convolution needs [N,C,…]
  fails(() => x.conv(w));
  // @ts-expect-error a pooling too
  fails(() => x.maxPool({ kernelShape: [2] }));
  // @ts-expect-error gemm is for matrices
  fails(() => image.gemm(w));
  // @ts-expect-error two dtypes
  fails(() => x.add(ints));
  // @ts-expect-error the square root of a string
  fails(() => words.sqrt());
  // @ts-expect-error not a bool
  fails(() => g.cond(x.relu(), same, same));
  // @ts-expect-error not a bool either
  fails(() => ints.where(x, x));
  // @ts-expect-error a graph's value is no operand of a tensor
  fails(() => tensor([1]).add(x));
  // @ts-expect-error an unknown option
  fails(() => image.reduceMean({ axs: [1] }));
  // @ts-expect-error an unknown dtype
  fails(() => flags.to("float31"));
  // @ts-expect-error a scalar has no last axis
  fails(() => tensor(1).matmul(tensor([[1]])));
});
