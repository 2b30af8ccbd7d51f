/** LSTM and GRU with packed weights (native/kernels/rnn). */
import { type LowerContext, lowering } from "../lowering.ts";
import { codes, instruction } from "../schema.ts";

export const rnnKinds = codes("RnnKind", "Recurrent cells.", ["lstm", "gru"]);

export const rnnInstruction = instruction({
  name: "Rnn",
  doc: "LSTM or GRU (kernels/rnn) of x, packed weights, bias?, initial h?, initial c?; gives y?, last h?, last c?.",
  parameters: {
    kind: "int",
    steps: "int",
    batch: "int",
    inputs: "int",
    hidden: "int",
    directions: "int",
    reverse: "int",
    linearBeforeReset: "int",
  },
});

export const packRnnInstruction = instruction({
  name: "PackRnn",
  doc: "W and R of an LSTM or GRU as Rnn reads them.",
  parameters: { kind: "int", inputs: "int", hidden: "int", directions: "int", linearBeforeReset: "int" },
});

/** Activation names as given, or the defaults of the cell. */
function hasDefaultActivations(c: LowerContext, names: readonly string[], directions: number): boolean {
  const given = c.attrs.activations as readonly string[] | undefined;
  if (!given?.length) return true;
  return (
    given.length === names.length * directions &&
    given.every((name, i) => name.toLowerCase() === names[i % names.length])
  );
}

function lowerRecurrent(c: LowerContext, kind: (typeof rnnKinds.names)[number]): string | undefined {
  if (c.dtype(0) !== "float32") return `no ${kind} kernel for ${c.dtype(0)}`;
  if (c.attrs.layout === 1) return "batch first";
  if (typeof c.attrs.clip === "number" && c.attrs.clip > 0) return "clipped sums";
  if (c.attrs.input_forget === 1) return "a coupled forget gate";
  const [directions, , inputs] = c.shape(1) as [number, number, number];
  const hidden = c.shape(2)[2]!;
  if (!hasDefaultActivations(c, kind === "lstm" ? ["sigmoid", "tanh", "tanh"] : ["sigmoid", "tanh"], directions))
    return "activations other than the defaults";
  if (c.has(7)) return "peepholes";
  const [steps, batch] = c.shape(0) as [number, number, number];
  if (c.has(4)) {
    const lengths = c.constant(4);
    if (!lengths || Array.from(lengths.data as Int32Array).some((length) => length !== steps))
      return "sequences of different lengths";
  }
  if (!c.constant(1) || !c.constant(2)) return "weights known only at run time";
  const shared = {
    kind: rnnKinds.of(kind),
    inputs,
    hidden,
    directions,
    linearBeforeReset: Number(c.attrs.linear_before_reset === 1),
  };
  const weights = c.prepare(packRnnInstruction, [c.in(1), c.in(2)], shared);
  const given = (index: number) => (c.has(index) ? c.in(index) : undefined);
  const operands = [c.in(0), weights, given(3), given(5), kind === "lstm" ? given(6) : undefined];
  const output = (index: number) => (c.isOutputUsed(index) ? c.out(index) : undefined);
  c.emit(rnnInstruction, {
    inputs: operands,
    outputs: [output(0), output(1), kind === "lstm" ? output(2) : undefined],
    parameters: { ...shared, steps, batch, reverse: Number(c.attrs.direction === "reverse") },
    kernel: `${kind}_f32_${c.isa}`,
    reason: "one product for the inputs of all steps, weights packed once",
  });
  return undefined;
}

export const lstmLowering = lowering({ operators: ["LSTM"], lower: (c) => lowerRecurrent(c, "lstm") });
export const gruLowering = lowering({ operators: ["GRU"], lower: (c) => lowerRecurrent(c, "gru") });
