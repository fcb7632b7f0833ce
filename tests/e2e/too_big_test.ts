import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { test } from "node:test";
import { bytes, rpc, RpcError, service, u32 } from "../../mod.ts";
import { memoryPair } from "../../memory.ts";

const Data = service({ rpc: { get: rpc({ length: u32 }, bytes) } });

const CASES = [
  { name: "maxInflatedBytes", limits: { maxInflatedBytes: 2000 }, small: 1900, large: 2000 },
  { name: "maxMessageBytes", limits: { maxMessageBytes: 2000 }, small: 1900, large: 2000 },
  // Deflated on another thread: its size is known later.
  { name: "maxMessageBytes", limits: {}, small: 900_000, large: 3 << 20 },
];
for (const { name, limits, small, large } of CASES) {
  test(`an answer of ${large} bytes, over its client's ${name}, is ServerEncodeError`, async () => {
    const errors: unknown[] = [];
    await using pair = await memoryPair(
      Data,
      () => ({
        get({ length }) {
          const data = new Uint8Array(length);
          for (let at = 0; at < length; at += 65_536) {
            crypto.getRandomValues(data.subarray(at, at + 65_536));
          }
          return data;
        },
      }),
      { client: { limits }, server: { onError: (error) => errors.push(error) } },
    );
    const { rpc: call } = pair.client;
    assertEquals((await call.get({ length: small })).length, small);
    const error = await assertRejects(() => call.get({ length: large }), RpcError);
    assertEquals(error.code, "ServerEncodeError");
    assertEquals((await call.get({ length: small })).length, small);
    assertEquals([pair.client.status.state, errors.length], ["open", 1]);
    assertInstanceOf(errors[0], RangeError);
    const { callsFailed, callsInFlight, bufferedBytes } = pair.server.stats();
    assertEquals([callsFailed, callsInFlight, bufferedBytes], [1, 0, 0]);
  });
}

test("a small maxBufferedBytes bounds what a large answer deflates to, not what it was", async () => {
  await using pair = await memoryPair(
    Data,
    () => ({
      get({ length }) {
        const data = new Uint8Array(length);
        // An even length is noise, which does not deflate.
        for (let at = 0; length % 2 === 0 && at < length; at += 65_536) {
          crypto.getRandomValues(data.subarray(at, at + 65_536));
        }
        return data;
      },
    }),
    {
      client: { level: 6, reconnect: false },
      server: { limits: { maxBufferedBytes: 262_144 }, onError() {} },
    },
  );
  const { rpc: call } = pair.client;
  assertEquals((await call.get({ length: 1_500_001 })).length, 1_500_001);
  const error = await assertRejects(() => call.get({ length: 1_500_000 }), RpcError);
  assertEquals(error.code, "ServerEncodeError");
  assertEquals((await call.get({ length: 101 })).length, 101);
  assertEquals([pair.client.status.state, pair.server.stats().bufferedBytes], ["open", 0]);
});
