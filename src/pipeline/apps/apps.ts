/** Every application there is. */
import type { App } from "./app.ts";
import { facesApp } from "./faces.ts";
import { ocrApp } from "./ocr.ts";
import { portraitApp } from "./portrait.ts";
import { poseApp } from "./pose.ts";
import { restoreApp } from "./restore.ts";
import { speechApp } from "./speech.ts";
import { trackApp } from "./track.ts";

export const apps: readonly App[] = [facesApp, ocrApp, poseApp, portraitApp, restoreApp, speechApp, trackApp];
