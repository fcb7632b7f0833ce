import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { page } from "../../runtime/browser.ts";
import { ConnectError } from "../../wire/errors.ts";
import type { CloseInfo } from "../../wire/transport.ts";

/** A page's socket whose browser reports only the close. */
class ClosedSocket {
  static last: ClosedSocket;
  protocol = "";
  onopen: (() => void) | null = null;
  onclose: ((info: CloseInfo) => void) | null = null;

  constructor() {
    ClosedSocket.last = this;
  }

  close(): void {}
}

/** Dial with a socket that reports only an answer, if any, and this close; returns the owner's notifications. */
function closedWith(info: CloseInfo, answered?: string): unknown[] {
  const standard = globalThis.WebSocket;
  globalThis.WebSocket = ClosedSocket as unknown as typeof WebSocket;
  try {
    const told: unknown[] = [];
    const say = (what: string) => ({ code, reason }: CloseInfo) =>
      void told.push(what, code, reason);
    page.dial(
      "ws://peer/",
      0,
      () => ({ onMessage() {}, onClose: say("closed") }),
      (error) => told.push(error),
      say("refused"),
    );
    const socket = ClosedSocket.last;
    if (answered !== undefined) {
      socket.protocol = answered;
      socket.onopen?.();
    }
    socket.onclose?.(info);
    return told;
  } finally {
    globalThis.WebSocket = standard;
  }
}

test("dial() of a page reports a refusal when the browser reports only the close", () => {
  assertEquals(closedWith({ code: 4403, reason: "This origin is not allowed" }), [
    "refused",
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

test("dial() of a page notifies only the owner of the opened transport of a close, with any code", () => {
  assertEquals(closedWith({ code: 1000, reason: "" }, "hl.2.no"), ["refused", 1000, ""]);
  assertEquals(closedWith({ code: 1006, reason: "" }, "hl.2"), ["closed", 1006, ""]);
});
