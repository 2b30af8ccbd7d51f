/** Who goes with whom at the least cost in all. */
import { InferlabError } from "../../base/errors.ts";
import { node } from "./node.ts";

export interface AssignOptions {
  /** Pairs that cost more are left apart. Default: none. */
  readonly maxCost?: number;
}

export const assign = node(
  {
    name: "assign",
    group: "tracking",
    about:
      "The pairs [row, column] of a cost matrix (a list of rows) whose sum of costs is least, each row and column in one pair at most; rows in order. A pair above maxCost, or whose cost is Infinity, is not made.",
    inputs: [{ name: "costs", kind: "list" }],
    output: "list",
    parameters: { maxCost: { type: "number", optional: "no limit", about: "pairs that cost more are left apart" } },
    example: "assign([[1, 9], [2, 1], [0, 5]])",
    source: "Jonker, Volgenant, A shortest augmenting path algorithm for linear assignment problems (1987)",
  },
  (
    costs: readonly (readonly number[])[],
    { maxCost = Infinity }: AssignOptions = {},
  ): [row: number, column: number][] => {
    const numRows = costs.length;
    const numColumns = costs[0]?.length ?? 0;
    costs.forEach((row, i) => {
      if (row.length !== numColumns)
        throw new InferlabError(
          "ARGUMENT",
          `assign: row ${i} has ${row.length} costs, expected ${numColumns} as row 0`,
        );
      row.forEach((cost, j) => {
        if (Number.isNaN(cost) || cost === -Infinity)
          throw new InferlabError("ARGUMENT", `assign: the cost at row ${i}, column ${j} is ${cost}`);
      });
    });
    const table = new Float64Array(numRows * numColumns);
    costs.forEach((row, i) => {
      table.set(row, i * numColumns);
    });
    const columns = assignTable(numRows, numColumns, table, maxCost);
    return Array.from(columns, (column, row): [number, number] => [row, column]).filter(([, column]) => column >= 0);
  },
);

/**
 * The column of each row under the assignment of least cost, −1 for none. Costs are row-major, none NaN or −Infinity; pairs
 * above `maxCost` or of Infinity are not made.
 */
export function assignTable(numRows: number, numColumns: number, costs: Float64Array, maxCost = Infinity): Int32Array {
  const columns = new Int32Array(numRows).fill(-1);
  if (numRows === 0 || numColumns === 0) return columns;
  const allowed = (cost: number): boolean => cost <= maxCost && cost !== Infinity;
  // Where no row and no column has a choice the pairs are all that are allowed: the usual frame of a tracker.
  const users = new Uint8Array(numColumns);
  let choice = false;
  let greatest = 0;
  for (let row = 0, at = 0; row < numRows; row++)
    for (let column = 0; column < numColumns; column++, at++) {
      const cost = costs[at]!;
      if (!allowed(cost)) continue;
      greatest = Math.max(greatest, Math.abs(cost));
      if (columns[row] !== -1 || users[column] !== 0) choice = true;
      columns[row] = column;
      users[column] = 1;
    }
  if (!choice) return columns;
  // Pairs not to be made cost more than all allowed ones together, so as few as possible of them are used.
  const forbidden = (greatest + 1) * 2 * (Math.min(numRows, numColumns) + 1);
  const wide = numRows <= numColumns;
  const [low, high] = wide ? [numRows, numColumns] : [numColumns, numRows];
  const table = new Float64Array(low * high);
  for (let row = 0, at = 0; row < numRows; row++)
    for (let column = 0; column < numColumns; column++, at++)
      table[wide ? at : column * high + row] = allowed(costs[at]!) ? costs[at]! : forbidden;
  columns.fill(-1);
  shortestPaths(low, high, table).forEach((j, i) => {
    const [row, column] = wide ? [i, j] : [j, i];
    if (allowed(costs[row * numColumns + column]!)) columns[row] = column;
  });
  return columns;
}

/** Column of each row, rows ≤ columns: rows are added one by one along a shortest augmenting path (dual potentials u, v). */
function shortestPaths(numRows: number, numColumns: number, cost: Float64Array): number[] {
  const u = new Float64Array(numRows + 1);
  const v = new Float64Array(numColumns + 1);
  /** Row (from 1) that has each column; 0 is nobody. Column 0 stands for the row being added. */
  const rowOf = new Int32Array(numColumns + 1);
  const before = new Int32Array(numColumns + 1);
  const least = new Float64Array(numColumns + 1);
  const used = new Uint8Array(numColumns + 1);
  for (let row = 1; row <= numRows; row++) {
    least.fill(Infinity);
    used.fill(0);
    rowOf[0] = row;
    let column = 0;
    do {
      used[column] = 1;
      const i = rowOf[column]!;
      let delta = Infinity;
      let next = 0;
      for (let j = 1; j <= numColumns; j++) {
        if (used[j]) continue;
        const reduced = cost[(i - 1) * numColumns + j - 1]! - u[i]! - v[j]!;
        if (reduced < least[j]!) {
          least[j] = reduced;
          before[j] = column;
        }
        if (least[j]! < delta) {
          delta = least[j]!;
          next = j;
        }
      }
      for (let j = 0; j <= numColumns; j++) {
        if (used[j]) {
          u[rowOf[j]!] = u[rowOf[j]!]! + delta;
          v[j] = v[j]! - delta;
        } else least[j] = least[j]! - delta;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      rowOf[column] = rowOf[before[column]!]!;
      column = before[column]!;
    }
  }
  const columnOf = new Array<number>(numRows);
  for (let j = 1; j <= numColumns; j++) if (rowOf[j]) columnOf[rowOf[j]! - 1] = j - 1;
  return columnOf;
}
