import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { rpc, RpcError, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";

const Feed = service({ rpc: { count: rpc({ to: u32 }, stream(u32)) } });

/** A server of numbers, one a millisecond, and the outcomes of its generators. */
async function counting() {
  const told = { returned: 0, aborted: 0 };
  const server = await serve(
    Feed,
    { port: 0, hostname: "127.0.0.1", tls: "plain" },
    () => ({
      async *count({ to }, { signal }) {
        signal.addEventListener("abort", () => told.aborted++);
        try {
          for (let i = 0; i < to; i++) {
            await new Promise((resolve) => setTimeout(resolve, 1));
            yield i;
          }
        } finally {
          told.returned++;
        }
      },
    }),
  );
  const client = await connect(Feed, `ws://127.0.0.1:${server.port}`, { reconnect: false });
  return { server, client, told };
}

test("a server that closes lets streams come to their end before its deadline", async () => {
  const { server, client, told } = await counting();
  const items = client.rpc.count({ to: 50 });
  assertEquals((await items.next()).value, 0);
  const closed = server.close({ deadlineMs: 30_000 });
  let count = 1;
  for await (const number of items) assertEquals(number, count++);
  await closed;
  assertEquals([count, told], [50, { returned: 1, aborted: 0 }]);
  await client.close();
});

test("and ends them at its deadline: what came is read, then ConnectionLost", async () => {
  const { server, client, told } = await counting();
  const items = client.rpc.count({ to: 1_000_000 });
  await items.next();
  const closed = server.close({ deadlineMs: 100 });
  let count = 1;
  const error = await assertRejects(async () => {
    for await (const number of items) assertEquals(number, count++);
  }, RpcError);
  await closed;
  // It returns at its next yield.
  for (let i = 0; i < 1000 && told.returned === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals([error.code, error.retryable, told], [
    "ConnectionLost",
    false,
    { returned: 1, aborted: 1 },
  ]);
  await client.close();
});
