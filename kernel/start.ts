/**
 * The kernel process: sockets, messages, output, history and types live here; user code runs in the runtime process, which
 * is started first because it takes the longest.
 */
import { RuntimeProcess } from "./evaluator/runtime-process.ts";

/** Milliseconds between looks whether the front end that started us is still there. */
const parentPollMs = 1000;

/** Serves until the front end shuts the kernel down; returns the exit code. Errors: FILE, KERNEL, an address in use. */
export async function startKernel(connectionFile: string): Promise<number> {
  const parent = process.ppid;
  const runtime = new RuntimeProcess();
  const { readConnection } = await import("./protocol/connection.ts");
  const [{ SocketTransport }, { Session }] = await Promise.all([
    import("./transport/sockets.ts"),
    import("./session/session.ts"),
  ]);
  const connection = readConnection(connectionFile);
  let over = (): void => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const session = new Session({ runtime, onShutdown: () => over() });
  const transport = await SocketTransport.open(connection, session);
  session.attach(transport);
  transport.listen();
  void session.evaluator.loadCompiler();

  process.on("SIGINT", () => void session.interrupt());
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => void session.shutdown());
  process.on("exit", () => runtime.kill());
  const announced = process.env["JPY_PARENT_PID"];
  if (announced)
    setInterval(() => {
      // It may have ended before we first looked; an orphan's parent is the system's first process.
      const isOrphan = process.ppid !== parent || (parent === 1 && announced !== "1");
      if (isOrphan) void session.shutdown();
    }, parentPollMs).unref();
  await ended;
  transport.close();
  return 0;
}
