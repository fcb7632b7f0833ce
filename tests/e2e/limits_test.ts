import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { encode } from "../../codec/mod.ts";
import { STORED_HEADER_BYTES } from "../../deflate/stored.ts";
import { bytes, ConnectError, type Limits, rpc, RpcError, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { Writer } from "../../codec/writer.ts";
import { CloseCode } from "../../wire/close.ts";
import { writeRequest } from "../../wire/messages.ts";

const Echo = service({
  rpc: { put: rpc({ data: bytes }, u32), get: rpc({ length: u32 }, bytes) },
});

const PUT = Echo.methods[0]!.call;

/** Bytes of the archive of a call of `put` with so much data. */
function requestBytes(length: number): number {
  const writer = new Writer();
  writeRequest(writer, 0, PUT, { data: new Uint8Array(length) });
  return writer.position;
}

async function setup(server: Partial<Limits>, client: Partial<Limits> = {}) {
  const ends: number[] = [];
  const started = await serve(
    Echo,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      limits: server,
      onError() {},
      onTrace(trace) {
        if (trace.type === "closed") ends.push(trace.code);
      },
    },
    () => ({ put: ({ data }) => data.length, get: ({ length }) => new Uint8Array(length) }),
  );
  const connected = await connect(Echo, `ws://127.0.0.1:${started.port}`, {
    level: 0,
    reconnect: false,
    limits: client,
  });
  return { server: started, client: connected, ends };
}

const LENGTH = 4000;
const INFLATED = requestBytes(LENGTH);

// Level 0: a message is its archive behind five bytes.
const SERVER_LIMITS: readonly (readonly [name: keyof Limits, n: number])[] = [
  ["maxMessageBytes", INFLATED + STORED_HEADER_BYTES],
  ["maxInflatedBytes", INFLATED],
];
for (const [name, n] of SERVER_LIMITS) {
  test(`a server with ${name} takes n bytes from a socket, and closes at n + 1`, async () => {
    const at = await setup({ [name]: n });
    assertEquals(await at.client.rpc.put({ data: new Uint8Array(LENGTH) }), LENGTH);
    await at.client.close();
    await at.server.close();

    const over = await setup({ [name]: n - 1 });
    const error = await assertRejects(
      () => over.client.rpc.put({ data: new Uint8Array(LENGTH) }),
      RpcError,
    );
    assertEquals(error.code, "ConnectionLost");
    assertEquals(over.client.status.state, "closed");
    await over.client.close();
    await over.server.close();
    // Bun itself cuts a connection whose frame is over the limit that it was given.
    const cutByBun = name === "maxMessageBytes" && "Bun" in globalThis;
    assertEquals(over.ends, [cutByBun ? 1006 : CloseCode.TooBig]);
  });
}

test("a client with maxMessageBytes takes n bytes from a socket, and is not sent n + 1", async () => {
  const sizes = encode(bytes, new Uint8Array(LENGTH)).length;
  const outcomes: (number | string)[] = [];
  for (let n = sizes + 20; n <= sizes + 60; n++) {
    const { client, server } = await setup({}, { maxMessageBytes: n });
    const outcome = await client.rpc.get({ length: LENGTH }).then(
      (data) => data.length,
      (error: RpcError) => error.code,
    );
    if (outcomes.at(-1) !== outcome) outcomes.push(outcome);
    await client.close();
    await server.close();
  }
  assertEquals(outcomes, ["ServerEncodeError", LENGTH]);
});

test("maxConnections lets n in over sockets, and refuses n + 1 with TooBusy", async () => {
  const { client, server } = await setup({ maxConnections: 2 });
  const url = `ws://127.0.0.1:${server.port}`;
  const second = await connect(Echo, url);
  const error = await assertRejects(() => connect(Echo, url), ConnectError);
  assertEquals([error.code, error.status, error.retryable], ["TooBusy", 503, true]);
  assertEquals(await second.rpc.put({ data: new Uint8Array(1) }), 1);
  await second.close();
  await client.close();
  await server.close();
});

test("callTimeoutMs ends a call that is not answered, and only that", async () => {
  const Slow = service({ rpc: { never: rpc(), now: rpc({}, u32) } });
  const server = await serve(
    Slow,
    { port: 0, hostname: "127.0.0.1", tls: "plain" },
    () => ({ never: () => new Promise<void>(() => {}), now: () => 1 }),
  );
  const client = await connect(Slow, `ws://127.0.0.1:${server.port}`, {
    limits: { callTimeoutMs: 50 },
  });
  const error = await assertRejects(() => client.rpc.never(), RpcError);
  assertEquals([error.code, await client.rpc.now()], ["DeadlineExceeded", 1]);
  await client.close();
  await server.close({ deadlineMs: 20 });
});
