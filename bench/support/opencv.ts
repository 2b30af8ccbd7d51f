/** OpenCV as a peer: a small program compiled on demand where Debian's libopencv-imgproc-dev and libopencv-dnn-dev are installed. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../src/base/package-root.ts";

export interface OpenCv {
  readonly version: string;
  /** Runs once, into the result of the run before or into a new Mat; milliseconds, measured in the program. */
  run(name: string, fresh?: boolean): Promise<number>;
  setThreads(count: number): Promise<void>;
  close(): void;
}

/** Undefined, with a line that says why, where OpenCV or a compiler is missing. */
export function startOpenCv(): OpenCv | undefined {
  const headers = "/usr/include/opencv4";
  if (!existsSync(join(headers, "opencv2", "dnn.hpp"))) {
    console.log("OpenCV is not installed (Debian: libopencv-imgproc-dev libopencv-dnn-dev); its column is empty");
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "inferlab-opencv-"));
  const program = join(folder, "peer");
  const args = ["-O2", "-std=c++17", `-I${headers}`, join(packageRoot, "bench", "opencv", "main.cc"), "-o", program];
  const built = spawnSync("g++", [...args, "-lopencv_dnn", "-lopencv_imgproc", "-lopencv_core"], { encoding: "utf8" });
  if (built.status !== 0) {
    console.log(`OpenCV's program was not built: ${(built.stderr ?? String(built.error)).split("\n")[0]}`);
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const version = spawnSync(
    "grep",
    ["-hE", "define CV_VERSION_(MAJOR|MINOR|REVISION)", join(headers, "opencv2/core/version.hpp")],
    {
      encoding: "utf8",
    },
  )
    .stdout.split("\n")
    .map((line) => line.split(/\s+/)[2])
    .filter(Boolean)
    .join(".");
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const waiting: ((ms: number) => void)[] = [];
  lines.on("line", (line) => waiting.shift()?.(Number(line)));
  const ask = (line: string): Promise<number> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      child.stdin.write(`${line}\n`);
    });
  return {
    version,
    run: (name, fresh = false) => ask(`${fresh ? "fresh" : "run"} ${name}`),
    setThreads: async (count) => {
      await ask(`threads ${count}`);
    },
    close() {
      child.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}
