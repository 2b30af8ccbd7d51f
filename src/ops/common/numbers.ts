/** The rounding rules of every dtype live in base, where displays read them too; operators find them here. */
export * from "../../base/numbers.ts";
