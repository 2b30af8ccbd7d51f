/** `inferlab kernel CONNECTION_FILE`: the kernel process in the foreground, as the installed kernel starts it. */
import { startKernel } from "../../kernel/start.ts";

/** Ends when the kernel is shut down; 2 without a connection file. */
export async function run(args: string[]): Promise<number> {
  const [connectionFile] = args;
  if (connectionFile === undefined || connectionFile.startsWith("-")) {
    console.log("usage: inferlab kernel CONNECTION_FILE");
    return connectionFile === undefined ? 2 : 0;
  }
  return startKernel(connectionFile);
}
