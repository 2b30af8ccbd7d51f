/**
 * What the process that hosts us may know of us. Read from outside, through the inspector while user code runs, so it is
 * plain data under one global name that is not an identifier: no completion lists it, no cell collides with it.
 */
const name = "inferlab.status";

export interface HostStatus {
  /** The engine that the newest session was compiled for. */
  engine?: string;
}

/** Replaces what is said under the names of `status`. */
export function tellHost(status: HostStatus): void {
  const held = Reflect.get(globalThis, name) as HostStatus | undefined;
  if (held) Object.assign(held, status);
  else Reflect.defineProperty(globalThis, name, { value: { ...status }, enumerable: false });
}
