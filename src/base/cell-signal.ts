/** How code that runs in a notebook's cell learns that the cell was interrupted, without knowing the kernel. */

/** Global under which the kernel puts a function that gives the running cell's signal. */
export const cellSignalKey: unique symbol = Symbol.for("inferlab.cell.signal") as never;

interface WithCellSignal {
  readonly [cellSignalKey]?: () => AbortSignal | undefined;
}

/** The signal that fires when the running cell is interrupted; undefined outside cells. */
export function cellSignal(): AbortSignal | undefined {
  return (globalThis as WithCellSignal)[cellSignalKey]?.();
}

/** Fires when the caller's signal or the running cell's does; undefined where there is neither. */
export function withCellSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  const cell = cellSignal();
  return signal && cell ? AbortSignal.any([signal, cell]) : (signal ?? cell);
}
