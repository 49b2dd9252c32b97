type Method = (...values: never[]) => unknown;

/** Puts something else in the place of a method; it is given the method that was there, bound to the same object. */
export function wrapMethod<Name extends string, Own extends Method>(
  prototype: Record<Name, Own>,
  name: Name,
  wrap: (method: Own) => Own,
): void {
  prototype[name] = new Proxy(prototype[name], {
    apply: (method, self, values: never[]) => Reflect.apply(wrap(method.bind(self) as Own), self, values),
  });
}
