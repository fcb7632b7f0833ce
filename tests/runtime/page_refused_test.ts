import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { dial } from "../../runtime/browser.ts";
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

/** Dial with a socket that is told nothing but this close; resolves to what the owner was told. */
async function closedWith(info: CloseInfo): Promise<unknown[]> {
  const standard = globalThis.WebSocket;
  globalThis.WebSocket = ClosedSocket as unknown as typeof WebSocket;
  try {
    const told: unknown[] = [];
    const { signal } = new AbortController();
    const dialed = dial({ url: "ws://peer/", level: 0, signal }, (_, { protocol }) => {
      told.push(protocol);
      return { onMessage() {}, onClose: ({ code, reason }) => void told.push(code, reason) };
    });
    ClosedSocket.last.onclose?.(info);
    await dialed;
    return told;
  } finally {
    globalThis.WebSocket = standard;
  }
}

test("dial() of a page is told a refusal of which the browser tells the close alone", async () => {
  assertEquals(await closedWith({ code: 4403, reason: "This origin is not allowed" }), [
    "hl.2.no",
    4403,
    "This origin is not allowed",
  ]);
});

test("dial() of a page rejects where the browser says no more than that it ended", async () => {
  await assertRejects(
    () => closedWith({ code: 1006, reason: "" }),
    Error,
    "Cannot connect to peer",
  );
});
