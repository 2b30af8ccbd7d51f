/** `node main.js CONNECTION_FILE`: what a Jupyter front end starts. */
import { startKernel } from "./start.ts";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  process.stderr.write(
    "usage: node main.js CONNECTION_FILE (a Jupyter front end starts this; see: inferlab install)\n",
  );
  process.exit(2);
}
startKernel(connectionFile).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`inferlab kernel: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
