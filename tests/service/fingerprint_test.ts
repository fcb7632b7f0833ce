import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { rpc, service, string, u32, u64, variants } from "../../mod.ts";
import type { Service } from "../../mod.ts";
import { Ancestry } from "../../service/ancestry.ts";
import { compareFingerprint } from "../../wire/handshake.ts";

/** The refusal by a server of one service of a client of another. */
function meet(
  server: Service<never, never, never>,
  client: Service<never, never, never>,
): string[] {
  const ancestry = new Ancestry(server);
  return compareFingerprint(server.fingerprint, client.fingerprint, ancestry);
}

const first = { add: rpc({ amount: u32 }), get: rpc({}, u32) };
const state = { total: u32 };
const Old = service({ rpc: first, state, event: variants({ added: { to: u32 } }) });

const CASES: readonly (readonly [what: string, newer: unknown, differing: string[]])[] = [
  ["nothing", Old, []],
  [
    "an appended method",
    service({ rpc: { ...first, reset: rpc() }, state, event: variants({ added: { to: u32 } }) }),
    [],
  ],
  [
    "an appended method with larger arguments",
    service({
      rpc: { ...first, big: rpc({ a: u64, b: string }) },
      state,
      event: variants({ added: { to: u32 } }),
    }),
    ["methods"],
  ],
  [
    "a method before the others",
    service({ rpc: { reset: rpc(), ...first }, state, event: variants({ added: { to: u32 } }) }),
    ["methods"],
  ],
  [
    "a renamed method",
    service({
      rpc: { plus: first.add, get: first.get },
      state,
      event: variants({ added: { to: u32 } }),
    }),
    ["methods"],
  ],
  [
    "an appended field of the state",
    service({
      rpc: first,
      state: { ...state, name: string },
      event: variants({ added: { to: u32 } }),
    }),
    [],
  ],
  [
    "another field of the state",
    service({ rpc: first, state: { sum: u32 }, event: variants({ added: { to: u32 } }) }),
    ["state"],
  ],
  [
    "an appended variant of the event",
    service({ rpc: first, state, event: variants({ added: { to: u32 }, reset: null }) }),
    ["events"],
  ],
];

for (const [what, newer, differing] of CASES) {
  test(`a server with ${what} and an older client: ${differing.join(", ") || "they agree"}`, () => {
    assertEquals(meet(newer as never, Old as never), differing);
  });
}

test("a client with an appended method is refused by an older server", () => {
  const Newer = service({
    rpc: { ...first, reset: rpc() },
    state,
    event: variants({ added: { to: u32 } }),
  });
  assertEquals(meet(Old as never, Newer as never), ["methods"]);
});
