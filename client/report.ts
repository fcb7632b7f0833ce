/**
 * {@linkcode reportBug}: where mistakes of the program's go that nobody catches.
 *
 * @module
 */

/** What a listener threw, as an uncaught error: by `reportError`, which Node does not have, or as Node does. */
export function reportBug(bug: unknown): void {
  const { reportError } = globalThis as { reportError?: (error: unknown) => void };
  if (reportError !== undefined) return reportError(bug);
  queueMicrotask(() => {
    throw bug;
  });
}
