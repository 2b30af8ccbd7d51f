/**
 * Node's older functions take a callback last (`fs.stat`, `crypto.pbkdf2`, `dns.lookup`): made to carry the context of the
 * call. What comes late then finds its own cell; of an interrupted cell it does not come at all, for it could starve the
 * event loop when the interrupt is over and nobody waits for it.
 */
import childProcess from "node:child_process";
import crypto from "node:crypto";
import dns from "node:dns";
import fs from "node:fs";
import zlib from "node:zlib";

/** A function of which there is a second form that waits, and so a callback in the first. */
const hasSyncForm = (name: string, module: object): boolean => `${name}Sync` in module;

const modules: readonly (readonly [object, (name: string, module: object) => boolean])[] = [
  [fs, (name, module) => hasSyncForm(name, module) || name === "exists"],
  [zlib, hasSyncForm],
  [childProcess, hasSyncForm],
  [crypto, (name, module) => hasSyncForm(name, module) || name === "randomBytes" || name === "randomInt"],
  [dns, (name) => /^(lookup|resolve|reverse)/.test(name)],
];

/** `bind` gives back its function with the current context. Whoever exports the modules' names must be told afterwards. */
export function followCallbacks(bind: (callback: unknown) => unknown): void {
  for (const [module, takesCallback] of modules)
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
      if (typeof value !== "function" || !takesCallback(name, module)) continue;
      // A proxy: `fs.realpath.native` and what `util.promisify` looks for stay where they are.
      const following = new Proxy(value, {
        apply(target, self, args: unknown[]) {
          const last = args.length - 1;
          return Reflect.apply(
            target,
            self,
            typeof args[last] === "function" ? args.with(last, bind(args[last])) : args,
          );
        },
      });
      Object.assign(module, { [name]: following });
    }
}
