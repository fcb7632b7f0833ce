/**
 * {@linkcode tell}: calls the program's listeners; {@linkcode cleanup}: steps to run at the end.
 *
 * @module
 */

/** Receives errors that have no other receiver. */
export function ignore(): void {}

/**
 * Call a listener. Its errors and rejections go to `onFailure`: a listener may be `async`, and an unhandled
 * rejection would end the process.
 */
export function tell<T>(
  listener: ((value: T) => unknown) | undefined,
  value: T,
  onFailure: (error: unknown) => void = () => {},
): void {
  try {
    const answer = listener?.(value) as { then?: PromiseLike<unknown>["then"] } | undefined;
    answer?.then?.(undefined, onFailure);
  } catch (error) {
    onFailure(error);
  }
}

/** Whether it is a promise or another thenable. Throws errors of its getters. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

/** Steps for the end: `defer` adds one, `stop` runs them. A step added later runs at once. */
export function cleanup(): [defer: (step: () => void) => void, stop: () => void] {
  let steps: (() => void)[] | undefined = [];
  return [
    (step) => void (steps ? steps.push(step) : step()),
    () => {
      const all = steps;
      steps = undefined;
      all?.forEach((step) => step());
    },
  ];
}
