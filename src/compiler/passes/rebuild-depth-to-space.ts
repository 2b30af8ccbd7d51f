import { knownInts } from "./layout.ts";
import { type Match, type Rule, rulePass } from "./rule.ts";

/** Sizes after the first Reshape and the last, from [n, c, h, w] and the block size; as long as all are known. */
interface Form {
  readonly perm: string;
  readonly replace: string;
  /** Position of the block size in the first Reshape's result. */
  readonly at: number;
  inner(b: number, n: number, c: number, h: number, w: number): readonly number[];
}

const forms: readonly Form[] = [
  {
    perm: "[0, 3, 4, 1, 5, 2]",
    replace: 'y = DepthToSpace<blocksize=$size, mode="DCR">(x)',
    at: 1,
    inner: (b, n, c, h, w) => [n, b, b, c / (b * b), h, w],
  },
  {
    perm: "[0, 1, 4, 2, 5, 3]",
    replace: 'y = DepthToSpace<blocksize=$size, mode="CRD">(x)',
    at: 2,
    inner: (b, n, c, h, w) => [n, c / (b * b), b, b, h, w],
  },
  {
    perm: "[0, 3, 5, 1, 2, 4]",
    replace: "y = SpaceToDepth<blocksize=$size>(x)",
    at: 3,
    inner: (b, n, c, h, w) => [n, c, h / b, b, w / b, b],
  },
];

function sizes(m: Match, form: Form): boolean | { size: number } {
  const [x, r, y] = [m.shape("x"), m.shape("r"), m.shape("y")];
  if (!x || !r || !y || x.length !== 4 || r.length !== 6 || y.length !== 4) return false;
  if (![...x, ...r, ...y].every((dim) => typeof dim === "number") || !knownInts(m.node("y"), 1, m.edit)) return false;
  const size = r[form.at] as number;
  const [n, c, h, w] = x as readonly [number, number, number, number];
  if (size < 2 || form.inner(size, n, c, h, w).join() !== r.join()) return false;
  const to = form.replace.includes("SpaceTo")
    ? [n, c * size * size, h / size, w / size]
    : [n, c / (size * size), h * size, w * size];
  return to.join() === y.join() && { size };
}

export const rebuildDepthToSpace = rulePass({
  name: "rebuild-depth-to-space",
  class: "exact",
  about: "makes one DepthToSpace or SpaceToDepth of Reshape, Transpose and Reshape (pixel shuffle, reorg)",
  rules: forms.map(
    (form): Rule => ({
      find: `r = Reshape(x, S); t = Transpose<perm=${form.perm}>(r); y = Reshape(t, T)`,
      replace: form.replace,
      opsets: [form.replace.includes("mode") ? 11 : 1, Number.POSITIVE_INFINITY],
      where: (m) => sizes(m, form),
    }),
  ),
});
