/** A page of displays in headless Chromium, used by a script. */
import { patienceMs } from "./kernel.ts";
import { launchBrowser } from "./lab.ts";

/**
 * Opens a page with this body, waits until the expression `ready` holds in it, and runs the script there. What the script puts
 * into `out` comes back, and the `errors` that the page threw.
 */
export async function probe(
  body: string,
  script: string,
  ready = "true",
): Promise<Record<string, unknown> & { readonly errors: readonly string[] }> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(patienceMs);
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.setContent(`<!doctype html><meta charset="utf-8">${body}`);
    await page.waitForFunction(ready);
    const out = await page.evaluate<Record<string, unknown>>(`(() => { const out = {};\n${script}\nreturn out; })()`);
    return { ...out, errors };
  } finally {
    await browser.close();
  }
}
