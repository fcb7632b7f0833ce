import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import { otherService } from "../../server/refusal.ts";
import { type Fields, rpc, type Schema, service, string, u32, variants } from "../../mod.ts";
import type { Method } from "../../service/mod.ts";
import { fingerprintOf } from "../../service/fingerprint.ts";
import { explainMismatch } from "../../service/mismatch.ts";

interface Parts {
  rpc?: Readonly<Record<string, Method<unknown>>>;
  state?: Fields;
  event?: Schema<unknown>;
}

const BASE = {
  rpc: { add: rpc({ amount: u32 }), get: rpc({}, u32), note: rpc({ text: string }, string) },
  state: { total: u32, name: string },
  event: variants({ added: { to: u32 }, gone: null, named: string }),
};
const made = (parts: Parts) => service({ ...BASE, ...parts } as typeof BASE);
const { add, get } = BASE.rpc;

const NEWER = "The client is newer than the server: deploy the server first. It does not know ";
const OTHER = "The client and the server were built from different services: ";

/** The server's service, while the client has {@linkcode BASE}; and the client's message. */
const CASES: readonly (readonly [server: string, parts: Parts, says: string])[] = [
  ["the first method", { rpc: { add } }, `${NEWER}method "get"`],
  ["all methods but the last", { rpc: { add, get } }, `${NEWER}method "note"`],
  ["no state", { state: {} }, `${NEWER}state field "total"`],
  ["one field of the state", { state: { total: u32 } }, `${NEWER}state field "name"`],
  ["no event", { event: undefined as never }, `${NEWER}event "added"`],
  ["one variant", { event: variants({ added: { to: u32 } }) }, `${NEWER}event "gone"`],
  [
    "less of everything",
    { rpc: { add }, state: {}, event: variants({ added: { to: u32 }, gone: null }) },
    `${NEWER}method "get" and state field "total" and event "named"`,
  ],
  ["another order of methods", { rpc: { get, add } }, `${OTHER}methods differ. Compare`],
  ["another output", { rpc: { ...BASE.rpc, get: rpc({}, string) } }, `${OTHER}methods differ. `],
  [
    "fields the other way round",
    { state: { name: string, total: u32 } },
    `${OTHER}state differs. `,
  ],
  ["a method more", { rpc: { ...BASE.rpc, more: rpc() } }, `${OTHER}methods differ. `],
  [
    "fewer methods and another event",
    { rpc: { add }, event: u32 },
    `${OTHER}methods, events differ. Compare`,
  ],
];

function withoutUndefined(parts: Parts): Parts {
  const { event, ...rest } = { ...BASE, ...parts };
  return event === undefined ? rest : { ...rest, event };
}

for (const [what, parts, says] of CASES) {
  test(`explainMismatch() of a server with ${what}: ${says}`, () => {
    const client = made({});
    const server = service(withoutUndefined(parts) as typeof BASE);
    const { reason } = otherService(["methods", "state", "events"], server.fingerprint);
    const text = explainMismatch(`It said: ${reason}`, client, fingerprintOf);
    assertStringIncludes(text ?? "", says);
  });
}

test("explainMismatch() names no part that the server did not: it serves clients of older forms", () => {
  const { fingerprint } = made({ rpc: { add, get }, state: {} });
  const { reason } = otherService(["methods"], fingerprint);
  assertEquals(explainMismatch(reason, made({}), fingerprintOf), `${NEWER}method "note"`);
});

test("explainMismatch() of a server with the same service says that the query was changed", () => {
  const { reason } = otherService(["methods", "state"], made({}).fingerprint);
  assertEquals(
    explainMismatch(reason, made({}), fingerprintOf),
    "The server has the same service, but received other fingerprints of methods, state: a proxy " +
      'changed "hl" in the query of its address',
  );
});

test("explainMismatch() has nothing to say of a server that tells no fingerprint", () => {
  assertEquals(explainMismatch("methods differ", made({}), fingerprintOf), undefined);
});

test("a refusal for another service fits a close frame, whatever differs", () => {
  const { reason } = otherService(["methods", "state", "events"], made({}).fingerprint);
  assertEquals(new TextEncoder().encode(reason).length <= 123, true);
});
