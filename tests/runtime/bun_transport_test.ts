/** The writes of {@linkcode BunTransport}, without Bun: its socket records corks and sends. */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { type BunSocket, BunTransport } from "../../runtime/bun_transport.ts";
import type { Shared } from "../../wire/transport.ts";

const shared: Shared = { hold() {}, release() {} };

function noting() {
  const writes: number[][] = [];
  let corked: number[] | undefined;
  const socket: BunSocket = {
    data: {},
    readyState: 1,
    binaryType: "uint8array",
    send(message) {
      if (corked !== undefined) corked.push(message[0]!);
      else writes.push([message[0]!]);
      return message.length;
    },
    cork(callback) {
      corked = [];
      callback();
      writes.push(corked);
      corked = undefined;
    },
    close() {},
    ping: () => 0,
    terminate() {},
    getBufferedAmount: () => 0,
  };
  const transport = new BunTransport(socket, {
    idleTimeoutMs: 0,
    closeTimeoutMs: 5000,
    maxMessageBytes: 1 << 20,
  });
  return { transport, writes };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what goes to many is written once, behind all handlers of a turn", async () => {
  const { transport, writes } = noting();
  for (const first of [1, 2, 3]) {
    transport.send(Uint8Array.of(first), shared);
    // As Bun does between the handlers of one turn.
    await null;
  }
  assertEquals([writes, transport.bufferedAmount], [[], 3]);
  await turn();
  assertEquals([writes, transport.bufferedAmount], [[[1, 2, 3]], 0]);
});

test("what goes to one connection alone takes along what was to go to many before it", async () => {
  const { transport, writes } = noting();
  transport.send(Uint8Array.of(1), shared);
  transport.send(Uint8Array.of(2));
  transport.send(Uint8Array.of(3), shared);
  await null;
  assertEquals(writes, [[1, 2, 3]]);
  transport.send(Uint8Array.of(4), shared);
  await turn();
  assertEquals(writes, [[1, 2, 3], [4]]);
});

test("a close writes what was to go to many before it", () => {
  const { transport, writes } = noting();
  transport.send(Uint8Array.of(1), shared);
  transport.send(Uint8Array.of(2), shared);
  transport.close(1000, "");
  assertEquals(writes, [[1, 2]]);
});
