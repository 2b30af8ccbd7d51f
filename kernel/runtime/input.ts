/** Asking the person at the front end for a line: `await input()`, and `prompt()` which blocks. */

import { guard, KeyboardInterrupt } from "./cell.ts";
import { currentContext } from "./context.ts";
import { send } from "./output.ts";
import { slots } from "./shared-state.ts";

let state: Int32Array = new Int32Array(8);
let reply: Uint8Array = new Uint8Array(0);

/** `buffer` is where the control thread puts a line for a blocked main thread. */
export function connectInput(sharedState: Int32Array, buffer: Uint8Array): void {
  state = sharedState;
  reply = buffer;
}

export interface InputOptions {
  /** The front end hides what is typed. */
  readonly password?: boolean;
}

const waiting: ((value: string | null) => void)[] = [];

function request(prompt: string, options: InputOptions, blocking: boolean): void {
  const context = currentContext();
  if (!context.allowStdin)
    throw Object.assign(new Error("this front end cannot ask for input"), {
      hint: "set the value in the code instead; notebooks that run unattended have nobody to ask",
    });
  send({ type: "input_request", context: context.id, prompt, password: options.password ?? false, blocking });
}

/**
 * Asks for a line of text and goes on with other work until it comes.
 *
 * @example const name = await input("Your name? ");
 */
export async function input(prompt = "", options: InputOptions = {}): Promise<string> {
  request(String(prompt), options, false);
  const line = await (guard(new Promise<string | null>((resolve) => waiting.push(resolve))) as Promise<string | null>);
  if (line === null) throw new KeyboardInterrupt();
  return line;
}

/** The typed line for the oldest `input()`; null where there will be none. */
export function receiveInput(value: string | null): void {
  waiting.shift()?.(value);
}

/**
 * Asks for a line of text and blocks until it comes, as in a browser.
 *
 * @example const secret = prompt("Token: ", "", { password: true });
 */
export function prompt(message = "", fallback = "", options: InputOptions = {}): string {
  Atomics.store(state, slots.input, 0);
  request(String(message), options, true);
  Atomics.wait(state, slots.input, 0);
  if (Atomics.load(state, slots.input) === 2) throw new KeyboardInterrupt();
  const line = Buffer.from(reply.slice(0, Atomics.load(state, slots.inputBytes))).toString();
  return line || fallback;
}
