import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import { examples } from "../../src/pipeline/nodes/examples.ts";
import { findNodes, libraryPage, signature } from "../../src/pipeline/nodes/help.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { withoutNative } from "../../src/pipeline/nodes/native.ts";
import { kinds, type NodeFunction } from "../../src/pipeline/nodes/node.ts";
import { repositoryRoot } from "../support/shared.ts";

const nodes = Object.entries<NodeFunction>(library);

describe("every node of the library", () => {
  for (const [name, node] of nodes) {
    const { definition } = node;
    describe(name, () => {
      test("is listed under its own name and describes itself in sentences", () => {
        expect(definition.name).toBe(name);
        expect(definition.about).toMatch(/^[A-Z].*[.]$/s);
        for (const { about } of Object.values(definition.parameters)) expect(about.length).toBeGreaterThan(3);
      });

      test("its example runs and returns what it says", async () => {
        const names = [...Object.keys(library), ...Object.keys(examples)];
        const values = [...Object.values(library), ...Object.values(examples)];
        const result: unknown = await new Function(...names, `return ${definition.example}`)(...values);
        expect(kinds[definition.output].test(result), `${name} returned ${String(result)}`).toBe(true);
      });

      test("refuses a wrong input and an unknown option with a typed error", () => {
        const call = node as unknown as (...args: unknown[]) => unknown;
        const first = definition.inputs[0]?.kind;
        if (first !== "any" && first !== "text")
          expect(() => call("no such thing", {})).toThrowError(expect.objectContaining({ code: "ARGUMENT" }));
      });
    });
  }
});

describe("pictures of docs/nodes.md", () => {
  const names = [...Object.keys(library), ...Object.keys(examples)];
  const values = [...Object.values(library), ...Object.values(examples)];
  const fileOf = (name: string): string => join(repositoryRoot, "docs", "images", "nodes", `${name}.png`);
  const pictured = nodes.filter(([, { definition }]) => definition.output === "image");

  for (const [name, { definition }] of pictured)
    test(`${name} is what its example makes`, async () => {
      // The references, because a picture is the same on every machine.
      const made: Image = await withoutNative(() => new Function(...names, `return ${definition.example}`)(...values));
      const { width, height, channels, data } = library.resize(library.toRgb(made), {
        width: 3 * made.width,
        height: 3 * made.height,
        method: "nearest",
      });
      if (process.env.UPDATE) {
        mkdirSync(dirname(fileOf(name)), { recursive: true });
        const png = sharp(data, { raw: { width, height, channels } }).png({ compressionLevel: 9 });
        writeFileSync(fileOf(name), await png.toBuffer());
      }
      const kept = await sharp(fileOf(name)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      // Letters are those of the machine's fonts; exponentials may differ in their last digit.
      if (name === "drawText") return;
      expect([kept.info.width, kept.info.height]).toEqual([width, height]);
      const worst = data.reduce((most, level, i) => Math.max(most, Math.abs(level - kept.data[i]!)), 0);
      expect(worst).toBeLessThanOrEqual(1);
    });
});

describe("into", () => {
  const names = [...Object.keys(library), ...Object.keys(examples)];
  const writing = nodes.filter(([, { definition }]) => definition.parameters.into !== undefined);
  const memoryOf = (value: unknown): Uint8Array | Float32Array => {
    if (value instanceof Uint8Array) return value;
    const { data } = value as Image | Tensor<"float32">;
    return data;
  };
  const copyOf = <T>(value: T): T => {
    if (value instanceof Image)
      return new Image(value.width, value.height, value.channels, value.data.slice()) as unknown as T;
    if (value instanceof Tensor) return new Tensor(value.dtype, value.shape, value.data.slice()) as unknown as T;
    return (value as Uint8Array).slice() as T;
  };
  const callWith = (node: NodeFunction, args: readonly unknown[], into: unknown): unknown => {
    const count = node.definition.inputs.length;
    const options = { ...(args[count] as object | undefined), into };
    return (node as unknown as (...args: unknown[]) => unknown)(...args.slice(0, count), options);
  };

  const refused = async (...given: Parameters<typeof callWith>): Promise<unknown> => callWith(...given);

  test("every node that makes a picture takes it", () => {
    expect(writing.length).toBeGreaterThan(35);
  });

  for (const [name, node] of writing)
    test(`${name} writes what it would have made, and refuses its input's memory and another size`, async () => {
      let args: readonly unknown[] = [];
      const remember = (...given: unknown[]): unknown => {
        args = given;
        return (node as unknown as (...args: unknown[]) => unknown)(...given);
      };
      const values = [...Object.values({ ...library, [name]: remember }), ...Object.values(examples)];
      const wanted: unknown = await new Function(...names, `return ${node.definition.example}`)(...values);
      const into = copyOf(wanted);
      memoryOf(into).fill(77);
      expect(await callWith(node, args, into)).toBe(into);
      expect(memoryOf(into)).toEqual(memoryOf(wanted));
      const argument = expect.objectContaining({ code: "ARGUMENT" });
      const wrong = wanted instanceof Uint8Array ? wanted.slice(1) : new Image(1, 999, 1, new Uint8Array(999));
      await expect(refused(node, args, wrong)).rejects.toThrowError(argument);
      await expect(refused(node, args, "no picture")).rejects.toThrowError(argument);
      if (args[0] instanceof Image) await expect(refused(node, args, args[0])).rejects.toThrowError(argument);
    });

  test("takes a part of a tensor's memory and leaves the rest; the input of the next call is its own", () => {
    const batch = new Float32Array(2 * 6).fill(-1);
    const photo = new Tensor("float32", [2, 2], Float32Array.of(1, 2, 3, 4));
    const into = new Tensor("float32", [2, 3], batch.subarray(6));
    expect(library.resize(photo, { width: 3, height: 2, method: "nearest", into })).toBe(into);
    expect([...batch]).toEqual([-1, -1, -1, -1, -1, -1, 1, 2, 2, 3, 4, 4]);
    expect(() => library.gaussianBlur(into, { into })).toThrowError(/lies in the memory of an input/);
  });

  test("is refused to a pipeline's stage, whose frames run at the same time", () => {
    const parameters = { width: 4, into: examples.photo };
    expect(() =>
      pipeline("p", { image: port("image") }, (p, { image }) => ({
        small: p.stage("s", library.resize, [image], { parameters }),
      })),
    ).toThrowError(/without it/);
  });
});

describe("help", () => {
  test("finds nodes by words of their description", () => {
    expect(findNodes("hull convex").map((d) => d.name)).toContain("convexHull");
    expect(findNodes("no node says this")).toEqual([]);
    expect(findNodes()).toHaveLength(nodes.length);
  });

  test("writes a signature", () => {
    expect(signature(library.rotate.definition)).toBe("rotate(image, { angle }) → image");
    expect(signature(library.convexHull.definition)).toBe("convexHull(points) → points");
  });

  test("docs/nodes.md is what the definitions say (UPDATE=1 writes it)", () => {
    const file = join(repositoryRoot, "docs", "nodes.md");
    if (process.env.UPDATE) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, libraryPage());
    }
    expect(readFileSync(file, "utf8")).toBe(libraryPage());
  });
});
