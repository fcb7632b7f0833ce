import { assert } from "@std/assert";
import process from "node:process";
import { test } from "node:test";
import { explore, type WorldName } from "./run.ts";

/** Milliseconds for each kind of world. `deno task model` can run for hours. */
const CASES: readonly (readonly [world: WorldName, compiled: boolean, forMs: number])[] = [
  ["memory", true, 10_000],
  ["memory", false, 5_000],
  ["ws", true, 5_000],
  ["wss", false, 5_000],
  ["mount", true, 5_000],
];
/** Another seed every day, so that later runs can find other faults; a failure names it. */
const SEED = Number(process.env["HARDLIGHT_SEED"] ?? Math.floor(Date.now() / 86_400_000) * 1000);

for (const [world, compiled, forMs] of CASES) {
  // On Node there is no server of the runtime's own to mount on.
  if (world === "mount" && !("Deno" in globalThis) && !("Bun" in globalThis)) continue;
  const code = compiled ? "generated code" : "no generated code";
  test(`worlds of ${world} with ${code} are as the model says`, { timeout: 300_000 }, async () => {
    assert(await explore({ world, compiled, seed: SEED, forMs }) > 0);
  });
}
