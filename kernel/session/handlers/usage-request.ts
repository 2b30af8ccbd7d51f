import { availableParallelism, freemem, hostname, totalmem } from "node:os";
import type { Request } from "../session.ts";
import { usageOfTree } from "../usage.ts";

let last = { atMs: 0, cpuMs: 0 };
/** The engine that the runtime named when it last answered. */
let lastEngine: string | null = null;

/**
 * ipykernel's `usage_request`, which status bars ask on the control channel: memory and processor of the kernel's processes
 * together, and beside it the engine that the notebook's newest session runs on.
 */
export async function usageRequest({ session, reply }: Request): Promise<void> {
  const engine = await session.evaluator.preview('globalThis["inferlab.status"]?.engine ?? ""');
  // A runtime that is too busy to say has not changed it.
  if (engine !== undefined) lastEngine = /\w+/.exec(engine)?.[0] ?? null;
  const { memoryBytes, cpuMs } = usageOfTree();
  const atMs = performance.now();
  const percent = last.atMs ? (100 * (cpuMs - last.cpuMs)) / (atMs - last.atMs) : 0;
  last = { atMs, cpuMs };
  reply({
    hostname: hostname(),
    pid: process.pid,
    kernel_cpu: Math.max(0, Math.round(percent * 10) / 10),
    kernel_memory: memoryBytes,
    cpu_count: availableParallelism(),
    host_virtual_memory: { total: totalmem(), available: freemem() },
    engine: lastEngine,
  });
}
