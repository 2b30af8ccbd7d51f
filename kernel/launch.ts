/**
 * How a front end starts this kernel, and how the kernel starts its runtime: commands and environments.
 *
 * Extra certificates are the runtime's alone. Node 20 reads the file that NODE_EXTRA_CA_CERTS names before it does anything
 * else; the usual bundle of 140 certificates takes three times as long as the rest of its start (measured), and the protocol
 * process speaks no TLS. So a front end hands it the name aside, and it gives it on.
 */
import { entryPoints } from "./entry-points.ts";

/** `argv` and `env` of the kernel's specification. Source: Jupyter client, "Kernel specs". */
export const kernelCommand: {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} = {
  argv: [process.execPath, entryPoints.main, "{connection_file}"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the front end fills it in
  env: { NODE_EXTRA_CA_CERTS: "", INFERLAB_EXTRA_CA_CERTS: "${NODE_EXTRA_CA_CERTS}" },
};

/**
 * A specification's `env` with each `${NAME}` replaced by the variable's value. Like Jupyter's own client, one that is not
 * set stays as it is written.
 */
export function substituted(
  env: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const replace = (text: string): string =>
    text.replace(/\$\{([A-Za-z_]\w*)\}/g, (written: string, name: string) => environment[name] ?? written);
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, replace(value)]));
}

/** What user code finds in its environment: what the front end was started with. */
export function runtimeEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { INFERLAB_EXTRA_CA_CERTS: aside, ...others } = environment;
  if (aside === undefined) return others;
  const { NODE_EXTRA_CA_CERTS: _none, ...rest } = others;
  const isSet = aside !== "" && !aside.startsWith("${");
  return isSet ? { ...rest, NODE_EXTRA_CA_CERTS: aside } : rest;
}
