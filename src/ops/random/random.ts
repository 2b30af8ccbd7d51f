/** Random tensors. Numbers come from the context: the same seed gives the same tensor; without a seed the node decides. */
import { type DType, dtypeFromOnnx } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { numbersOf, numberTensor } from "../common/numbers.ts";
import { floats, numericOrBool } from "../common/types.ts";
import { type AttributeSpecs, type Operator, operator } from "../operator.ts";

type Draw = (random: () => number) => number;

/** A standard normal number (Box and Muller). */
const normal: Draw = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

interface Distribution {
  readonly attributes: AttributeSpecs;
  readonly draw: (attrs: Readonly<Record<string, unknown>>) => Draw;
}

const normals: Distribution = {
  attributes: {
    mean: { type: "float", default: 0, doc: "Mean." },
    scale: { type: "float", default: 1, doc: "Standard deviation." },
  },
  draw:
    ({ mean, scale }) =>
    (random) =>
      (mean as number) + (scale as number) * normal(random),
};
const uniforms: Distribution = {
  attributes: {
    low: { type: "float", default: 0, doc: "Lower bound, included." },
    high: { type: "float", default: 1, doc: "Upper bound, excluded." },
  },
  draw:
    ({ low, high }) =>
    (random) =>
      (low as number) + ((high as number) - (low as number)) * random(),
};

const seed = { type: "float", doc: "Same seed, same numbers." } as const;

interface Failing {
  fail(code: "ATTRIBUTE", message: string): never;
}

function typeOf(c: Failing, code: number): DType {
  return dtypeFromOnnx(code) ?? c.fail("ATTRIBUTE", `dtype is ${code}, expected the code of an element type`);
}

function drawTensor(dtype: DType, shape: readonly number[], draw: Draw, random: () => number): Tensor {
  return numberTensor(
    dtype,
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => draw(random)),
  );
}

function randomOperator(name: string, doc: string, distribution: Distribution): Operator {
  return operator({
    name,
    since: [1, 22],
    doc,
    inputs: [],
    outputs: [{ name: "output", type: "T" }],
    attributes: {
      ...distribution.attributes,
      dtype: { type: "int", default: 1, doc: "ONNX code of the element type." },
      seed,
      shape: { type: "ints", required: true, doc: "Shape of the result." },
    } as AttributeSpecs,
    types: { T: floats },
    nondeterministic: true,
    infer(c) {
      c.output(0, tensorType(typeOf(c, c.attrs["dtype"] as number), c.attrs["shape"] as readonly number[]));
    },
    reference(c) {
      const draw = distribution.draw(c.attrs);
      const random = c.random(c.attrs["seed"] as number | undefined);
      return [drawTensor(typeOf(c, c.attrs["dtype"] as number), c.attrs["shape"] as readonly number[], draw, random)];
    },
  });
}

function randomLikeOperator(name: string, doc: string, distribution: Distribution): Operator {
  return operator({
    name,
    since: [1, 22],
    doc,
    inputs: [{ name: "input", type: "T1", doc: "Only its shape and type count." }],
    outputs: [{ name: "output", type: "T2" }],
    attributes: {
      ...distribution.attributes,
      dtype: { type: "int", doc: "ONNX code of the element type. Default: that of the input." },
      seed,
    } as AttributeSpecs,
    types: { T2: floats },
    nondeterministic: true,
    infer(c) {
      const code = c.attrs["dtype"] as number | undefined;
      c.output(0, tensorType(code === undefined ? c.dtype(0) : typeOf(c, code), c.shape(0)));
    },
    reference(c) {
      const like = c.tensor(0);
      const code = c.attrs["dtype"] as number | undefined;
      const dtype = code === undefined ? like.dtype : typeOf(c, code);
      const random = c.random(c.attrs["seed"] as number | undefined);
      return [drawTensor(dtype, like.shape, distribution.draw(c.attrs), random)];
    },
  });
}

export const randomNormal = randomOperator("RandomNormal", "Normal random numbers.", normals);
export const randomUniform = randomOperator("RandomUniform", "Random numbers, evenly distributed.", uniforms);
export const randomNormalLike = randomLikeOperator(
  "RandomNormalLike",
  "Normal random numbers in an input's shape.",
  normals,
);
export const randomUniformLike = randomLikeOperator(
  "RandomUniformLike",
  "Random numbers, evenly distributed, in an input's shape.",
  uniforms,
);

export const bernoulli = operator({
  name: "Bernoulli",
  since: [15, 22],
  doc: "1 with the probability that the input gives, else 0.",
  inputs: [{ name: "input", type: "T1", doc: "Probabilities." }],
  outputs: [{ name: "output", type: "T2" }],
  attributes: { dtype: { type: "int", doc: "ONNX code of the element type. Default: that of the input." }, seed },
  types: { T1: floats, T2: numericOrBool },
  nondeterministic: true,
  infer(c) {
    c.output(0, tensorType(c.attrs.dtype === undefined ? c.dtype(0) : typeOf(c, c.attrs.dtype), c.shape(0)));
  },
  reference(c) {
    const x = c.tensor(0);
    const random = c.random(c.attrs.seed);
    const drawn = Float64Array.from(numbersOf(x), (p) => (random() < p ? 1 : 0));
    return [numberTensor(c.attrs.dtype === undefined ? x.dtype : typeOf(c, c.attrs.dtype), x.shape, drawn)];
  },
});

export const multinomial = operator({
  name: "Multinomial",
  since: [7, 22],
  doc: "Draws classes by their logarithmic, unnormalised probabilities.",
  inputs: [{ name: "input", type: "T1", doc: "[batch,classes]." }],
  outputs: [{ name: "output", type: "T2", doc: "[batch,sample_size]." }],
  attributes: {
    dtype: { type: "int", default: 6, doc: "ONNX code of int32 or int64." },
    sample_size: { type: "int", default: 1, doc: "Draws for each batch element." },
    seed,
  },
  types: { T1: floats, T2: ["int32", "int64"] },
  nondeterministic: true,
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType(typeOf(c, c.attrs.dtype), x && [x[0]!, c.attrs.sample_size]));
  },
  reference(c) {
    const x = c.tensor(0);
    if (x.rank !== 2 || x.shape[1] === 0) c.fail("SHAPE", `input is [${x.shape}], expected [batch,classes]`);
    const [batch, classes] = x.shape as [number, number];
    const { sample_size: count } = c.attrs;
    const random = c.random(c.attrs.seed);
    const logits = numbersOf(x);
    const out = new Float64Array(batch * count);
    for (let b = 0; b < batch; b++) {
      const row = Array.from({ length: classes }, (_, k) => logits[b * classes + k]!);
      const max = Math.max(...row);
      const shares = row.map((v) => Math.exp(v - max));
      const total = shares.reduce((sum, v) => sum + v, 0);
      for (let s = 0; s < count; s++) {
        let left = random() * total;
        let chosen = 0;
        while (chosen < classes - 1 && left >= shares[chosen]!) left -= shares[chosen++]!;
        out[b * count + s] = chosen;
      }
    }
    return [numberTensor(typeOf(c, c.attrs.dtype), [batch, count], out)];
  },
});
