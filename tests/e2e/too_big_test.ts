import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { test } from "node:test";
import { bytes, rpc, RpcError, service, u32 } from "../../mod.ts";
import { connect } from "../../client.ts";
import { memoryPair } from "../../memory.ts";
import { serve } from "../../server.ts";

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

// 38 MB before deflating: more than twice the default, and more than all places to wait for a thread.
for (const maxBufferedBytes of [undefined, 262_144]) {
  test(`many large answers and events that deflate well end no connection, maxBufferedBytes ${maxBufferedBytes}`, async () => {
    const COUNT = 20;
    const LENGTH = 1_900_000;
    const Service = service({
      rpc: { get: rpc({ length: u32 }, bytes), emit: rpc() },
      event: bytes,
    });
    await using server = await serve(
      Service,
      {
        port: 0,
        hostname: "127.0.0.1",
        tls: "plain",
        limits: maxBufferedBytes === undefined ? {} : { maxBufferedBytes },
      },
      ({ subscriptions }) => {
        subscriptions.add("all");
        return {
          get: ({ length }) => new Uint8Array(length).fill(7),
          emit() {
            for (let i = 0; i < COUNT; i++) {
              server.events.emit("all", new Uint8Array(LENGTH).fill(i));
            }
          },
        };
      },
    );
    await using client = await connect(Service, server.url, {
      reconnect: false,
      limits: { maxQueuedEventBytes: 2 * COUNT * LENGTH },
    });
    const answers = await Promise.all(
      Array.from({ length: COUNT }, () => client.rpc.get({ length: LENGTH })),
    );
    assertEquals(answers.map(({ length }) => length), new Array(COUNT).fill(LENGTH));
    const events = client.events();
    await client.rpc.emit();
    for (let i = 0; i < COUNT; i++) {
      const { value } = await events.next();
      assertEquals([value?.payload.length, value?.payload[0]], [LENGTH, i]);
    }
    const { slowConsumersClosed, bufferedBytes } = server.stats();
    assertEquals([slowConsumersClosed, bufferedBytes], [0, 0]);
  });
}
