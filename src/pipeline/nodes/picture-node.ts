/** Nodes that take a picture first and answer one of the same kind: most of them. */
import type { Image } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { View } from "../../base/view.ts";
import { type NodeDefinition, type NodeFunction, type NodePort, node, type Parameter } from "./node.ts";
import type { Alike, Picture } from "./picture.ts";

// biome-ignore lint/complexity/noBannedTypes: whether all options may be left out is asked with the empty object
type OptionArguments<O> = {} extends O ? [options?: O] : [options: O];

/** Image to Image, uint8 tensor to uint8 tensor, float32 tensor to float32 tensor. */
export interface PictureFunction<O, Others extends readonly unknown[]> {
  <D extends "uint8" | "float32">(image: Tensor<D> | View<D>, ...rest: [...Others, ...OptionArguments<O>]): Tensor<D>;
  // The last signature is the one a pipeline's stage is typed by.
  (image: Image, ...rest: [...Others, ...OptionArguments<O>]): Image;
}

export interface PictureNodeDefinition<O> extends Omit<NodeDefinition, "inputs" | "output" | "parameters"> {
  /** Inputs after the picture. */
  readonly others?: readonly NodePort[];
  readonly parameters: { readonly [K in keyof O]-?: Parameter };
}

/** A node `name(image, ...others, options)`; `run` always gets an object of options. */
export function pictureNode<O extends object, Others extends readonly unknown[] = []>(
  { others = [], ...definition }: PictureNodeDefinition<O>,
  run: <P extends Picture>(image: P, ...rest: [...Others, O]) => Alike<P>,
): NodeFunction<PictureFunction<O, Others>> {
  const inputs: readonly NodePort[] = [{ name: "image", kind: "image", tensors: true }, ...others];
  const call = (...args: unknown[]): unknown => {
    const options = args[inputs.length] ?? {};
    return (run as (...args: unknown[]) => unknown)(...args.slice(0, inputs.length), options);
  };
  return node({ ...definition, inputs, output: "image" } as never, call as never) as unknown as NodeFunction<
    PictureFunction<O, Others>
  >;
}
