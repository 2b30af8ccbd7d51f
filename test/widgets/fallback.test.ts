/** What a widget leaves in a saved notebook. */
import { expect, test } from "vitest";
import { displaySymbol } from "../../src/base/display-hook.ts";
import { dropdown } from "../../src/widgets/index.ts";

test("choices may be anything: objects of classes, circles, bigints", () => {
  class Session {
    readonly self = this;
  }
  const circle: Record<string, unknown> = { size: 3n };
  circle["around"] = circle;
  for (const [value, shown] of [
    [new Session(), '"Session"'],
    [{ net: new Session() }, '{"net":"Session"}'],
    [circle, '{"size":"3n","around":"…"}'],
  ] as const) {
    const data = dropdown({ options: { one: value, two: 2 }, description: "engine" })[displaySymbol]() as Record<
      string,
      string
    >;
    expect(data["text/plain"]).toContain(`value: ${shown}`);
    expect(data["text/html"]).toContain("engine");
  }
});
