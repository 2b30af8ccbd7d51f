/** Moving elements: transposes, slices, concatenations, padding are all copies with strides. */
import { instruction } from "../schema.ts";

export const copyInstruction = instruction({
  name: "Copy",
  doc: "y[out_offset + i·out_strides] = x[in_offset + i·in_strides] for every index i of dims, in elements of element_bytes (1, 2, 4, 8).",
  parameters: {
    elementBytes: "int",
    dims: "ints",
    inStrides: "ints",
    outStrides: "ints",
    inOffset: "int",
    outOffset: "int",
  },
});
