/** What a process and all that it started use, from Linux's /proc (proc(5)); elsewhere only this process is known. */
import { readdirSync, readFileSync } from "node:fs";

export interface Usage {
  /** Resident bytes; pages shared between the processes count in each. */
  readonly memoryBytes: number;
  /** Milliseconds of processor time since each started. */
  readonly cpuMs: number;
}

/** The unit of times in /proc/PID/stat; fixed at 100 a second in every Linux that Node runs on. */
const ticksPerMs = 0.1;

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
}

function processUsage(pid: number): Usage {
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field, the command's name in brackets, may hold blanks; user and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { memoryBytes: Number(rss?.[1] ?? 0) * 1024, cpuMs: (Number(fields[11]) + Number(fields[12])) / ticksPerMs };
}

/** Of this process and its descendants together. A process that ends meanwhile counts as nothing. */
export function usageOfTree(root: number = process.pid): Usage {
  if (process.platform !== "linux") {
    const { user, system } = process.cpuUsage();
    return { memoryBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 };
  }
  const total = { memoryBytes: 0, cpuMs: 0 };
  const add = (pid: number): void => {
    try {
      const own = processUsage(pid);
      total.memoryBytes += own.memoryBytes;
      total.cpuMs += own.cpuMs;
      for (const child of childrenOf(pid)) add(child);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ESRCH") throw error;
    }
  };
  add(root);
  return total;
}
