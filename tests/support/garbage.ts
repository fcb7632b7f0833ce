/**
 * {@linkcode collected}: whether unreferenced objects are collected.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/** Run the engine's garbage collection. */
export function collectGarbage(): void {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (Bun !== undefined) return Bun.gc(true);
  setFlagsFromString("--expose-gc");
  (collect ??= runInNewContext("gc") as () => void)();
}

/** Run it until a condition holds, up to a number of times; returns whether it holds. */
export async function collected(isSo: () => boolean, rounds = 500): Promise<boolean> {
  for (let round = 0; round < rounds && !isSo(); round++) {
    collectGarbage();
    // Finalizers run in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return isSo();
}
