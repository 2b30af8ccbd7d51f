import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadTensors, saveTensors } from "../../src/api/files.ts";
import { graph } from "../../src/api/graph.ts";
import { tensor } from "../../src/api/tensor.ts";
import { fromOrt, imageFromTensor, tensorFromImage, toOrt } from "../../src/api/tensor-methods.ts";
import { Image } from "../../src/base/image.ts";
import { readNpy, readNpz, writeNpy, writeNpz } from "../../src/base/npy.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { native } from "../../src/runtime/native.ts";
import { ort } from "../../src/runtime/ort.ts";

const folder = mkdtempSync(join(tmpdir(), "inferlab-tensors-"));
afterAll(() => rmSync(folder, { recursive: true }));

const list = (t: Tensor) => Array.from(t.data as ArrayLike<number>);
const counting = (...shape: number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    shape,
  );

describe("views", () => {
  test("slices, transposes and elements share the tensor's memory", () => {
    const t = counting(2, 3, 4);
    const v = t.view().slice(1, [null, null, -1], [1, 4, 2]);
    expect(v.shape).toEqual([3, 2]);
    expect(v.strides).toEqual([-4, 2]);
    expect(v.data).toBe(t.data);
    expect(list(v.toTensor())).toEqual([21, 23, 17, 19, 13, 15]);
    v.set(99, 0, 1);
    expect((t.data as Float32Array)[23]).toBe(99);
    expect(t.view().transpose().get(3, 2, 1)).toBe(99);
    expect(v.slice(-1, 0).toTensor().shape).toEqual([]);
  });

  test("a contiguous view becomes a tensor without a copy", () => {
    const t = counting(4, 3);
    const part = t.view().slice([1, 3]).toTensor();
    expect((part.data as Float32Array).buffer).toBe((t.data as Float32Array).buffer);
    expect(list(part)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(t.view().toTensor().data).toBe(t.data);
  });

  test("slices mean what Python means, for every start, end and step", () => {
    const t = counting(5);
    const all = [0, 1, 2, 3, 4];
    for (const start of [null, -7, -3, 0, 2, 4, 9])
      for (const end of [null, -7, -2, 0, 3, 5, 9])
        for (const step of [-3, -1, 1, 2]) {
          // Python's own definition: indices start, start + step, … while before the end.
          const clamp = (v: number | null, otherwise: number) => {
            if (v === null) return otherwise;
            const at = v < 0 ? v + 5 : v;
            return step > 0 ? Math.min(Math.max(at, 0), 5) : Math.min(Math.max(at, -1), 4);
          };
          const expected: number[] = [];
          const to = clamp(end, step > 0 ? 5 : -1);
          for (let i = clamp(start, step > 0 ? 0 : 4); step > 0 ? i < to : i > to; i += step) expected.push(all[i]!);
          expect(list(t.view().slice([start, end, step]).toTensor()), `${start}:${end}:${step}`).toEqual(expected);
        }
  });

  test("broadcasting takes no memory; what does not fit is named", () => {
    const v = tensor([[1], [2]])
      .view()
      .broadcastTo([2, 2, 3]);
    expect(list(v.toTensor())).toEqual([1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2]);
    expect(() => counting(2, 2).view().broadcastTo([2, 3])).toThrow(/\[2,2\] does not broadcast to \[2,3\]/);
    expect(() => counting(2).view().get(2)).toThrow(/index 2 is outside axis 0 of size 2/);
  });
});

test("layouts: NCHW, NHWC and channels in blocks", () => {
  const t = counting(2, 5, 2, 3);
  expect(t.toNhwc().shape).toEqual([2, 2, 3, 5]);
  expect(list(t.toNhwc().toNchw())).toEqual(list(t));
  const blocked = t.toBlocked(4);
  expect(blocked.shape).toEqual([2, 2, 2, 3, 4]);
  expect(list(blocked).slice(0, 4)).toEqual([0, 6, 12, 18]);
  expect(list(blocked.fromBlocked(5))).toEqual(list(t));
  expect(() => counting(2).toNhwc()).toThrow(/float32\[2\], expected \[N,C,H,W\]/);
});

test("dtypes: to() rounds by the rules of the dtype", () => {
  expect(list(tensor([1.5, -2.7, 300]).to("int32"))).toEqual([1, -2, 300]);
  expect(tensor([1]).to("float16").dtype).toBe("float16");
  const t = tensor([1]);
  expect(t.to("float32")).toBe(t);
});

test("pictures become tensors and come back", () => {
  const image = new Image(2, 1, 3, Uint8Array.of(0, 128, 255, 10, 20, 30));
  const t = tensorFromImage(image, { range: [-1, 1] });
  expect(t.shape).toEqual([1, 3, 1, 2]);
  expect(imageFromTensor(t, { range: [-1, 1] }).data).toEqual(image.data);
  expect(imageFromTensor(tensorFromImage(image, { layout: "nhwc" }), { layout: "nhwc" }).data).toEqual(image.data);
});

const samples: Tensor[] = [
  counting(2, 3),
  tensor([1n, -2n]),
  tensor([true, false, true]),
  tensor(Float64Array.of(Math.PI)),
  tensor([1, 2]).to("float16"),
  new Tensor("uint8", [0, 3], new Uint8Array(0)),
  tensor(7),
];

describe("files", () => {
  test.each(samples.map((t) => [`${t.dtype}[${t.shape}]`, t] as const))("%s survives .npy", (_, t) => {
    const again = readNpy(writeNpy(t));
    expect([again.dtype, again.shape, list(again)]).toEqual([t.dtype, t.shape, list(t)]);
  });

  test("NumPy's order of columns and of bytes are turned", () => {
    const header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n";
    const file = Buffer.concat([
      Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]),
      Buffer.from(header),
      Buffer.from([0, 0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5]),
    ]);
    const t = readNpy(file);
    expect([t.dtype, t.shape, list(t)]).toEqual(["int16", [2, 3], [0, 1, 2, 3, 4, 5]]);
  });

  test.each(["npz", "safetensors"])("many tensors survive .%s", (ending) => {
    const path = join(folder, `all.${ending}`);
    const named = Object.fromEntries(samples.map((t, i) => [`t${i}`, t]));
    saveTensors(path, named);
    const again = loadTensors(path);
    expect(Object.keys(again)).toEqual(Object.keys(named));
    for (const [name, t] of Object.entries(named))
      expect([again[name]!.dtype, again[name]!.shape, list(again[name]!)]).toEqual([t.dtype, t.shape, list(t)]);
  });

  test("unzip, where there is one, reads our .npz", () => {
    const path = join(folder, "small.npz");
    saveTensors(path, { a: counting(3) });
    let listing = "";
    try {
      listing = execFileSync(
        "python3",
        ["-c", "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.testzip(), z.namelist())", path],
        { encoding: "utf8" },
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    expect(listing.trim()).toBe("None ['a.npy']");
  });

  test("damage is a typed error", () => {
    const npz = writeNpz(new Map([["a", counting(40)]]));
    for (let at = 0; at < npz.length; at += 7) {
      const copy = npz.slice();
      copy[at]! ^= 0xff;
      try {
        const [t] = readNpz(copy).values();
        if (t) expect(t).toBeInstanceOf(Tensor);
      } catch (error) {
        expect((error as { name: string }).name, `byte ${at}: ${error}`).toBe("InferlabError");
      }
    }
    expect(() => loadTensors(new Uint8Array(4))).toThrowError(expect.objectContaining({ code: "MODEL_FORMAT" }));
    expect(() => saveTensors("x.png", {})).toThrowError(expect.objectContaining({ code: "ARGUMENT" }));
  });
});

describe("memory", () => {
  test("is shared with typed arrays and SharedArrayBuffer", () => {
    const shared = new Float32Array(new SharedArrayBuffer(16));
    const t = tensor(shared, [2, 2]);
    expect(t.data).toBe(shared);
    shared[3] = 5;
    expect(t.view().get(1, 1)).toBe(5);
  });

  test.skipIf(!ort.available().ok)("is shared with onnxruntime's tensors", async () => {
    const { Tensor: OrtTensor } = await import("onnxruntime-node");
    const t = counting(2, 2);
    const theirs = new OrtTensor(...(toOrt(t) as [never, never, never]));
    expect(theirs.data).toBe(t.data);
    const back = fromOrt(theirs as never);
    expect(back.data).toBe(t.data);
    expect(back.shape).toEqual([2, 2]);
  });

  test.skipIf(!native.available().ok)("of a result is given back by dispose() and by using", async () => {
    const g = graph("big");
    g.output("y", g.input("x", "float32", [1024, 256]).mul(2));
    using session = await g.toModel().compile({ engine: "native" });
    const x = counting(1024, 256);
    const { y } = await session.run({ x });
    const memory = (y!.data as Float32Array).buffer;
    expect(memory.byteLength).toBe(2 ** 20);
    y!.dispose();
    y!.dispose();
    expect(memory.byteLength).toBe(0);
    expect(() => y!.data).toThrowError(expect.objectContaining({ code: "MEMORY" }));
    let inner: ArrayBufferLike;
    {
      using again = (await session.run({ x }))["y"]!;
      inner = (again.data as Float32Array).buffer;
      expect(inner.byteLength).toBe(2 ** 20);
    }
    expect(inner.byteLength).toBe(0);
  });

  test.skipIf(!native.available().ok)("of a result is kept while a run or a graph has it", async () => {
    const g = graph("kept");
    g.output("y", g.input("x", "float32", [64, 64]).mul(2));
    using session = await g.toModel().compile({ engine: "native" });
    const first = (await session.run({ x: counting(64, 64) }))["y"]!;
    const memory = (first.data as Float32Array).buffer;
    const running = session.run({ x: first });
    first.dispose();
    expect(memory.byteLength).toBe(2 ** 14);
    const second = (await running)["y"]!;
    expect((second.data as Float32Array)[63]).toBe(4 * 63);
    expect(memory.byteLength).toBe(0);
    const other = graph("constant");
    other.output("z", other.input("x", "float32", [64, 64]).add(second));
    const kept = (second.data as Float32Array).buffer;
    second.dispose();
    expect(kept.byteLength).toBe(2 ** 14);
    using adding = await other.toModel().compile({ engine: "native" });
    const { z } = await adding.run({ x: counting(64, 64) });
    expect((z!.data as Float32Array)[63]).toBe(5 * 63);
  });

  test("of your own array stays yours", () => {
    const mine = new Float32Array(4);
    const t = tensor(mine);
    t.dispose();
    expect(t.isDisposed).toBe(true);
    expect(mine.length).toBe(4);
  });
});
