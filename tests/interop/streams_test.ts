import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { CounterEvent } from "../../examples/counter/service.ts";
import { rpc, RpcError, service, stream, topic, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { startClient, startServer } from "./peer.ts";
import { RUST, SKIP } from "./programs.ts";

/** The counter, and after its methods those that Rust does not support. */
const Counter = service({
  name: "Counter",
  rpc: {
    newCounter: rpc(),
    increment: rpc({ amount: u32 }),
    decrement: rpc({ amount: u32 }),
    get: rpc({}, u32),
    follow: rpc({}, stream(u32)),
    sum: rpc({ numbers: stream(u32) }, u32),
  },
  client: { confirm: rpc() },
  state: { counter: u32, topic },
  event: CounterEvent,
});

async function failsWith(code: string, call: Promise<unknown>): Promise<void> {
  const error = await assertRejects(() => call, RpcError);
  assertEquals([error.code, error.retryable], [code, false]);
}

test(
  "a streaming call is not sent to Rust: it fails with a code, its source is closed, and calls go on",
  {
    skip: SKIP,
  },
  async () => {
    await using server = await startServer(RUST ?? "", "counter");
    await using client = await connect(Counter, `wss://localhost:${server.port}`, {
      tls: "self-signed",
      client: { confirm() {} },
    });
    await failsWith("StreamsUnsupported", client.rpc.follow().next());
    let pulled = 0;
    let returned = 0;
    const numbers = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: pulled++ }),
        return: () => ({ done: true, value: returned++ }),
      }),
    };
    await failsWith("StreamsUnsupported", client.rpc.sum({ numbers }));
    assertEquals([pulled, returned, client.stats().callsPending], [0, 1, 0]);
    await client.rpc.newCounter();
    await client.rpc.increment({ amount: 7 });
    assertEquals([await client.rpc.get(), client.state.current.counter], [7, 7]);
  },
);

test("a client of Rust calls a service that streams, and is not called itself", {
  skip: SKIP,
}, async () => {
  const asked: string[] = [];
  await using server = await serve(
    Counter,
    { port: 0, hostname: "localhost", tls: "self-signed" },
    ({ state, client }) => ({
      newCounter: () => void (state.counter = 0),
      increment: ({ amount }) => void (state.counter += amount),
      decrement() {},
      async get() {
        await client.confirm().catch((error) => asked.push(error.code));
        return state.counter;
      },
      *follow() {},
      sum: () => 0,
    }),
  );
  const client = await startClient(RUST ?? "", "counter", { port: server.port });
  try {
    await client.call("newCounter");
    await client.call("increment", { amount: 7 });
    assertEquals(await client.call("get"), { ok: 7 });
    assertEquals(asked, ["StreamsUnsupported"]);
  } finally {
    await client.stop();
  }
});
