/** Every environment variable the project reads: name, meaning, default. */

export const envVariables = {
  INFERLAB_ISA: "instruction set the native kernels use: avx512, avx2, neon, plain (default: the best this CPU has)",
  INFERLAB_THREADS: "threads of a session that does not say (default: the number of CPUs)",
  INFERLAB_HISTORY:
    "file of the kernel's history; 'off' keeps none (default: inferlab/history.jsonl in the data folder)",
  INFERLAB_EXTRA_CA_CERTS:
    "set by the kernel's specification: what NODE_EXTRA_CA_CERTS is to be where cells run (kernel/launch.ts)",
  INFERLAB_CACHE:
    "folder of what can be measured or compiled again, such as the machine's peaks; 'off' keeps none (default: inferlab in the user's cache folder)",
  INFERLAB_SHARED: "tests only: folder of the shared fixtures (default: ../shared)",
  INFERLAB_ADDON: "path of the native addon; 'off' runs without it (default: build/Release/inferlab.node)",
  INFERLAB_MEMORY_POOL:
    "off: the native engine takes its memory from the C library, to compare with (default: the pool)",
  INFERLAB_MEMORY_CHECK: "1: canaries, poison and guard pages in the native memory pool (default: off)",
} as const;

export type EnvVariable = keyof typeof envVariables;

/** The variable's value, or undefined where it is unset or empty. */
export function env(name: EnvVariable): string | undefined {
  return process.env[name] || undefined;
}
