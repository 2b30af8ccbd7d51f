/** Where each of the kernel's processes and threads begins: files of the build (scripts/bundle-kernel.mjs). */
import { join } from "node:path";
import { packageRoot } from "../src/base/package-root.ts";

const file = (name: string): string => join(packageRoot, "dist", "kernel", "bundle", name);

export const entryPoints = {
  /** The protocol process; takes a connection file. */
  main: file("main.cjs"),
  /** The process of user code … */
  runtime: file("runtime.cjs"),
  /** … and the thread that watches over it. */
  control: file("control.cjs"),
} as const;
