import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { bytes, encode, u32 } from "../../codec/mod.ts";
import { memoryPair } from "../../memory.ts";
import { rpc, RpcError, service, stream, string } from "../../mod.ts";
import { rawHandler } from "../../server.ts";

const Raw = service({
  rpc: {
    ping: rpc({}, u32),
    tail: rpc({}, stream(string)),
    upload: rpc({ parts: stream(bytes) }, u32),
  },
});

test("a raw handler answers calls that stream without their items", async () => {
  const seen: number[] = [];
  await using pair = await memoryPair(
    Raw,
    rawHandler(async (call) => {
      seen.push(call.length);
      // Items that arrive meanwhile are dropped.
      await new Promise((resolve) => setTimeout(resolve, 20));
      return seen.length === 2 ? new Uint8Array(0) : encode(u32, 7);
    }),
  );
  const { rpc } = pair.client;
  assertEquals(await rpc.ping(), 7);
  const lines: string[] = [];
  for await (const line of rpc.tail()) lines.push(line);
  assertEquals(lines, []);
  let returned = 0;
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(new Uint8Array(1000));
    } finally {
      returned++;
    }
  };
  assertEquals(await rpc.upload({ parts: parts() }), 7);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([returned, pair.server.stats().heldBytes, pair.server.stats().streamsOpen], [
    1,
    0,
    0,
  ]);
  const signal = AbortSignal.timeout(5);
  const error = await assertRejects(() => rpc.upload({ parts: parts() }, { signal }), RpcError);
  assertEquals(error.code, "Cancelled");
  assertEquals(seen.length, 4);
});
