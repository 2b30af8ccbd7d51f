import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { inspectNndeploy, pipelineFromNndeploy } from "../../src/pipeline/flow/nndeploy.ts";
import { encodeImage } from "../../src/pipeline/media/encode.ts";
import { resize } from "../../src/pipeline/nodes/resize.ts";
import { toTensor } from "../../src/pipeline/nodes/to-tensor.ts";

const edge = (name: string, type = "ndarray") => ({ desc_: "edge", type_: type, name_: name });
const node = (key: string, name: string, inputs: string[], outputs: string[], more: object = {}) => ({
  key_: key,
  name_: name,
  device_type_: "kDeviceTypeCodeCpu:0",
  is_dynamic_input_: false,
  inputs_: inputs.map((input) => edge(input)),
  is_dynamic_output_: false,
  outputs_: outputs.map((output) => edge(output)),
  node_repository_: [] as object[],
  ...more,
});
const graph = (name: string, nodes: object[], inputs: string[] = [], outputs: string[] = []) =>
  node("nndeploy.dag.Graph", name, inputs, outputs, { is_graph_: true, node_repository_: nodes });

/** Detection as nndeploy's editor writes it: decode, pre-process, infer, decode boxes, draw, encode. */
const detect = () =>
  graph("Detect", [
    node("nndeploy::codec::OpenCvImageDecode", "Decode_1", [], ["Decode_1@output_0"], { path_: "photo.png" }),
    node("nndeploy::preprocess::CvtResizeNormTrans", "Pre_2", ["Decode_1@output_0"], ["Pre_2@output_0"], {
      param_: {
        src_pixel_type_: "kPixelTypeBGR",
        dst_pixel_type_: "kPixelTypeRGB",
        interp_type_: "kInterpTypeLinear",
        h_: 8,
        w_: 12,
        data_type_: "kDataTypeCodeFp32",
        data_format_: "kDataFormatNCHW",
        normalize_: true,
        scale_: [0.5, 0.5, 0.5, 0.5],
        mean_: [1, 2, 3, 0],
        std_: [2, 2, 4, 1],
      },
    }),
    node("nndeploy::infer::Infer", "Infer_3", ["Pre_2@output_0"], ["Infer_3@output_0", "Infer_3@output_1"], {
      type_: "kInferenceTypeOnnxRuntime",
      param_: { model_value_: ["resources/models/tiny.onnx"] },
    }),
    node("nndeploy::detect::YoloPostProcess", "Post_4", ["Infer_3@output_0", "Infer_3@output_1"], ["Post_4@output_0"]),
    node("nndeploy::detect::DrawBox", "Draw_5", ["Decode_1@output_0", "Post_4@output_0"], ["Draw_5@output_0"]),
    node("nndeploy::codec::OpenCvImageEncode", "Encode_6", ["Draw_5@output_0"], [], { path_: "out.png" }),
  ]);

const session = {
  name: "tiny",
  inputs: [{ name: "x" }],
  outputs: [{ name: "scores" }, { name: "boxes" }],
  async run({ x }: Record<string, Tensor>) {
    return { scores: new Tensor("float32", [1], Float32Array.of(0.5)), boxes: x! };
  },
};
const box = (scores: Tensor, boxes: Tensor) => [
  { x: 1, y: 2, width: boxes.shape[3]!, height: boxes.shape[2]!, score: Number(scores.data[0]) },
];
const photo = new Image(
  24,
  16,
  3,
  Uint8Array.from({ length: 24 * 16 * 3 }, (_, i) => (i * 7) % 251),
);

describe("pipelineFromNndeploy", () => {
  test("wires a workflow by its edges, with models and stand-ins given", async () => {
    const scope = { sessions: { "tiny.onnx": session }, functions: { Post_4: box } };
    const p = pipelineFromNndeploy(detect(), scope);
    expect(p.name).toBe("Detect");
    expect(p.inputNames).toEqual(["Decode_1"]);
    expect(p.parts.inputs[0]).toMatchObject({ default: "photo.png" });
    const { Encode_6: image } = (await p.run({ Decode_1: photo })) as { Encode_6: Image };
    expect(image.annotations.boxes).toMatchObject([{ x: 1, y: 2, width: 12, height: 8, score: 0.5 }]);
    // From a file's bytes too, as the workflow itself would.
    const bytes = await encodeImage(photo);
    expect(((await p.run({ Decode_1: bytes }))["Encode_6"] as Image).data).toEqual(photo.data);
  });

  test("pre-processes as the node says: (level · scale − mean) / std", async () => {
    const workflow = graph(
      "Pre",
      [{ ...(detect().node_repository_ as object[])[1], inputs_: [edge("in")] }],
      ["in"],
      ["Pre_2@output_0"],
    );
    const p = pipelineFromNndeploy(workflow);
    const { "Pre_2@output_0": tensor } = await p.run({ in: photo });
    const expected = toTensor(resize(photo, { width: 12, height: 8 }), { scale: 0.5, mean: [1, 2, 3], std: [2, 2, 4] });
    expect(tensor).toEqual(expected);
  });

  test("says which nodes do not exist, all at once", () => {
    const about = inspectNndeploy(detect());
    expect(about.map(({ name, exists }) => [name, exists])).toEqual([
      ["Decode_1", true],
      ["Pre_2", true],
      ["Infer_3", false],
      ["Post_4", false],
      ["Draw_5", true],
      ["Encode_6", true],
    ]);
    expect(() => pipelineFromNndeploy(detect())).toThrow(
      '2 of the workflow\'s 6 nodes do not exist here: "Infer_3" (nndeploy::infer::Infer): needs the model ' +
        '"resources/models/tiny.onnx" as a session; "Post_4" (nndeploy::detect::YoloPostProcess): no such node here',
    );
    try {
      pipelineFromNndeploy(detect());
    } catch (error) {
      expect(error).toMatchObject({ code: "UNSUPPORTED", hint: expect.stringMatching(/functions/) });
      expect((error as { details: { missing: unknown[] } }).details.missing).toHaveLength(2);
    }
  });

  test("reads graphs in graphs, nodes in any order, and commas behind the last entry", async () => {
    const twice = (v: number) => 2 * v;
    const inner = { ...graph("Inner", [node("own::Twice", "T", ["a"], ["b"])], ["a"], ["b"]), name_: "Inner_9" };
    const outer = graph("Outer", [node("own::Twice", "Last", ["b"], ["c"]), inner], ["a"], ["c"]);
    const text = JSON.stringify(outer, null, 2)
      .replace(/\n(\s*)\]/g, ",\n$1]")
      .replaceAll("[,", "[")
      .replace(/\[\s*,/g, "[");
    expect(() => JSON.parse(text)).toThrow();
    const p = pipelineFromNndeploy(text, { functions: { "own::Twice": twice } });
    expect(await p.run({ a: 3 })).toEqual({ c: 12 });
    expect(inspectNndeploy(outer).map(({ name }) => name)).toEqual(["Last", "Inner_9/T"]);
  });

  test("refuses what is no workflow, and wirings that cannot be", () => {
    const scope = { functions: { f: (v: unknown) => v } };
    const read = (json: unknown) => () => pipelineFromNndeploy(json as object, scope);
    expect(() => pipelineFromNndeploy("{")).toThrow(/no JSON/);
    expect(read([])).toThrow(/is no object/);
    expect(read({ name_: "x" })).toThrow(/no list "node_repository_"/);
    expect(read({ node_repository_: [3] })).toThrow(/node without "key_"/);
    expect(read(graph("g", [node("f", "a", ["x"], ["y"])]))).toThrow(/no node that writes "x", which "a" reads/);
    expect(read(graph("g", [node("f", "a", [], ["y"]), node("f", "a", [], ["z"])]))).toThrow(/two nodes named "a"/);
    expect(read(graph("g", [node("f", "a", [], ["y"]), node("f", "b", [], ["y"])]))).toThrow(
      /two nodes that write "y"/,
    );
    expect(read(graph("g", [node("f", "a", ["z"], ["y"]), node("f", "b", ["y"], ["z"])]))).toThrow(
      /wait for each other/,
    );
    expect(read(graph("g", [node("f", "a", [], ["y"])], [], ["q"]))).toThrow(/gives "q", which no node/);
    let deep: object = node("f", "a", [], ["y"]);
    for (let i = 0; i < 50; i++) deep = { ...graph("g", [deep], [], ["y"]), name_: "g" };
    expect(read(deep)).toThrow(/deeper than 32/);
    const odd = (param: object) =>
      graph(
        "g",
        [node("nndeploy::preprocess::CvtResizeNormTrans", "p", ["x"], ["y"], { param_: { h_: 2, w_: 2, ...param } })],
        ["x"],
      );
    expect(read(odd({ interp_type_: "kInterpTypeSinc" }))).toThrow(/resizes by "kInterpTypeSinc"/);
    expect(read(odd({ data_type_: "kDataTypeCodeInt8" }))).toThrow(/not float32/);
    expect(read(odd({ h_: "tall" }))).toThrow(/no number "h_"/);
  });
});
