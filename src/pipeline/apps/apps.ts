/** Every application there is. */
import type { App } from "./app.ts";
import { ocrApp } from "./ocr.ts";

export const apps: readonly App[] = [ocrApp];
