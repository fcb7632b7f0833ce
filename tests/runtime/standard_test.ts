import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { rpc, service, u32 } from "../../mod.ts";
import { handler } from "../../server.ts";
import type { StandardEvent, StandardSocket } from "../../server.ts";

const Sum = service({ rpc: { add: rpc({ amount: u32 }, u32) } });

/** A socket as Cloudflare's pair gives it: no `binaryType`, no `bufferedAmount`, no `terminate`. */
class FakeSocket implements StandardSocket {
  readyState = 1;
  readonly closes: (number | undefined)[] = [];
  readonly #listeners = new Map<string, (event: StandardEvent) => void>();

  send(): void {}

  close(code?: number): void {
    this.readyState = 3;
    this.closes.push(code);
    this.emit("close", { code: code ?? 1005, reason: "" });
  }

  addEventListener(type: string, listener: (event: StandardEvent) => void): void {
    this.#listeners.set(type, listener);
  }

  emit(type: string, event: StandardEvent): void {
    this.#listeners.get(type)?.(event);
  }
}

function request(protocol: string): Request {
  return new Request("http://localhost/", { headers: { "sec-websocket-protocol": protocol } });
}

test("upgrade() serves a socket that it is given, and forgets it at its close", async () => {
  await using mounted = handler(Sum, {}, () => ({ add: ({ amount }) => amount }));
  const upgrade = await mounted.upgrade(request("hl.2, hl.2.c0"));
  if (upgrade instanceof Response) throw new Error("refused");
  assertEquals(upgrade.headers["sec-websocket-protocol"], "hl.2");
  const socket = new FakeSocket();
  upgrade.accept(socket);
  assertEquals(mounted.connections, 1);
  socket.emit("close", { code: 1000, reason: "" });
  assertEquals(mounted.connections, 0);
});

test("upgrade() decides on one socket: accept() takes no second", async () => {
  await using mounted = handler(Sum, {}, () => ({ add: ({ amount }) => amount }));
  const upgrade = await mounted.upgrade(request("hl.2"));
  if (upgrade instanceof Response) throw new Error("refused");
  const socket = new FakeSocket();
  upgrade.accept(socket);
  for (const other of [socket, new FakeSocket()]) {
    assertThrows(() => upgrade.accept(other), TypeError);
  }
  assertEquals(mounted.connections, 1);
});

test("upgrade() closes in turn a socket whose peer waits for that, as at Cloudflare", async () => {
  await using mounted = handler(Sum, {}, () => ({ add: ({ amount }) => amount }));
  const upgrade = await mounted.upgrade(request("hl.2"));
  if (upgrade instanceof Response) throw new Error("refused");
  const socket = new FakeSocket();
  upgrade.accept(socket);
  socket.readyState = 2;
  socket.emit("close", { code: 1000, reason: "" });
  assertEquals(socket.closes, [undefined]);
  socket.emit("close", { code: 1000, reason: "" });
  assertEquals(socket.closes, [undefined]);
});

test("upgrade() gives up a socket that can neither be sent on nor closed", async () => {
  await using mounted = handler(Sum, { onError() {} }, () => ({ add: () => 1 }));
  const upgrade = await mounted.upgrade(request("hl.2"));
  if (upgrade instanceof Response) throw new Error("refused");
  const refuse = (): never => {
    throw new Error("Cannot perform I/O on behalf of a different request.");
  };
  const socket = Object.assign(new FakeSocket(), { send: refuse, close: refuse });
  upgrade.accept(socket);
  socket.emit("message", { data: new Uint8Array([255, 255, 255]).buffer });
  assertEquals(mounted.connections, 0);
});

test("upgrade() closes a socket that sends an invalid message", async () => {
  await using mounted = handler(Sum, { onError() {} }, () => ({ add: ({ amount }) => amount }));
  const upgrade = await mounted.upgrade(request("hl.2"));
  if (upgrade instanceof Response) throw new Error("refused");
  const socket = new FakeSocket();
  upgrade.accept(socket);
  socket.emit("message", { data: new Uint8Array([255, 255, 255]).buffer });
  assertEquals(socket.closes, [4002]);
  assertEquals(mounted.connections, 0);
});

test("upgrade() refuses what speaks another subprotocol", async () => {
  await using mounted = handler(Sum, {}, () => ({ add: ({ amount }) => amount }));
  const refusal = await mounted.upgrade(request("chat"));
  assertEquals(refusal instanceof Response && refusal.status, 400);
});
