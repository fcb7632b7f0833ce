import { assert, assertEquals } from "@std/assert";
import net, { type Socket } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { type ByteReader, pushPast, READER } from "../../runtime/node/read_buffer.ts";
import { until } from "../support/until.ts";

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/** Two ends of a connection. The first is read by `onBytes`, and through its stream while it is paused. */
async function connected(
  onBytes: ByteReader["onBytes"],
): Promise<readonly [read: Socket, written: Socket, close: () => Promise<void>]> {
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const written = net.connect(port, "127.0.0.1");
  const [socket] = await once(server, "connection") as [Socket];
  const read = Object.assign(socket, { [READER]: { onBytes }, push: pushPast });
  const close = async (): Promise<void> => {
    const closed = Promise.all([once(server, "close"), once(read, "close")]);
    server.close();
    written.destroy();
    read.destroy();
    await closed;
  };
  return [read, written, close];
}

test("a socket's bytes pass its stream by, and through it in order when it was paused", async () => {
  const seen: number[] = [];
  const take = (bytes: Uint8Array, length = bytes.length): void =>
    void seen.push(...bytes.subarray(0, length));
  const [read, written, close] = await connected(take);
  let streamed = 0;
  read.on("data", (chunk: Uint8Array) => {
    streamed++;
    take(chunk);
  });
  const sent: number[] = [];
  const send = (byte: number): void => {
    sent.push(byte);
    written.write(Uint8Array.of(byte));
  };
  send(1);
  await until(() => seen.length === 1);
  assertEquals(streamed, 0);
  read.pause();
  send(2);
  // Node and Bun read it into the stream, Deno stops reading at once.
  await pause();
  assertEquals(seen.length, 1);
  read.resume();
  for (let byte = 3; byte < 200; byte++) send(byte);
  await until(() => seen.length === sent.length);
  assertEquals(seen, sent);
  await close();
});

test("a paused socket reads no more than its stream holds", async () => {
  const SENT_BYTES = 32 << 20;
  let seen = 0;
  const [read, written, close] = await connected((_bytes, length) => seen += length);
  read.on("data", ({ length }: Uint8Array) => seen += length);
  read.pause();
  written.write(new Uint8Array(SENT_BYTES));
  await pause();
  assert(read.readableLength < 1 << 20, `${read.readableLength} bytes`);
  assert(written.writableLength > 0);
  read.resume();
  await until(() => seen === SENT_BYTES);
  await close();
});
