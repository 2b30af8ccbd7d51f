/** The connection file a front end writes before it starts a kernel. */
import { readFileSync } from "node:fs";
import { InferlabError } from "../../src/base/errors.ts";
import { isObject } from "./messages.ts";

export interface Connection {
  readonly transport: "tcp" | "ipc";
  /** Address to bind; for ipc the prefix of the socket files' paths. */
  readonly ip: string;
  readonly key: string;
  readonly signatureScheme: string;
  readonly ports: Readonly<Record<"shell" | "control" | "stdin" | "iopub" | "heartbeat", number>>;
}

/** Errors: FILE where the file cannot be read, KERNEL where a field is missing or has a wrong type. */
export function readConnection(path: string): Connection {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new InferlabError("FILE", `connection file "${path}" cannot be read: ${(error as Error).message}`, {
      hint: "the front end writes this file and passes its path; to use the kernel in a terminal run: inferlab repl",
      cause: error,
    });
  }
  if (!isObject(value)) throw new InferlabError("KERNEL", `connection file "${path}" holds no JSON object`);
  const fields = value;
  const port = (name: string): number => {
    const found = fields[`${name}_port`];
    if (typeof found !== "number" || !Number.isInteger(found) || found < 0 || found > 65535)
      throw new InferlabError(
        "KERNEL",
        `connection file: ${name}_port is ${JSON.stringify(found)}, expected a port number`,
      );
    return found;
  };
  const transport = fields["transport"] ?? "tcp";
  if (transport !== "tcp" && transport !== "ipc")
    throw new InferlabError(
      "KERNEL",
      `connection file: transport is ${JSON.stringify(transport)}, expected "tcp" or "ipc"`,
    );
  return {
    transport,
    ip: typeof fields["ip"] === "string" ? fields["ip"] : "127.0.0.1",
    key: typeof fields["key"] === "string" ? fields["key"] : "",
    signatureScheme: typeof fields["signature_scheme"] === "string" ? fields["signature_scheme"] : "hmac-sha256",
    ports: {
      shell: port("shell"),
      control: port("control"),
      stdin: port("stdin"),
      iopub: port("iopub"),
      heartbeat: port("hb"),
    },
  };
}

/** `tcp://127.0.0.1:5000`, or `ipc:///path-5000`. */
export function address(connection: Connection, port: number): string {
  return connection.transport === "ipc"
    ? `ipc://${connection.ip}-${port}`
    : `tcp://${connection.ip.includes(":") ? `[${connection.ip}]` : connection.ip}:${port}`;
}
