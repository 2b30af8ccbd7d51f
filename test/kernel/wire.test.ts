import { expect, test } from "vitest";
import { Wire } from "../../kernel/protocol/wire.ts";

const wire = new Wire("secret");
const message = () =>
  wire.encode({
    msgType: "status",
    content: { execution_state: "idle" },
    identities: [Buffer.from("me")],
    buffers: [new Uint8Array([1, 2])],
  });

test("decode gives back what encode wrote", () => {
  const decoded = wire.decode(message());
  expect(decoded.header.msg_type).toBe("status");
  expect(decoded.content).toEqual({ execution_state: "idle" });
  expect(Buffer.from(decoded.identities[0]!).toString()).toBe("me");
  expect([...decoded.buffers[0]!]).toEqual([1, 2]);
});

test("the signature is the HMAC that other implementations make", () => {
  // Made with Python's hmac module: key b"key", sha256, updated with the four frames below.
  const signature = "472a1ead4690d565816b5e8706e67487756cd47f48ba8d090e502069ad007bb9";
  const header = Buffer.from('{"msg_id":"1","msg_type":"x"}');
  const frames = [
    Buffer.from("<IDS|MSG>"),
    Buffer.from(signature),
    header,
    ...["{}", "{}", "{}"].map((text) => Buffer.from(text)),
  ];
  expect(new Wire("key").decode(frames).header.msg_id).toBe("1");
});

test("an empty key turns signing off", () => {
  const open = new Wire("");
  const frames = open.encode({ msgType: "x", content: {} });
  expect(frames[1]!.length).toBe(0);
  expect(open.decode(frames).header.msg_type).toBe("x");
});

test.each<[string, (frames: Uint8Array[]) => Uint8Array[], string]>([
  ["of no frames", () => [], "no <IDS|MSG>"],
  ["without delimiter", (frames) => frames.filter((_, index) => index !== 1), "no <IDS|MSG>"],
  ["with a missing frame", (frames) => frames.slice(0, 6), "expected 5 or more"],
  ["with another signature", (frames) => frames.with(2, Buffer.from("0".repeat(64))), "signature"],
  ["with a short signature", (frames) => frames.with(2, Buffer.from("0")), "signature"],
  ["with changed content", (frames) => frames.with(6, Buffer.from('{"execution_state":"busy"}')), "signature"],
])("decode refuses a message %s", (_name, change, text) => {
  expect(() => wire.decode(change(message()))).toThrow(text);
});

test.each([
  ["{", "not JSON"],
  ["[]", "expected an object"],
  ["{}", "no msg_id"],
])("decode refuses header %s", (header, text) => {
  const open = new Wire("");
  const frames = open.encode({ msgType: "x", content: {} });
  expect(() => open.decode(frames.with(2, Buffer.from(header)))).toThrow(text);
});
