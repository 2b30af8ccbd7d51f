/**
 * The kernel process: `node main.js CONNECTION_FILE`. Sockets, messages, output, history and types live here; user code runs
 * in the runtime process, which is started first because it takes the longest.
 */
import { RuntimeProcess } from "./evaluator/runtime-process.ts";

/** Milliseconds between looks whether the front end that started us is still there. */
const parentPollMs = 1000;

async function main(connectionFile: string): Promise<void> {
  const runtime = new RuntimeProcess();
  const { readConnection } = await import("./protocol/connection.ts");
  const [{ SocketTransport }, { Session }] = await Promise.all([
    import("./transport/sockets.ts"),
    import("./session/session.ts"),
  ]);
  const connection = readConnection(connectionFile);
  let transport: Awaited<ReturnType<typeof SocketTransport.open>> | undefined;
  const session = new Session({
    runtime,
    onShutdown: () => {
      void transport?.close().finally(() => process.exit(0));
    },
  });
  transport = await SocketTransport.open(connection, session);
  session.attach(transport);
  void session.evaluator.loadCompiler();

  process.on("SIGINT", () => void session.interrupt());
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => void session.shutdown());
  process.on("exit", () => runtime.kill());
  const parent = process.ppid;
  if (process.env["JPY_PARENT_PID"])
    setInterval(() => {
      if (process.ppid !== parent) void session.shutdown();
    }, parentPollMs).unref();
}

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  process.stderr.write("usage: node main.js CONNECTION_FILE (a Jupyter front end starts this; see: inferlab install)\n");
  process.exit(2);
}
main(connectionFile).catch((error: unknown) => {
  process.stderr.write(`inferlab kernel: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
