import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { bytes, rpc, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";

const CLIENTS = 16;
const CALLS = 12;
const MAX_BYTES = 200_000;

const Filled = service({
  name: "Filled",
  rpc: { fill: rpc({ byte: u32, count: u32 }, bytes), hurry: rpc({ byte: u32 }, u32) },
  state: { last: bytes },
});

for (const tls of ["plain", "self-signed"] as const) {
  test(`clients that read at once get each their own bytes, ${tls}`, async () => {
    await using server = await serve(
      Filled,
      { port: 0, hostname: "127.0.0.1", tls },
      ({ state }) => ({
        fill: ({ byte, count }) => state.last = new Uint8Array(count).fill(byte),
        hurry: ({ byte }) => byte,
      }),
    );
    const url = `${tls === "plain" ? "ws" : "wss"}://127.0.0.1:${server.port}`;
    await Promise.all(Array.from({ length: CLIENTS }, async (_, byte) => {
      await using client = await connect(Filled, url, { tls: "self-signed", level: 0 });
      const kept: Uint8Array[] = [];
      for (let call = 0; call < CALLS; call++) {
        // From a few bytes to many reads.
        const count = Math.floor(MAX_BYTES ** ((call + 1) / CALLS));
        const [filled, hurried] = await Promise.all([
          client.rpc.fill({ byte, count }),
          client.rpc.hurry({ byte }),
        ]);
        assertEquals([filled.length, hurried], [count, byte]);
        kept.push(filled, client.state.current.last);
      }
      // What a client was given does not change when others read.
      for (const each of kept) assert(each.every((found) => found === byte));
    }));
  });
}
