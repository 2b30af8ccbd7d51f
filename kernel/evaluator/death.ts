/** Why a runtime process ended, in words for the person whose variables it held. */

const lost = "All variables are lost; the next cell starts in a fresh runtime.";

const signals: Partial<Record<NodeJS.Signals, string>> = {
  SIGSEGV: "native code made an invalid memory access (SIGSEGV)",
  SIGBUS: "native code made an invalid memory access (SIGBUS)",
  SIGILL: "native code ran an instruction this CPU does not have (SIGILL)",
  SIGFPE: "native code made an invalid arithmetic operation (SIGFPE)",
  SIGABRT: "native code or V8 gave up (SIGABRT)",
  SIGKILL: "it was killed (SIGKILL), which is what a system short of memory does",
  SIGTERM: "it was asked to end (SIGTERM)",
};

/** `stderr` is the end of what the process wrote there; `reason` why we ended it, where we did. */
export function describeDeath(
  code: number | null,
  signal: NodeJS.Signals | null,
  stderr: string,
  reason?: string,
): string {
  if (reason) return `${reason}. ${lost}`;
  if (/heap out of memory|Allocation failed/.test(stderr))
    return `JavaScript ran out of heap memory and V8 ended the process. ${lost} Start the kernel with NODE_OPTIONS=--max-old-space-size=<MiB> for a larger heap.`;
  if (signal) return `The runtime process ended: ${signals[signal] ?? `signal ${signal}`}. ${lost}`;
  if (code === null) return `The runtime process could not be started. ${lost}`;
  return `The code ended its process with exit code ${code}. ${lost}`;
}
