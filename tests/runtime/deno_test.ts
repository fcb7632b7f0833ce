// Deno makes it when it is first read, and needs `Deno` for that.
import "node:process";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { handler } from "../../runtime/deno.ts";
import type { Acceptor } from "../../wire/transport.ts";

/** Run as another runtime that has no `Deno` would. */
function withoutDeno(run: () => void): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, "Deno");
  Object.defineProperty(globalThis, "Deno", { value: undefined, configurable: true });
  try {
    run();
  } finally {
    if (own === undefined) Reflect.deleteProperty(globalThis, "Deno");
    else Object.defineProperty(globalThis, "Deno", own);
  }
}

test("handler() throws where nothing upgrades a request, and still answers others", async () => {
  let asked = 0;
  const acceptor: Acceptor = {
    maxMessageBytes: 1,
    idleTimeoutMs: 0,
    closeTimeoutMs: 1,
    handshakeTimeoutMs: 1,
    upgrade() {
      asked++;
      return new Response();
    },
  };
  const answer = new Response("hello");
  const fetch = handler(acceptor, () => answer);
  const url = "http://localhost/";
  const headers = { connection: "upgrade", upgrade: "websocket" };
  const plain = new Request(url);
  const upgrade = new Request(url, { headers });
  let plainAnswer: unknown;
  let thrown: unknown;
  withoutDeno(() => {
    plainAnswer = fetch(plain);
    try {
      fetch(upgrade);
    } catch (error) {
      thrown = error;
    }
  });
  assertEquals(await plainAnswer === answer, true);
  assertEquals(thrown instanceof TypeError, true);
  assertEquals(asked, 0);
});
