import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { bytes, rpc, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";

const Uploads = service({ rpc: { put: rpc({ parts: stream(bytes) }, u32) } });

const KINDS = [
  { name: "small items", uploads: 200, items: 6000, itemBytes: 64 },
  { name: "items of 40 KiB", uploads: 200, items: 6, itemBytes: 40_960 },
  { name: "items of 1 MiB", uploads: 100, items: 2, itemBytes: 1 << 20 },
] as const;

for (const { name, uploads, items, itemBytes } of KINDS) {
  test(`${uploads} uploads of ${name} pass, whose handlers read them one after the other`, async () => {
    let before = Promise.resolve();
    let most = 0;
    await using server = await serve(
      Uploads,
      { port: 0, hostname: "127.0.0.1", tls: "plain" },
      () => ({
        put({ parts }) {
          const read = before.then(async () => {
            most = Math.max(most, server.stats().heldBytes);
            let length = 0;
            for await (const part of parts) length += part.length;
            return length;
          });
          before = read.then(() => {}, () => {});
          return read;
        },
      }),
    );
    await using client = await connect(Uploads, server.url, { level: 0, reconnect: false });
    const part = new Uint8Array(itemBytes);
    const sums = await Promise.all(Array.from({ length: uploads }, () => {
      const parts = (function* () {
        for (let i = 0; i < items; i++) yield part;
      })();
      return client.rpc.put({ parts });
    }));
    assertEquals(sums, new Array(uploads).fill(items * itemBytes));
    assertEquals(most > 0 && most <= DEFAULT_LIMITS.maxHeldBytes, true);
  });
}
