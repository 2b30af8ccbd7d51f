/** A kernel that runs for days: what it keeps of a cell is small. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { result, startKernel } from "../../support/kernel.ts";

const numCells = 2000;

/** Kinds of cells that take turns: a value, names of their own, output, a name that is declared again. */
const cells: readonly ((index: number) => string)[] = [
  () => "1 + 1",
  (index) => `const g${index} = ${index}; function h${index}(n: number): number { return n + g${index}; }`,
  (index) => `console.log("line", ${index})`,
  (index) => `let again = ${index}; again * 2`,
];

/** Resident MiB of a process. Source: proc(5). */
function residentMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;
}

test.runIf(process.platform === "linux")("2,000 cells cost little memory, and the first ones' names live", async () => {
  const kernel = await startKernel();
  try {
    const runtime = Number(result(await kernel.execute("process.pid")));
    const resident = (): number[] => [kernel.process.pid!, runtime].map(residentMib);
    const run = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index++) {
        const { reply } = await kernel.execute(cells[index % cells.length]!(index));
        expect(reply.content["status"]).toBe("ok");
      }
    };
    await run(0, numCells / 4);
    const before = resident();
    await run(numCells / 4, numCells);
    // A heap that has grown to its usual size, and some kilobytes a cell.
    for (const [index, mib] of resident().entries()) expect(mib - before[index]!).toBeLessThan(40);
    expect(result(await kernel.execute("h1(1)"))).toBe("2");
  } finally {
    await kernel.close();
  }
});
