/**
 * Letters as strokes, for pictures drawn where no font is installed (a bare server, a container) and so that the same
 * picture comes out everywhere. A glyph is polylines separated by spaces, a point is two digits: x 0-4 and y 0-8 in a cell
 * six units wide; capitals stand on y = 6, small letters reach up to y = 2, tails down to y = 8.
 */
const glyphs: Record<string, string> = {
  "!": "2024 2626",
  '"': "1012 3032",
  "#": "1016 3036 0242 0444",
  $: "4130100102133344453616 2027",
  "%": "4006 0010110100 3444463634",
  "&": "46121120310405162644",
  "'": "2022",
  "(": "30212536",
  ")": "10212516",
  "*": "2125 0442 0244",
  "+": "2125 0343",
  ",": "2617",
  "-": "0343",
  ".": "2626",
  "/": "4006",
  "0": "103041453616050110 1432",
  "1": "112026 1636",
  "2": "01103041420646",
  "3": "0110304142334445361605 1333",
  "4": "300444 3036",
  "5": "400002324345361605",
  "6": "413010010516364544331304",
  "7": "004026",
  "8": "13020110304142331304051636454433",
  "9": "051636454130100102133342",
  ":": "2323 2626",
  ";": "2323 2617",
  "<": "410345",
  "=": "0242 0444",
  ">": "014305",
  "?": "01103041422324 2626",
  "@": "3234141232 344441301001051646",
  A: "062046 1434",
  B: "00063645443303 0030414233",
  C: "4130100105163645",
  D: "00063645413000",
  E: "40000646 0333",
  F: "400006 0333",
  G: "41301001051636454323",
  H: "0006 4046 0343",
  I: "1030 2026 1636",
  J: "4045361605",
  K: "0006 4004 1346",
  L: "000646",
  M: "0600234046",
  N: "06004640",
  O: "103041453616050110",
  P: "06003041423303",
  Q: "103041453616050110 2446",
  R: "06003041423303 2346",
  S: "413010010213334445361605",
  T: "0040 2026",
  U: "000516364540",
  V: "002640",
  W: "0016223640",
  X: "0046 4006",
  Y: "002340 2326",
  Z: "00400646",
  "[": "30202636",
  "\\": "0046",
  "]": "10202616",
  "^": "022042",
  _: "0747",
  "`": "1021",
  a: "12324346 441405163645",
  b: "0006 0312324345361605",
  c: "4332120305163645",
  d: "4046 4332120305163645",
  e: "04444332120305163645",
  f: "40302126 1242",
  g: "4332120305163645 42473818",
  h: "0006 0312324346",
  i: "122226 1636 2020",
  j: "1232371808 3030",
  k: "0006 4205 2446",
  l: "10202536",
  m: "0206 03122326 23324346",
  n: "0206 0312324346",
  o: "123243453616050312",
  p: "0208 0312324345361605",
  q: "4248 4332120305163645",
  r: "0206 03123243",
  s: "43321203143445361605",
  t: "20253645 1242",
  u: "0205163645 4246",
  v: "022642",
  w: "0216233642",
  x: "0246 4206",
  y: "0226 4218",
  z: "02420646",
  "{": "30212213242536",
  "|": "2027",
  "}": "10212233242516",
  "~": "04133443",
  "·": "2323",
  "×": "1234 3214",
  "…": "0606 2626 4646",
  "→": "0343 324334",
  µ: "0208 05163645 4246",
  "–": "0343",
  "−": "0343",
  "—": "0343",
  "°": "1020211110",
  "≥": "014304 0646",
  "≤": "410344 0646",
  "±": "2024 0242 0646",
};

/** Width of a character in units of the font size. */
export const advance = 0.6;

/** The picture of a character none of these fonts has: a box, as everywhere. */
const missing = "0040460600";

/** SVG path data of a line of text whose baseline starts at (x, y), in pixels. */
export function textPath(text: string, x: number, y: number, size: number): string {
  const unit = size / 10;
  const at = (value: number) => Number(value.toFixed(1));
  let path = "";
  let left = x + unit * 0.8;
  for (const character of text) {
    if (character !== " ") {
      for (const stroke of (glyphs[character] ?? missing).split(" ")) {
        for (let i = 0; i < stroke.length; i += 2) {
          const px = at(left + Number(stroke[i]) * 1.1 * unit);
          const py = at(y + (Number(stroke[i + 1]) - 6) * 1.15 * unit);
          path += `${i === 0 ? "M" : "L"}${px} ${py}`;
          // A dot is a stroke without length; some renderers draw nothing for it.
          if (stroke.length === 4 && stroke.slice(0, 2) === stroke.slice(2)) {
            path += `h${at(unit * 0.1) || 0.1}`;
            break;
          }
        }
      }
    }
    left += size * advance;
  }
  return path;
}

/** Whether every character has strokes here. */
export function hasGlyphs(text: string): boolean {
  for (const character of text) if (character !== " " && !glyphs[character]) return false;
  return true;
}
