/** TFLite's control flow: graphs of the file as branches and bodies of ONNX's If and Loop, or in the caller's place. */
import { Operand } from "../tensorflow/emitter.ts";
import type { Call, Callee } from "./operators.ts";
import type { TensorInfo } from "./schema.ts";

const index = (c: Call, field: number): number => c.options?.int32(field) ?? 0;

function checkReal(c: Call, tensors: readonly TensorInfo[]): void {
  if (tensors.some(({ quantization, dtype }) => quantization && dtype !== "int32"))
    c.e.unsupported("quantised values in and out of a branch or body");
}

/** Operands from `first` on, as many as the graph takes. */
function given(c: Call, callee: Callee, first: number): Operand[] {
  const found = c.numInputs - first;
  if (found !== callee.inputs.length) c.e.invalid(`${found} values for a graph of ${callee.inputs.length} inputs`);
  return callee.inputs.map((_, i) => c.in(first + i));
}

function checkOutputs(c: Call, callee: Callee, count: number): void {
  if (callee.outputs.length !== count) c.e.invalid(`a graph gives ${callee.outputs.length} values, expected ${count}`);
}

export function call(c: Call): Operand[] {
  const callee = c.subgraph(index(c, 0));
  return callee.run(given(c, callee, 0));
}

export function conditional(c: Call): Operand[] {
  const { e } = c;
  const where = e.scope;
  const test = e.rows(c.in(0));
  const branch = (name: string, field: number) => {
    const callee = c.subgraph(index(c, field));
    const inputs = given(c, callee, 1).map((x) => e.borrowed(x));
    checkReal(c, [...callee.inputs, ...callee.outputs]);
    checkOutputs(c, callee, c.outputs.length);
    e.scope = `${where}/${name}`;
    // What goes into a branch from outside is turned inside, if at all.
    return e.nested(`${where}/${name}`, [], () => callee.run(inputs.map((x) => e.borrowed(x))));
  };
  const attributes = { then_branch: branch("then", 0), else_branch: branch("else", 1) };
  e.scope = where;
  return e.nodes("If", [test], attributes, c.outputs.length).map((rows) => new Operand({ rows }));
}

export function whileLoop(c: Call): Operand[] {
  const { e } = c;
  const where = e.scope;
  const [test, body] = [c.subgraph(index(c, 0)), c.subgraph(index(c, 1))];
  const initial = given(c, body, 0).map((x) => e.borrowed(x));
  checkReal(c, [...body.inputs, ...body.outputs]);
  checkOutputs(c, body, c.outputs.length);
  checkOutputs(c, test, 1);
  if (test.inputs.length !== initial.length || c.outputs.length !== initial.length)
    e.invalid(`a state of ${initial.length} values, a condition of ${test.inputs.length}`);
  /** Whether there is another iteration, for a state. */
  const again = (state: readonly Operand[], name: string): Operand => {
    e.scope = `${where}/${name}`;
    return test.run(state.map((x) => e.borrowed(x)))[0]!;
  };
  const first = e.rows(again(initial, "first"));
  const state = initial.map((x, i) => ({ name: `${where}/state_${i}`, dtype: e.dtype(x), shape: e.shape(x) }));
  const inputs = [
    { name: `${where}/iteration`, dtype: "int64" as const, shape: [] },
    { name: `${where}/go`, dtype: "bool" as const, shape: [] },
    ...state,
  ];
  e.scope = `${where}/body`;
  const graph = e.nested(`${where}/body`, inputs, ([, , ...values]) => {
    const next = body.run(values);
    return [again(next, "again"), ...next];
  });
  e.scope = where;
  const values = [undefined, first, ...initial.map((x) => e.rows(x))];
  return e.nodes("Loop", values, { body: graph }, initial.length).map((rows) => new Operand({ rows }));
}
