/** `accept()` accepts other libraries' sockets by their own types: `deno check` is the test. */
// @ts-types="npm:@types/ws@8.18.2"
import type { WebSocket as WsSocket } from "ws";
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import type { StandardSocket, StandardUpgrade } from "../../server.ts";

type Accepts<Socket> = Socket extends StandardSocket ? true : false;
function isTrue<_T extends true>(): void {}

isTrue<Accepts<WsSocket>>();
isTrue<Accepts<WebSocket>>();
// @ts-expect-error It has no events.
isTrue<Accepts<{ readyState: number; send(): void; close(): void }>>();

/** As in an application's code. */
export function mount(
  upgrade: StandardUpgrade,
  ws: WsSocket,
  standard: WebSocket,
): void {
  upgrade.accept(ws);
  upgrade.accept(standard);
}

test("mount() hands each kind of socket on", () => {
  const accepted: unknown[] = [];
  const upgrade = {
    protocol: "hl.2",
    headers: {},
    accept: (socket: unknown) => accepted.push(socket),
  };
  mount(upgrade as never, "ws" as never, "standard" as never);
  assertEquals(accepted, ["ws", "standard"]);
});
