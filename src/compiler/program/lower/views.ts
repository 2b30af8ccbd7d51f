/** Operators that only say a shape anew: their output is their input's memory. */
import { lowering } from "../lowering.ts";

export const reshapeLowering = lowering({
  operators: ["Reshape", "Flatten", "Squeeze", "Unsqueeze"],
  lower(c) {
    c.view(0, c.in(0));
    return undefined;
  },
});
