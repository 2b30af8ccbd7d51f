/** What the model commands share: reading pairs such as `x=1,3,224,224`. */
import { InferlabError } from "../base/errors.ts";
import type { Shape } from "../base/shapes.ts";

/** `name=value` pairs; the last `=` parts them, since names of tensors may hold one. */
export function pairs(list: readonly string[] | undefined, option: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const item of list ?? []) {
    const at = item.lastIndexOf("=");
    if (at < 1) throw new InferlabError("ARGUMENT", `--${option} is ${JSON.stringify(item)}, expected name=value`);
    out[item.slice(0, at)] = item.slice(at + 1);
  }
  return out;
}

/** `x=1,3,n` → a shape by name; parts that are no numbers are symbols. */
export function shapes(list: readonly string[] | undefined, option: string): Record<string, Shape> {
  return Object.fromEntries(
    Object.entries(pairs(list, option)).map(([name, text]) => [
      name,
      text === "" ? [] : text.split(/[,x]/).map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : part.trim())),
    ]),
  );
}

/** A number of bytes: `1048576`, `512k`, `1M`, `2G`. */
export function bytes(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([kKmMgG]?)i?[bB]?$/.exec(text);
  if (!match)
    throw new InferlabError("ARGUMENT", `--${option} is ${JSON.stringify(text)}, expected bytes such as 512k or 1M`);
  return Math.round(Number(match[1]) * 1024 ** ["", "k", "m", "g"].indexOf(match[2]!.toLowerCase()));
}

/** A number that is not negative, of an option. */
export function number(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value >= 0)) throw new InferlabError("ARGUMENT", `--${option} is ${JSON.stringify(text)}, expected a number`);
  return value;
}

/** `n=16` → sizes of symbols. */
export function sizes(list: readonly string[] | undefined, option: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(pairs(list, option)).map(([name, text]) => {
      const size = Number(text);
      if (!Number.isInteger(size) || size < 1)
        throw new InferlabError("ARGUMENT", `--${option} ${name} is ${JSON.stringify(text)}, expected a whole number`);
      return [name, size];
    }),
  );
}
