import { expect, test } from "vitest";
import { tensor } from "../../src/api/tensor.ts";

test("tensor() takes typed arrays without a copy and nested numbers with their dtype", () => {
  const data = new Float32Array(6);
  expect(tensor(data, [2, 3]).data).toBe(data);
  expect(tensor([[1, 2, 3]]).shape).toEqual([1, 3]);
  expect(tensor([1n, 2n]).dtype).toBe("int64");
  expect(tensor([true, false]).dtype).toBe("bool");
  expect(tensor(["a"]).dtype).toBe("string");
  expect(tensor(3).shape).toEqual([]);
});

test("tensor() names what does not fit", () => {
  expect(() => tensor(new Float32Array(5), [2, 3])).toThrow(/5 elements, expected 6 for float32\[2,3\]/);
  expect(() => tensor([[1, 2], [3]])).toThrow(/element 1 has shape \[1\], expected \[2\]/);
});

test("x.relu() computes at once", () => {
  expect([...(tensor([-1, 2]).relu().data as Float32Array)]).toEqual([0, 2]);
});

test("a fluent call names an unknown option and a wrong number of operands", () => {
  const loose = tensor([1]) as unknown as { relu(...args: unknown[]): unknown };
  expect(() => loose.relu({ alpha: 1 })).toThrow(/relu has no option "alpha"/);
  expect(() => loose.relu(tensor([1]))).toThrow(/relu was given 1 operands, expected 0/);
});
