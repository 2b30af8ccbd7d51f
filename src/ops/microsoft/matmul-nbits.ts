/** Products with weights of 2, 4 or 8 bits in blocks, as language models are shipped. */
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { inferMatMul, multiplyWithBias, planMatMul } from "../common/matmul.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { type Attributes, operator, type ReferenceContext } from "../operator.ts";

const attributes = {
  K: { type: "int", required: true, doc: "Rows of the weights." },
  N: { type: "int", required: true, doc: "Columns of the weights." },
  bits: { type: "int", default: 4, doc: "Bits of a weight: 2, 4 or 8." },
  block_size: {
    type: "int",
    required: true,
    doc: "Weights of a column that share a scale: a power of 2, at least 16.",
  },
  accuracy_level: {
    type: "int",
    default: 0,
    doc: "Lowest accuracy an engine may compute with; here always the highest.",
  },
} as const;

/** Unsigned numbers of `bits` bits, the first in the lowest bits of a byte. */
const unpack = (bytes: ArrayLike<number>, bits: number, at: number): number => {
  const perByte = 8 / bits;
  return (bytes[Math.floor(at / perByte)]! >> ((at % perByte) * bits)) & ((1 << bits) - 1);
};

/** The weights as the numbers they stand for, [K,N]. */
function weightsOf(
  c: Pick<ReferenceContext, "tensor" | "optionalTensor" | "fail">,
  { K, N, bits, block_size: block }: Attributes<typeof attributes>,
): Float64Array {
  const [packed, scales, zeros, groups] = [c.tensor(1), c.tensor(2), c.optionalTensor(3), c.optionalTensor(4)];
  if (![2, 4, 8].includes(bits)) c.fail("ATTRIBUTE", `bits is ${bits}, expected 2, 4 or 8`);
  if (K < 0 || N < 0 || block < 16 || (block & (block - 1)) !== 0)
    c.fail("ATTRIBUTE", `K ${K}, N ${N}, block_size ${block}: expected a block_size that is a power of 2 from 16 on`);
  const blocks = Math.ceil(K / block);
  const columnBytes = (blocks * block * bits) / 8;
  if (packed.size !== N * columnBytes)
    c.fail("SHAPE", `B is [${packed.shape}], expected [${N},${blocks},${(block * bits) / 8}]`);
  if (scales.size !== N * blocks) c.fail("SHAPE", `scales is [${scales.shape}], expected [${N},${blocks}]`);
  const packedZeros = zeros?.dtype === "uint8";
  const zeroBytes = packedZeros ? Math.ceil((blocks * bits) / 8) : blocks;
  if (zeros && zeros.size !== N * zeroBytes)
    c.fail("SHAPE", `zero_points is [${zeros.shape}], expected [${N},${zeroBytes}]`);
  // Rows of an older file may be padded to whole blocks.
  if (groups && groups.size < K) c.fail("SHAPE", `g_idx is [${groups.shape}], expected [${K}]`);
  const [bytes, steps] = [numbersOf(packed), numbersOf(scales)];
  const [zeroNumbers, groupOf] = [zeros && numbersOf(zeros), groups && numbersOf(groups)];
  const middle = 2 ** (bits - 1);
  const zeroOf = (column: number, group: number): number => {
    if (!zeroNumbers) return middle;
    if (!packedZeros) return zeroNumbers[column * blocks + group]!;
    return unpack(zeroNumbers, bits, (column * zeroBytes * 8) / bits + group);
  };
  const out = new Float64Array(K * N);
  for (let column = 0; column < N; column++)
    for (let k = 0; k < K; k++) {
      const group = groupOf ? groupOf[k]! : Math.floor(k / block);
      if (group < 0 || group >= blocks) c.fail("VALUE", `g_idx is ${group} at row ${k}, expected 0 to ${blocks - 1}`);
      const weight = unpack(bytes, bits, (column * columnBytes * 8) / bits + k);
      out[k * N + column] = (weight - zeroOf(column, group)) * steps[column * blocks + group]!;
    }
  return out;
}

export const matMulNBits = operator({
  name: "MatMulNBits",
  domain: "com.microsoft",
  since: [1],
  doc: "A·B + bias with weights B of 2, 4 or 8 bits, a scale and a zero point for every block of a column.",
  inputs: [
    { name: "A", type: "T1", doc: "[…,K]." },
    { name: "B", type: "T2", doc: "Packed columns, [N,blocks,block_size·bits/8]." },
    { name: "scales", type: "T1", doc: "[N,blocks]." },
    {
      name: "zero_points",
      type: "T3",
      optional: true,
      doc: "[N,blocks], or packed [N,⌈blocks·bits/8⌉]. Default: the middle, 2^(bits-1).",
    },
    { name: "g_idx", type: "T4", optional: true, doc: "Block whose scale each row has, [K]." },
    { name: "bias", type: "T1", optional: true, doc: "[N]." },
  ],
  outputs: [{ name: "Y", type: "T1", doc: "[…,N]." }],
  attributes,
  types: { T1: floats, T2: ["uint8"], T3: ["uint8", ...floats], T4: ["int32"] },
  infer(c) {
    const a = c.shape(0);
    c.output(0, tensorType(c.dtype(0), a && inferMatMul(c, a, [c.attrs.K, c.attrs.N])));
  },
  reference(c) {
    const [a, bias] = [c.tensor(0), c.optionalTensor(5)];
    const plan = planMatMul(c, a.shape, [c.attrs.K, c.attrs.N]);
    const sums = multiplyWithBias(c, numbersOf(a), weightsOf(c, c.attrs), plan, bias);
    return [new Tensor(a.dtype, plan.shape, fromNumbers(a.dtype, sums))];
  },
  cost: (c) => ({ flops: 2 * sizeOf(c.outputShape(0)) * c.attrs.K, bytes: c.totalBytes }),
});
