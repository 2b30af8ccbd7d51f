/** Nodes that take a picture first and answer one of the same kind: most of them. */
import type { Image } from "../../base/image.ts";
import { describedNode, type NodeDefinition, type NodeFunction, type NodePort, type Parameter } from "./node.ts";
import { type Alike, copyInto, expectApart, type Picture } from "./picture.ts";

/** What every picture node can be told besides its own options. */
export interface Into<P> {
  /** A picture of the result's kind and size, written and returned: no memory is asked for, frame after frame. */
  readonly into?: Alike<P>;
}

// biome-ignore lint/complexity/noBannedTypes: whether all options may be left out is asked with the empty object
type OptionArguments<O, P> = {} extends O ? [options?: O & Into<P>] : [options: O & Into<P>];

/** Image to Image, uint8 tensor to uint8 tensor, float32 tensor to float32 tensor. */
export interface PictureFunction<O, Others extends readonly unknown[]> {
  <P extends Picture>(image: P, ...rest: [...Others, ...OptionArguments<O, P>]): Alike<P>;
  // The last signature is the one a pipeline's stage is typed by.
  (image: Image, ...rest: [...Others, ...OptionArguments<O, Image>]): Image;
}

export interface PictureNodeDefinition<O> extends Omit<NodeDefinition, "inputs" | "output" | "parameters"> {
  /** Inputs after the picture. */
  readonly others?: readonly NodePort[];
  readonly parameters: { readonly [K in keyof O]-?: Parameter };
}

/**
 * A node `name(image, ...others, options)`; `run` always gets an object of options. Where its result is not `options.into`, it is
 * copied there.
 */
export function pictureNode<O extends object, Others extends readonly unknown[] = []>(
  { others = [], ...definition }: PictureNodeDefinition<O>,
  run: <P extends Picture>(image: P, ...rest: [...Others, O & Into<P>]) => Alike<P>,
): NodeFunction<PictureFunction<O, Others>> {
  const { name } = definition;
  const inputs: readonly NodePort[] = [{ name: "image", kind: "image", tensors: true }, ...others];
  const parameters = { ...definition.parameters, into: intoParameter };
  return describedNode({ ...definition, inputs, parameters, output: "image" }, (...args: readonly unknown[]) => {
    const [image, ...rest] = args.slice(0, inputs.length) as [Picture, ...Others];
    const options = (args[inputs.length] ?? {}) as O & Into<Picture>;
    const { into } = options;
    expectApart(name, into, [image, ...rest]);
    const result = run(image, ...rest, options);
    return into === undefined || result === into ? result : copyInto(result, into);
  });
}

export const intoParameter = {
  type: "any",
  optional: "a new picture",
  about: "an Image or tensor of the result's kind and size, not an input's memory: written and returned",
} as const satisfies Parameter;
