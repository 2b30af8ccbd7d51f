/** `%install` with the package registry that npm is set up for. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printed, result, startKernel } from "../../support/kernel.ts";

test("%install adds a package to the notebook's folder, and the next cell imports it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "inferlab-install-"));
  // As below `npm run --silent`, where npm would print nothing.
  const kernel = await startKernel({ folder, env: { npm_config_loglevel: "silent" } });
  try {
    const code = "import ms from 'ms'; ms('2 days')";
    const missing = await kernel.execute(code);
    expect(result(missing)).toMatch(/ms/);
    expect((missing.reply.content["traceback"] as string[]).join("\n")).toContain("%install ms");
    const installed = await kernel.execute("%install ms@2.1.3", { timeoutMs: 120_000 });
    expect(installed.reply.content["status"], printed(installed, "stderr")).toBe("ok");
    expect(printed(installed)).toMatch(/added 1 package/);
    expect(readdirSync(join(folder, "node_modules"))).toContain("ms");
    expect(result(await kernel.execute(code))).toBe("172800000");
    expect(result(await kernel.execute("require('ms')('1h')"))).toBe("3600000");
    const unknown = await kernel.execute("%install @inferlab-tests/no-such-package", { timeoutMs: 120_000 });
    expect(result(unknown)).toMatch(/npm install ended with exit code/);
  } finally {
    await kernel.shutdown();
    rmSync(folder, { recursive: true, force: true });
  }
});
