/** Applications: a finished pipeline behind a command. One file here and one line in apps.ts each. */
import type { CompileOptions } from "../../runtime/engine.ts";

export interface AppOptions extends CompileOptions {
  /** File to read. */
  readonly input: string;
  /** File to write; its ending says the format. Without it the result is printed. */
  readonly output?: string;
}

export interface App {
  readonly name: string;
  readonly about: string;
  /** Endings `output` may have, with what is written. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Returns what a terminal shows. */
  run(options: AppOptions): Promise<string>;
}
