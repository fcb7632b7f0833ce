/**
 * {@linkcode collected}: whether what nobody holds is let go.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Have the engine look for what nobody holds. */
function collectGarbage(): void {
  const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
  if (Bun !== undefined) return Bun.gc(true);
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

/** Have it look until something is so, for ten seconds at most; says whether it is. */
export async function collected(isSo: () => boolean): Promise<boolean> {
  for (let round = 0; round < 200 && !isSo(); round++) {
    collectGarbage();
    // What is to be done about it is done in a turn of its own.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return isSo();
}
