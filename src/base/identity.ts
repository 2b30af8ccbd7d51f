/** Numbers that tell objects apart where a key must be text. */
const ids = new WeakMap<object, number>();
let numIds = 0;

/** The object's number: the same as long as it lives, no other object's. */
export function idOf(thing: object): number {
  let id = ids.get(thing);
  if (id === undefined) ids.set(thing, (id = ++numIds));
  return id;
}
