import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { bytes, rpc, service, u32 } from "../../mod.ts";
import { handler } from "../../server.ts";

interface Bun {
  serve(options: object): { readonly port: number; stop(now: boolean): unknown };
}
const { Bun: bun } = globalThis as { readonly Bun?: Bun };

const Sizes = service({ rpc: { size: rpc({ data: bytes }, u32) } });

test("a wrapper of a mount's message() on Bun sees each message whole before it passes it on", {
  skip: bun === undefined ? "not Bun" : false,
}, async () => {
  await using mounted = handler(Sizes, {}, () => ({ size: ({ data }) => data.length }));
  const before: number[] = [];
  const after: number[] = [];
  const { websocket } = mounted;
  const server = bun!.serve({
    port: 0,
    fetch: mounted.fetch,
    websocket: {
      ...websocket,
      message(socket: never, message: Uint8Array) {
        before.push(message.length);
        websocket.message(socket, message);
        after.push(message.length);
      },
    },
  });
  {
    await using client = await connect(Sizes, `ws://localhost:${server.port}/`);
    for (const size of [100, 60_000]) {
      const data = crypto.getRandomValues(new Uint8Array(size)); // deflates to no less
      assertEquals(await client.rpc.size({ data }), size);
    }
  }
  assertEquals(before.map((length) => length > 16 * 1024), [false, true]);
  // `docs/mounting.md` says that the large one's memory is gone by then.
  assertEquals(after, [before[0], 0]);
  server.stop(true);
});
