/** oxc-parser, loaded when it is first used: kernel_info is answered before it is needed (25 ms, measured). */
import { createRequire } from "node:module";
import type * as Parser from "oxc-parser";

let loaded: typeof Parser | undefined;

export const parseSync: typeof Parser.parseSync = (...args) => {
  loaded ??= createRequire(import.meta.url)("oxc-parser") as typeof Parser;
  return loaded.parseSync(...args);
};
