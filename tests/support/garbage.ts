/**
 * {@linkcode collected}: whether unreferenced objects are collected; {@linkcode collectAll}: that they are.
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

/** Objects that nothing references, for each {@linkcode collectAll}. */
const UNREFERENCED = 10;
const registry = new FinalizationRegistry<() => void>((gone) => gone());

/** Run it until objects that nothing references are gone: what is still there then is referenced. */
export async function collectAll(): Promise<void> {
  let gone = 0;
  for (let i = 0; i < UNREFERENCED; i++) registry.register({}, () => void gone++);
  // The last may still be in a register.
  if (!await collected(() => gone > UNREFERENCED / 2)) throw new Error("Nothing is collected");
}
