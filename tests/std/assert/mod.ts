/**
 * A stand-in for `@std/assert` over `node:assert/strict`, with the functions that the suite uses
 * and the same meaning, so that the tests run where JSR cannot be reached.
 *
 * @module
 */
import strict from "node:assert/strict";

/** Run an assertion whose failure is to begin with `msg`. */
function explain(msg: string | undefined, assertion: () => void): void {
  try {
    assertion();
  } catch (error) {
    if (msg && error instanceof Error) error.message = `${msg}: ${error.message}`;
    throw error;
  }
}

/** Assert that `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  explain(msg, () => strict.ok(expr));
}

/** Assert deep equality. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  explain(msg, () => strict.deepStrictEqual(actual, expected));
}

/** Assert deep inequality. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  explain(msg, () => strict.notDeepStrictEqual(actual, expected));
}

/** Assert identity, by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  explain(msg, () => strict.strictEqual(actual, expected));
}

/** Assert that `actual` is neither `null` nor `undefined`. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  strict.ok(actual !== null && actual !== undefined, new Error(msg ?? "Expected a value"));
}

/** Assert that `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  strict.ok(
    actual.includes(expected),
    msg ?? `Expected ${JSON.stringify(actual)} to contain ${JSON.stringify(expected)}`,
  );
}

/** Assert that `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  explain(msg, () => strict.match(actual, expected));
}

/** Assert that `actual` is an instance of `type`. */
export function assertInstanceOf<T extends abstract new (...args: never[]) => unknown>(
  actual: unknown,
  type: T,
  msg?: string,
): asserts actual is InstanceType<T> {
  strict.ok(
    actual instanceof type,
    new Error(msg ?? `Expected an instance of ${type.name}, got ${actual}`),
  );
}

function checkError<E extends Error>(
  error: unknown,
  type: (new (...args: never[]) => E) | undefined,
  includes: string | undefined,
): E {
  strict.ok(error instanceof Error, `Expected an Error to be thrown, got ${error}`);
  if (type) {
    strict.ok(error instanceof type, `Expected ${type.name}, got ${error.name}: ${error.message}`);
  }
  if (includes !== undefined) assertStringIncludes(error.message, includes);
  return error as E;
}

/** Assert that `fn` throws, and return what it threw. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type?: new (...args: never[]) => E,
  includes?: string,
): E {
  try {
    fn();
  } catch (error) {
    return checkError(error, type, includes);
  }
  return strict.fail("Expected function to throw");
}

/** Assert that `fn` rejects, and return what it rejected with. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  type?: new (...args: never[]) => E,
  includes?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checkError(error, type, includes);
  }
  return strict.fail("Expected function to reject");
}

/** Fail the test. */
export function fail(msg?: string): never {
  return strict.fail(msg ?? "Failed assertion");
}
