/** Names for sizes that a file leaves open: N, H, W of images; the first axis of every input is one batch. */
import type { Dim } from "../../base/shapes.ts";

export class DimNames {
  private readonly taken = new Set<string>();

  /** −1 and what is no number become symbols. */
  shape(input: string, dims: readonly (number | null)[]): Dim[] {
    const plain = input.replace(/\W+/g, "_").replace(/^(?=\d)/, "_");
    const images = dims.length === 4 ? ["N", "H", "W", "C"] : dims.length === 3 ? ["N", "L", "C"] : ["N"];
    return dims.map((dim, axis) => {
      if (typeof dim === "number" && dim >= 0) return dim;
      if (axis === 0) return "N";
      const short = images[axis];
      const name = short && !this.taken.has(short) ? short : `${plain}_${axis}`;
      this.taken.add(name);
      return name;
    });
  }
}
