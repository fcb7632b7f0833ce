/**
 * Each attack at the default limits, on a server in a separate process: it stays, its memory has a
 * bound, and another client is answered. `deno task hostile` measures them.
 */
import { assert } from "@std/assert";
import { test } from "node:test";
import { THIS_RUNTIME } from "../support/runtimes.ts";
import { ATTACKS } from "./attacks.ts";
import { attack, isServed, Target, type TargetRuntime } from "./run.ts";

/**
 * Bytes by which a server may grow, including uncollected garbage. Before the limits it was gigabytes, and ended
 * the process.
 */
const MAX_GROWN_BYTES = 384 << 20;
/** Bytes that one client may make a server hold, once garbage is collected. */
const MAX_HELD_BYTES = 64 << 20;

/** Deno's tests attack Node as well, which does not run these tests itself. */
const RUNTIMES: readonly TargetRuntime[] = THIS_RUNTIME === "deno"
  ? ["deno", "node"]
  : [THIS_RUNTIME];

for (const runtime of RUNTIMES) {
  for (const each of ATTACKS.filter((attack) => isServed(runtime, attack))) {
    test(`${runtime}: ${each.name}`, { timeout: 120_000 }, async () => {
      await using target = await Target.start(runtime, each);
      const cost = await attack(target, each);
      assert(target.alive);
      assert(cost.grownBytes < MAX_GROWN_BYTES, `it grew by ${cost.grownBytes} bytes`);
      assert(cost.heldBytes < MAX_HELD_BYTES, `it holds ${cost.heldBytes} bytes more`);
      // The attacker's may have been closed; the other's is there.
      assert(cost.connections >= 1);
      // Ended connections are gone: a server may notice it a moment later than its client.
      while ((await target.report()).connections > (each.connections ?? 1)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
  }
}
