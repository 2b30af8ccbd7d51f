/**
 * Long cells are mostly functions, and a function's inside is none of the scope rewrite's business: it is taken out before the
 * code is parsed and put back behind, for the tree of a thousand functions costs ten times what they cost to compile.
 *
 * The code is what the transform prints: a function at the top begins at the start of a line, its inside is indented, and `}`
 * at the start of a line ends it. Where that cannot be relied on (text over several lines, comments), a function stays in.
 */

/** Functions that follow one another. */
export interface FunctionRun {
  /** Where `;` stands for them in the code that is left. */
  readonly start: number;
  readonly names: readonly string[];
  /** Each as an assignment to its name; lines are kept. */
  readonly assignments: string;
}

const functionAtTop =
  /^(async )?function(\*)? ([\p{ID_Start}$_][\p{ID_Continue}$]*)(\([^\n]*\) \{(?:\}|\n(?:\t[^\n]*\n|\n)*\}))\n/gmu;

/** What may hide a line's beginning, and `import(…)` and `import.meta`, which are rewritten. */
const needsParsing = /`|\/\*|\bimport\b/;

/** The code with `;` in place of each run; whoever parses it must find an empty statement there. */
export function takeOutFunctions(code: string): { readonly rest: string; readonly runs: readonly FunctionRun[] } {
  const runs: FunctionRun[] = [];
  let rest = "";
  let names: string[] = [];
  let assignments = "";
  let end = 0;
  const endRun = (): void => {
    if (!names.length) return;
    runs.push({ start: rest.length, names, assignments });
    rest += ";\n";
    names = [];
    assignments = "";
  };
  for (const match of code.matchAll(functionAtTop)) {
    const [whole, async = "", star = "", name, signatureAndBody] = match;
    if (needsParsing.test(whole)) continue;
    if (match.index !== end) {
      endRun();
      rest += code.slice(end, match.index);
    }
    names.push(name!);
    assignments += `${assignments && "\n"}${name} = ${async}function${star} ${signatureAndBody};`;
    end = match.index + whole.length;
  }
  endRun();
  return { rest: rest + code.slice(end), runs };
}
