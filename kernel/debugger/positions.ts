/** Positions of a source text ↔ positions of the code that runs, through one or two source maps (revision 3). */
import { SourceMap, type SourceMapPayload } from "node:module";

export interface Place {
  /** 0-based, as V8 counts. */
  readonly line: number;
  readonly column: number;
}

interface Pair {
  readonly generated: Place;
  readonly source: Place;
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const digitOf = new Map([...digits].map((digit, value) => [digit, value]));

/** The mappings of a map, in the order of the generated code. */
function pairsOf(mappings: string): Pair[] {
  const pairs: Pair[] = [];
  let sourceLine = 0;
  let sourceColumn = 0;
  mappings.split(";").forEach((segments, line) => {
    let column = 0;
    for (const segment of segments.split(",")) {
      const fields = vlq(segment);
      if (fields.length === 0) continue;
      column += fields[0]!;
      if (fields.length < 4) continue;
      sourceLine += fields[2]!;
      sourceColumn += fields[3]!;
      pairs.push({ generated: { line, column }, source: { line: sourceLine, column: sourceColumn } });
    }
  });
  return pairs;
}

function vlq(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const char of text) {
    const digit = digitOf.get(char) ?? 0;
    value |= (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}

export class Positions {
  private readonly maps: readonly SourceMap[];
  private readonly payloads: readonly SourceMapPayload[];
  private pairs: readonly Pair[] | undefined;

  /** `maps`: JSON, from the code that runs back to the source. Without any, both are the same text. */
  constructor(maps: readonly (string | undefined)[]) {
    this.payloads = maps.flatMap((json) => (json === undefined ? [] : [JSON.parse(json) as SourceMapPayload]));
    this.maps = this.payloads.map((payload) => new SourceMap(payload));
  }

  toSource(generated: Place): Place {
    return this.maps.reduce(back, generated);
  }

  /** Where the code of a source line begins; of the next line that has code, where it has none. */
  toGenerated(line: number): Place | undefined {
    const [first] = this.payloads;
    if (!first) return { line, column: 0 };
    this.pairs ??= pairsOf(first.mappings)
      .flatMap(({ generated, source }) => {
        let place: Place | undefined = source;
        for (const map of this.maps.slice(1)) place = place && entryAt(map, place);
        return place ? [{ generated, source: place }] : [];
      })
      .sort((a, b) => a.source.line - b.source.line || a.source.column - b.source.column || before(a, b));
    return this.pairs.find(({ source }) => source.line >= line)?.generated;
  }
}

function before(a: Pair, b: Pair): number {
  return a.generated.line - b.generated.line || a.generated.column - b.generated.column;
}

/** undefined where the map knows nothing of the place: text that the transform added. */
function entryAt(map: SourceMap, { line, column }: Place): Place | undefined {
  const entry = map.findEntry(line, column);
  return "originalLine" in entry ? { line: entry.originalLine, column: entry.originalColumn } : undefined;
}

function back(place: Place, map: SourceMap): Place {
  return entryAt(map, place) ?? place;
}
