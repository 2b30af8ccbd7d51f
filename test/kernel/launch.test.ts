import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import { kernelCommand, runtimeEnvironment, substituted } from "../../kernel/launch.ts";
import { result, root, startKernel } from "../support/kernel.ts";

let kernel: KernelClient | undefined;
afterAll(() => kernel?.close());

/** What a front end with this environment starts the kernel in. */
const given = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...environment,
  ...substituted(kernelCommand.env, environment),
});

test.each<[string, NodeJS.ProcessEnv]>([
  ["one with certificates", { PATH: "/bin", NODE_EXTRA_CA_CERTS: "/some/certs.pem" }],
  ["one without", { PATH: "/bin" }],
])("the runtime's environment is the front end's: %s", (_name, environment) => {
  expect(given(environment)["NODE_EXTRA_CA_CERTS"]).toBe("");
  expect(runtimeEnvironment(given(environment))).toEqual(environment);
  // Started by hand, without a specification.
  expect(runtimeEnvironment(environment)).toEqual(environment);
});

const reference = (name: string): string => `$\{${name}}`;

test("a specification's variables are replaced, unknown ones and other text stay", () => {
  const env = { A: `${reference("X")}/lib:${reference("X")}`, B: reference("MISSING"), C: "$X costs 5$" };
  expect(substituted(env, { X: "/x" })).toEqual({ A: "/x/lib:/x", B: reference("MISSING"), C: "$X costs 5$" });
});

test("cells find the certificates' file in their environment", async () => {
  const file = join(root, "package.json"); // Node warns of a file without certificates, and goes on.
  kernel = await startKernel({ env: { NODE_EXTRA_CA_CERTS: file } });
  const code = "[process.env.NODE_EXTRA_CA_CERTS, process.env.INFERLAB_EXTRA_CA_CERTS].join()";
  expect(result(await kernel.execute(code))).toBe(`'${file},'`);
});
