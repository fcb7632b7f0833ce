/**
 * Helpers of the examples: options from the command line, and a signal to end.
 *
 * @module
 */
import process from "node:process";

/** The value of `--name N` on the command line. */
export function option(name: string, fallback: number): number {
  const index = process.argv.indexOf(`--${name}`);
  if (index === -1) return fallback;
  const value = Number(process.argv[index + 1]);
  if (!Number.isInteger(value)) throw new TypeError(`Expected a number after --${name}`);
  return value;
}

/** Resolves when the process gets a signal to end. */
export function exitOnSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.once("SIGINT", () => resolve());
  process.once("SIGTERM", () => resolve());
  return promise;
}
