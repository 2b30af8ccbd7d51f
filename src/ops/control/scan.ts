import { type RuntimeValue, Tensor } from "../../base/tensor.ts";
import { tensorType, type ValueType } from "../../base/value-type.ts";
import { resolveAxis } from "../common/axes.ts";
import { aroundAxis, copyElements, reshaped } from "../common/elements.ts";
import { settle } from "../common/generalize.ts";
import { toIntegers } from "../common/numbers.ts";
import { emptySlice, stack, tensorIn } from "../common/stack.ts";
import { controlFlow, operator, type ReferenceContext, type Subgraph, type SubgraphCall } from "../operator.ts";

const attributes = {
  body: { type: "graph", required: true },
  num_scan_inputs: { type: "int", required: true },
  directions: { type: "ints", until: 8, doc: "Per scan input: 1 runs backwards." },
  scan_input_axes: { type: "ints", since: 9, doc: "Default 0." },
  scan_input_directions: { type: "ints", since: 9, doc: "1 runs backwards." },
  scan_output_axes: { type: "ints", since: 9, doc: "Default 0." },
  scan_output_directions: { type: "ints", since: 9, doc: "1 collects backwards." },
} as const;

/** The slice at a position of an axis, without the axis. */
function sliceOf(x: Tensor, axis: number, index: number): Tensor {
  const out = Tensor.zeros(x.dtype, x.shape.toSpliced(axis, 1));
  const { outer, length, inner } = aroundAxis(x.shape, axis);
  for (let o = 0; o < outer; o++) copyElements(x, (o * length + index) * inner, out, o * inner, inner);
  return out;
}

interface Scanned {
  readonly tensor: Tensor;
  readonly axis: number;
  readonly backwards: boolean;
}

/** Runs the body for each step; gives the last states and, per scan output, a slice a step. */
function* scanSteps(
  c: ReferenceContext<typeof attributes>,
  body: Subgraph,
  initial: readonly RuntimeValue[],
  scanned: readonly Scanned[],
  steps: number,
): Generator<SubgraphCall, { states: RuntimeValue[]; slices: Tensor[][] }, RuntimeValue[]> {
  let states = [...initial];
  const slices = Array.from({ length: Math.max(0, body.outputNames.length - states.length) }, (): Tensor[] => []);
  for (let step = 0; step < steps; step++) {
    const taken = scanned.map(({ tensor, axis, backwards }) =>
      sliceOf(tensor, axis, backwards ? tensor.shape[axis]! - 1 - step : step),
    );
    const outputs = yield { graph: body, inputs: [...states, ...taken] };
    states = outputs.slice(0, states.length);
    slices.forEach((list, i) => {
      list.push(tensorIn(c, outputs[initial.length + i], `scan output ${i} of the body`));
    });
  }
  return { states, slices };
}

export const scan = operator({
  name: "Scan",
  since: [8, 9, 11, 16, 19, 21, 23, 24, 25],
  doc: "Runs a graph once for each slice of its scan inputs, carrying states. The body takes (states, slices) and gives (states, slices of the outputs), which are stacked.",
  inputs: [
    { name: "sequence_lens", type: "int64", optional: true, until: 8 },
    { name: "initial_state_and_scan_inputs", type: "V", variadic: true },
  ],
  outputs: [{ name: "final_state_and_scan_outputs", type: "V", variadic: true }],
  attributes,
  infer(c) {
    const { body, num_scan_inputs: numScans } = c.attrs;
    const old = c.version < 9;
    const skip = old ? 1 : 0;
    const numStates = c.numInputs - skip - numScans;
    if (numStates < 0) c.fail("ATTRIBUTE", `num_scan_inputs is ${numScans}, expected at most ${c.numInputs - skip}`);
    let length: ValueType | undefined;
    let batch: ValueType | undefined;
    const without = (type: ValueType | undefined, axes: readonly number[]): ValueType | undefined =>
      type?.kind === "tensor" && type.shape
        ? tensorType(
            type.dtype,
            type.shape.filter((_, axis) => !axes.includes(axis)),
          )
        : type;
    const slices = Array.from({ length: numScans }, (_, i) => {
      const type = c.type(skip + numStates + i);
      if (type?.kind !== "tensor" || !type.shape) return type;
      const axis = old ? 1 : resolveAxis(c, c.attrs.scan_input_axes?.[i] ?? 0, type.shape.length, "scan_input_axes");
      length ??= tensorType(type.dtype, [type.shape[axis]!]);
      batch ??= tensorType(type.dtype, [type.shape[0]!]);
      return without(type, old ? [0, 1] : [axis]);
    });
    const steps = length?.kind === "tensor" ? length.shape![0]! : c.freshDim();
    const batches = batch?.kind === "tensor" ? batch.shape![0]! : c.freshDim();
    const given = Array.from({ length: numStates }, (_, i) => (old ? without(c.type(i + skip), [0]) : c.type(i)));
    let outputs: readonly (ValueType | undefined)[] = [];
    const states = settle(c, given, (types) => {
      outputs = c.inferSubgraph(body, [...types, ...slices]);
      return outputs.slice(0, numStates);
    });
    for (let i = 0; i < c.numOutputs; i++) {
      if (!c.isOutputUsed(i)) continue;
      const type = i < numStates ? (states[i] ?? outputs[i]) : outputs[i];
      if (type?.kind !== "tensor") continue;
      if (!type.shape) c.output(i, type);
      else if (i < numStates) c.output(i, old ? tensorType(type.dtype, [batches, ...type.shape]) : type);
      else if (old) c.output(i, tensorType(type.dtype, [batches, steps, ...type.shape]));
      else {
        const axis = resolveAxis(
          c,
          c.attrs.scan_output_axes?.[i - numStates] ?? 0,
          type.shape.length + 1,
          "scan_output_axes",
        );
        c.output(i, tensorType(type.dtype, [...type.shape.slice(0, axis), steps, ...type.shape.slice(axis)]));
      }
    }
  },
  ...controlFlow<typeof attributes>(function* (c) {
    const { body, num_scan_inputs: numScans } = c.attrs;
    const old = c.version < 9;
    const values = c.inputs.slice(old ? 1 : 0).map((value, i) => tensorIn(c, value, `input ${i}`));
    const numStates = values.length - numScans;
    if (numStates < 0) c.fail("ATTRIBUTE", `num_scan_inputs is ${numScans}, expected at most ${values.length}`);
    const initial = values.slice(0, numStates);
    const scanned = values.slice(numStates).map((tensor, i): Scanned => {
      const direction = old ? c.attrs.directions : c.attrs.scan_input_directions;
      const axis = old ? 1 : resolveAxis(c, c.attrs.scan_input_axes?.[i] ?? 0, tensor.rank, "scan_input_axes");
      return { tensor, axis, backwards: direction?.[i] === 1 };
    });
    const steps = scanned[0] ? scanned[0].tensor.shape[scanned[0].axis]! : 0;
    for (const { tensor, axis } of scanned)
      if (tensor.shape[axis] !== steps)
        c.fail("SHAPE", `a scan input is [${tensor.shape.join(",")}], expected ${steps} slices along axis ${axis}`);
    if (!old) {
      const { states, slices } = yield* scanSteps(c, body, initial, scanned, steps);
      const stacked = slices.map((list, i) => {
        const empty = emptySlice(body, numStates + i);
        const rank = (list[0]?.rank ?? empty.shape.length) + 1;
        const axis = resolveAxis(c, c.attrs.scan_output_axes?.[i] ?? 0, rank, "scan_output_axes");
        return stack(c, c.attrs.scan_output_directions?.[i] === 1 ? list.reverse() : list, axis, empty);
      });
      return [...states, ...stacked];
    }
    // Version 8: everything has a batch axis in front, and each batch may end early.
    const lengthInput = c.optionalTensor(0);
    const batches = values[0]?.shape[0] ?? 0;
    const lengths = lengthInput ? toIntegers(lengthInput) : new Array<number>(batches).fill(steps);
    const perBatch: { states: RuntimeValue[]; slices: Tensor[][] }[] = [];
    for (let b = 0; b < batches; b++) {
      const own = scanned.map(({ tensor, backwards }) => ({ tensor: sliceOf(tensor, 0, b), axis: 0, backwards }));
      const states = initial.map((state) => sliceOf(state, 0, b));
      perBatch.push(yield* scanSteps(c, body, states, own, Math.min(steps, lengths[b] ?? 0)));
    }
    const states = initial.map((state, i) =>
      stack(
        c,
        perBatch.map((batch) => tensorIn(c, batch.states[i], `state ${i}`)),
        0,
        { dtype: state.dtype, shape: state.shape.slice(1) },
      ),
    );
    const numOutputs = body.outputNames.length - numStates;
    const outputs = Array.from({ length: numOutputs }, (_, i) => {
      const empty = emptySlice(body, numStates + i);
      const padded = perBatch.map(({ slices }) => {
        const list = slices[i]!;
        const like = list[0] ?? empty;
        const whole = Tensor.zeros(like.dtype, [steps, ...like.shape]);
        const made = stack(c, list, 0, empty);
        copyElements(reshaped(made, [made.size]), 0, whole, 0, made.size);
        return whole;
      });
      return stack(c, padded, 0, { dtype: empty.dtype, shape: [steps, ...empty.shape] });
    });
    return [...states, ...outputs];
  }),
});
