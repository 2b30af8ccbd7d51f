/** Where things lie that can be measured or made again. */
import { homedir } from "node:os";
import { join } from "node:path";
import { env } from "./env.ts";

/** The project's folder in the user's cache folder, or undefined where nothing is to be kept. It may not exist yet. */
export function cacheFolder(): string | undefined {
  const given = env("INFERLAB_CACHE");
  if (given) return given === "off" ? undefined : given;
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === "win32") return LOCALAPPDATA && join(LOCALAPPDATA, "inferlab", "cache");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "inferlab");
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "inferlab");
}
