/**
 * A closing connection and its queue count until its socket is closed. The queue is sent, unless the peer is
 * closed because it does not read.
 */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { bytes, rpc, service } from "../../mod.ts";
import { type Context, serve } from "../../server.ts";
import { RawClient } from "../support/raw_client.ts";
import { call, frame } from "./frames.ts";
import { until } from "../support/until.ts";

const Big = service({ rpc: { join: rpc() }, event: bytes });
/** More than the system's buffers hold. */
const EVENT_BYTES = 12 << 20;

/** A server with one client, that does not read. */
async function begin(closeTimeoutMs: number) {
  let context: Context<unknown, Uint8Array, unknown> | undefined;
  const closed: number[] = [];
  const server = await serve(
    Big,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      limits: { closeTimeoutMs },
      onError() {},
      onTrace: (trace) => trace.type === "closed" && closed.push(trace.code),
    },
    (given) => {
      context = given;
      return { join: () => void given.subscriptions.add("all") };
    },
  );
  const client = await RawClient.connect(server.port);
  await client.upgrade();
  client.write(frame(call(0, Big.methods[0]!.call, {})));
  await client.until(() => client.bytes.length > 0);
  client.chunks.length = 0;
  client.socket.pause();
  return { server, client, closed, close: (code: number) => context!.connection.close(code) };
}

/** Payloads of whole frames, by first byte. */
function frames(all: Buffer): [first: number, payload: Buffer][] {
  const found: [number, Buffer][] = [];
  for (let at = 0; at + 2 <= all.length;) {
    const short = all[at + 1]!;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    const size = short < 126
      ? short
      : short === 126
      ? all.readUInt16BE(at + 2)
      : Number(all.readBigUInt64BE(at + 2));
    if (at + head + size > all.length) break;
    found.push([all[at]!, all.subarray(at + head, at + head + size)]);
    at += head + size;
  }
  return found;
}

const noise = Buffer.alloc(EVENT_BYTES);
for (let at = 0; at < EVENT_BYTES; at += 65_536) {
  crypto.getRandomValues(noise.subarray(at, at + 65_536));
}

for (const code of [1000, 4011]) {
  test(`a close with ${code} sends what waits first, and counts until it is sent`, async () => {
    const { server, client, close } = await begin(30_000);
    server.events.emit("all", noise);
    await until(() => server.stats().bufferedBytes > 1 << 20);
    close(code);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { connections, bufferedBytes } = server.stats();
    assertEquals(connections, 1);
    assert(bufferedBytes > 1 << 20, `${bufferedBytes} bytes wait`);
    client.socket.resume();
    await until(() => frames(client.bytes).some(([first]) => first === 0x88));
    const [[, event] = [], [, end] = []] = frames(client.bytes);
    assertEquals([event!.length > EVENT_BYTES, end?.readUInt16BE(0)], [true, code]);
    client.socket.destroy();
    await until(() => server.connections === 0);
    await server.close();
  });
}

test("a close counts until the socket is gone, and that is when the peer's time is over", async () => {
  const { server, client, close, closed } = await begin(500);
  server.events.emit("all", noise);
  await until(() => server.stats().bufferedBytes > 1 << 20);
  close(1000);
  assertEquals(server.connections, 1);
  await until(() => server.connections === 0);
  assertEquals([closed, server.stats().bufferedBytes], [[1000], 0]);
  client.socket.destroy();
  await server.close();
});

test("a close with 4008 forgets what waits behind the message that is being sent", async () => {
  const { server, client, close } = await begin(500);
  for (let i = 0; i < 2; i++) server.events.emit("all", noise);
  await until(() => server.stats().bufferedBytes > EVENT_BYTES);
  close(4008);
  const { bufferedBytes } = server.stats();
  assert(bufferedBytes < EVENT_BYTES, `${bufferedBytes} bytes wait`);
  await until(() => server.connections === 0);
  assertEquals(server.stats().bufferedBytes, 0);
  client.socket.destroy();
  await server.close();
});
