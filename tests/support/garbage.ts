/**
 * {@linkcode collected}: whether what nobody holds is let go.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/** Have the engine look for what nobody holds. */
export function collectGarbage(): void {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (Bun !== undefined) return Bun.gc(true);
  setFlagsFromString("--expose-gc");
  (collect ??= runInNewContext("gc") as () => void)();
}

/** Have it look until something is so, so many times at most; says whether it is. */
export async function collected(isSo: () => boolean, rounds = 500): Promise<boolean> {
  for (let round = 0; round < rounds && !isSo(); round++) {
    collectGarbage();
    // What is to be done about it is done in a turn of its own.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return isSo();
}
