import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { fuzzSockets } from "./sockets.ts";
import { SEED } from "./support.ts";

/** Milliseconds of the processor for which a server may do nothing else, first calls included. */
const MAX_BLOCK_MS = 400;
/** Bytes by which a server may grow, garbage included. */
const MAX_GROWN_BYTES = 256 << 20;

for (const runtime of ["deno", "bun"] as const) {
  test(
    `mutated frames over sockets leave nothing behind in serve() on ${runtime} (seed ${SEED})`,
    { timeout: 60_000 },
    async () => {
      const { sockets, calls, before, after } = await fuzzSockets(runtime, 5000, SEED);
      assert(calls > 0 && after.opened - before.opened <= sockets);
      assert(after.messages >= 5000 && after.protocolErrors > 0);
      assertEquals(after.held, before.held);
      assert(after.longestBlockMs < MAX_BLOCK_MS, `a block of ${after.longestBlockMs} ms`);
      assert(after.rss - before.rss < MAX_GROWN_BYTES, `${after.rss - before.rss} bytes more`);
    },
  );
}
