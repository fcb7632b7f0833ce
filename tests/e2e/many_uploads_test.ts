import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { bytes, rpc, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { SHARED_BYTES } from "../../stream/shared_window.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { until } from "../support/until.ts";

const Uploads = service({ rpc: { put: rpc({ parts: stream(bytes) }, u32) } });

const KINDS = [
  { name: "small items", uploads: 250, items: 1500, itemBytes: 64 },
  { name: "items of 40 KiB", uploads: 200, items: 6, itemBytes: 40_960 },
  { name: "items of 1 MiB", uploads: 100, items: 2, itemBytes: 1 << 20 },
] as const;

/** A server whose handlers read their items one after the other, in the order of the calls. */
async function serveInOrder() {
  let before = Promise.resolve();
  let most = 0;
  const server = await serve(
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
  return {
    server,
    /** Check that there were items that waited, within the limit. */
    checkHeld: () => assertEquals(most > 0 && most <= DEFAULT_LIMITS.maxHeldBytes, true),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

for (const { name, uploads, items, itemBytes } of KINDS) {
  test(`${uploads} uploads of ${name} pass, whose handlers read them one after the other`, async () => {
    await using serving = await serveInOrder();
    const { server, checkHeld } = serving;
    await using client = await connect(Uploads, server.url, { level: 0, reconnect: false });
    const part = new Uint8Array(itemBytes);
    const sums = await Promise.all(Array.from({ length: uploads }, () => {
      const parts = (function* () {
        for (let i = 0; i < items; i++) yield part;
      })();
      return client.rpc.put({ parts });
    }));
    assertEquals(sums, new Array(uploads).fill(items * itemBytes));
    checkHeld();
  });
}

test("the first upload's items come late, when those of the others fill the window", async () => {
  await using serving = await serveInOrder();
  const { server, checkHeld } = serving;
  await using client = await connect(Uploads, server.url, { level: 0, reconnect: false });
  const part = new Uint8Array(40_960);
  const late = async function* () {
    await until(() => server.stats().heldBytes >= SHARED_BYTES - part.length);
    for (let i = 0; i < 6; i++) yield part;
  };
  const sums = await Promise.all([
    client.rpc.put({ parts: late() }),
    ...Array.from({ length: 199 }, () => client.rpc.put({ parts: new Array(6).fill(part) })),
  ]);
  assertEquals(sums, new Array(200).fill(6 * part.length));
  checkHeld();
});
