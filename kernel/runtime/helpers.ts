/** What the transform's output calls where JavaScript lacks a construct: resource management and decorators. */

interface Resource {
  readonly value: unknown;
  readonly dispose: (() => unknown) | undefined;
  readonly isAsync: boolean;
}

const disposeSymbol: symbol = (Symbol as { dispose?: symbol }).dispose ?? Symbol.for("Symbol.dispose");
const asyncDisposeSymbol: symbol =
  (Symbol as { asyncDispose?: symbol }).asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/**
 * Behind `using` and `await using`: `u` and `a` take a resource, `e` is the error of the block, `d` disposes of all in
 * reverse order and rethrows, several errors as nested SuppressedErrors.
 * Source: ECMAScript explicit resource management, DisposeResources.
 */
export function usingCtx(): object {
  const empty = Symbol("no error");
  const stack: Resource[] = [];
  const add = (isAsync: boolean, value: unknown): unknown => {
    if (value === null || value === undefined) {
      if (isAsync) stack.push({ value, dispose: undefined, isAsync });
      return value;
    }
    if (typeof value !== "object" && typeof value !== "function")
      throw new TypeError("using declarations can only be used with objects, functions, null, or undefined");
    const methods = value as Record<symbol, unknown>;
    const dispose = (isAsync ? methods[asyncDisposeSymbol] : undefined) ?? methods[disposeSymbol];
    if (typeof dispose !== "function")
      throw new TypeError(
        `the object of a using declaration has no [Symbol.${isAsync ? "asyncDispose" : "dispose"}]()`,
      );
    stack.push({ value, dispose: dispose as () => unknown, isAsync });
    return value;
  };
  const suppress = (error: unknown, suppressed: unknown): unknown =>
    suppressed === empty
      ? error
      : Object.assign(new Error("An error was suppressed during disposal"), {
          name: "SuppressedError",
          error,
          suppressed,
        });
  const context = {
    e: empty as unknown,
    u: (value: unknown) => add(false, value),
    a: (value: unknown) => add(true, value),
    d(): unknown {
      let error = context.e;
      const next = (): unknown => {
        let resource = stack.pop();
        while (resource) {
          try {
            const result = resource.dispose?.call(resource.value);
            if (resource.isAsync)
              return Promise.resolve(result).then(next, (thrown: unknown) => {
                error = suppress(thrown, error);
                return next();
              });
          } catch (thrown) {
            error = suppress(thrown, error);
          }
          resource = stack.pop();
        }
        if (error !== empty) throw error;
        return undefined;
      };
      return next();
    },
  };
  return context;
}

type Decorator = (value: unknown, context: object) => unknown;

/**
 * Applies decorators with the standard's calling convention (`value, context`) to what the transform lays out in the older
 * one: a class alone, or a member by prototype and key. A field's decorator sees the field but cannot replace its value.
 */
export function decorate(
  decorators: readonly unknown[],
  target: object,
  key?: string | symbol,
  descriptor?: unknown,
): unknown {
  const initializers: (() => void)[] = [];
  const addInitializer = (initializer: () => void): void => {
    initializers.push(initializer);
  };
  const isStatic = typeof target === "function";
  let result: unknown;
  if (key === undefined) {
    let current = target;
    for (const decorator of [...decorators].reverse() as Decorator[]) {
      const name = (target as { name?: string }).name;
      current =
        (decorator(current, { kind: "class", name, addInitializer, metadata: {} }) as object | undefined) ?? current;
    }
    result = current;
  } else {
    const found = (descriptor as PropertyDescriptor | null) ?? Object.getOwnPropertyDescriptor(target, key);
    const part = found?.get ? "get" : found?.set ? "set" : "value";
    const kind = found ? ({ get: "getter", set: "setter", value: "method" } as const)[part] : "field";
    const context = { kind, name: key, static: isStatic, private: false, addInitializer, metadata: {} };
    for (const decorator of [...decorators].reverse() as Decorator[]) {
      const replaced = decorator(found?.[part], context);
      if (replaced === undefined) continue;
      if (!found)
        throw new TypeError(
          `the decorator of field "${String(key)}" returned an initializer, which cells do not support`,
        );
      found[part] = replaced as never;
    }
    if (found) Object.defineProperty(target, key, found);
    result = found;
  }
  for (const initializer of initializers) initializer.call(result ?? target);
  return result;
}

/** TypeScript's constructor-parameter decorators, laid out as member decorators. */
export function decorateParam(
  index: number,
  decorator: (target: object, key: unknown, index: number) => void,
): Decorator {
  return (target, key) => decorator(target as object, key, index);
}

export function decorateMetadata(): () => void {
  return () => {};
}
