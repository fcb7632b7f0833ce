import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { dial } from "../../runtime/browser.ts";
import { ConnectError } from "../../wire/errors.ts";
import type { CloseInfo } from "../../wire/transport.ts";

/** A socket of a page whose browser tells the close alone. */
class ClosedSocket {
  static last: ClosedSocket;
  readonly protocol = "";
  onclose: ((info: CloseInfo) => void) | null = null;

  constructor() {
    ClosedSocket.last = this;
  }

  close(): void {}
}

/** Dial with a socket that is told nothing but this close; returns what the owner was told. */
function closedWith(info: CloseInfo): unknown[] {
  const standard = globalThis.WebSocket;
  globalThis.WebSocket = ClosedSocket as unknown as typeof WebSocket;
  try {
    const told: unknown[] = [];
    dial("ws://peer/", 0, (_, isRefused) => {
      told.push(isRefused);
      return { onMessage() {}, onClose: ({ code, reason }) => void told.push(code, reason) };
    }, (error) => told.push(error));
    ClosedSocket.last.onclose?.(info);
    return told;
  } finally {
    globalThis.WebSocket = standard;
  }
}

test("dial() of a page is told a refusal of which the browser tells the close alone", () => {
  assertEquals(closedWith({ code: 4403, reason: "This origin is not allowed" }), [
    true,
    4403,
    "This origin is not allowed",
  ]);
});

test("dial() of a page fails where the browser says no more than that it ended", () => {
  const [error, ...others] = closedWith({ code: 1006, reason: "" });
  assertInstanceOf(error, ConnectError);
  assertStringIncludes(error.message, "Cannot connect to peer");
  assertEquals([error.code, others], ["Unreachable", []]);
});
