/**
 * {@linkcode tell}: how functions of the program that only listen are called; {@linkcode cleanup}: what is
 * done at the end of what they are called for.
 *
 * @module
 */

/** Takes what nobody can be told of. */
export function ignore(): void {}

/**
 * Call a listener. What it throws, and what a promise that it answers rejects with, is for `onFailure`:
 * a listener may be `async`, and an unhandled rejection would end the process.
 */
export function tell<T>(
  listener: ((value: T) => unknown) | undefined,
  value: T,
  onFailure: (error: unknown) => void = ignore,
): void {
  try {
    const answer = listener?.(value) as { then?: PromiseLike<unknown>["then"] } | undefined;
    answer?.then?.(undefined, onFailure);
  } catch (error) {
    onFailure(error);
  }
}

/** Whether it is a promise, or what is used like one. Throws what its getters throw. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}

/** Steps for the end: `defer` adds one, `stop` runs them. What is added after that is run at once. */
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
