import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import {
  bool,
  bytes,
  encode,
  signature,
  struct,
  toRust,
  u16,
  u32,
  u64,
  u8,
  vec,
} from "../../codec/mod.ts";
import { rpc, type Schema, service, stream, string, wireSnapshot } from "../../mod.ts";
import { Ancestry } from "../../service/ancestry.ts";
import { checkService } from "../../service/check.ts";
import { fingerprintOf } from "../../service/fingerprint.ts";
import { explainMismatch } from "../../service/mismatch.ts";
import { formatFingerprint } from "../../wire/handshake.ts";
import { BACKENDS } from "../support/backends.ts";

const Files = service({
  name: "Files",
  rpc: {
    tail: rpc({ file: string }, stream(string)),
    upload: rpc({ name: string, parts: stream(bytes), mode: u32 }, u64),
    chat: rpc({ lines: stream(string) }, stream(string)),
    note: rpc({ lines: stream(string) }),
    size: rpc({ file: string }, u64),
  },
  client: { confirm: rpc({ text: string }, bool), reload: rpc() },
});

test("a method says which of its arguments is a stream, and whether its output is one", () => {
  assertEquals(
    Files.methods.map(({ name, input, items, output }) => [
      name,
      input && `${input.name}: ${signature(input.item)}`,
      items && signature(items.item),
      output.kind !== "unit",
    ]),
    [
      ["tail", undefined, "string", false],
      ["upload", "parts: vec<u8>", undefined, true],
      ["chat", "lines: string", "string", false],
      ["note", "lines: string", undefined, false],
      ["size", undefined, undefined, true],
    ],
  );
  assertEquals(Files.clientMethods.map(({ call, name }) => [call.tag, name]), [
    [0, "confirm"],
    [1, "reload"],
  ]);
});

for (const { name, encode } of BACKENDS) {
  test(`a stream takes no room in the archive of its call, ${name}`, () => {
    const without = service({ rpc: { upload: rpc({ name: string, mode: u32 }) } });
    const withStream = service({
      rpc: { upload: rpc({ name: string, parts: stream(bytes), mode: u32 }, stream(string)) },
    });
    const archive = (made: typeof without | typeof withStream, value: unknown) => {
      const call: Schema<unknown> = made.methods[0]!.call;
      return encode(call, value);
    };
    const args = { name: "a name that is not inline", mode: 7 };
    assertEquals(archive(withStream, { ...args, parts: [] }), archive(without, args));
    assertEquals(encode(withStream.methods[0]!.output, undefined), new Uint8Array());
  });
}

test("wireSnapshot() lists streams where they stand, and the methods of the client", () => {
  assertEquals(
    wireSnapshot(Files),
    `service Files
methods
  0 tail { file: string } -> stream(string)
  1 upload { name: string, parts: stream(vec<u8>), mode: u32 } -> u64
  2 chat { lines: stream(string) } -> stream(string)
  3 note { lines: stream(string) } -> unit
  4 size { file: string } -> u64
client
  0 confirm { text: string } -> bool
  1 reload {} -> unit
state
  none
events
  none
`,
  );
});

test("a service without streams and methods of the client keeps its fingerprint", () => {
  // As the release before streams printed it.
  const { fingerprint } = service({
    rpc: { add: rpc({ amount: u32 }), get: rpc({}, u32) },
    state: { total: u32 },
    event: struct({ to: u32 }),
  });
  assertEquals(
    formatFingerprint(fingerprint),
    "3a6884fb2bbc580c.463f586add98aeb6.3a87e342c45aa303",
  );
});

test("the fingerprint changes with each stream and with each method of the client", () => {
  const made = [
    service({ rpc: { a: rpc({ x: u8 }) } }),
    service({ rpc: { a: rpc({ x: stream(u8) }) } }),
    service({ rpc: { a: rpc({ x: stream(u16) }) } }),
    service({ rpc: { a: rpc({ y: stream(u16) }) } }),
    service({ rpc: { a: rpc({ x: u8 }, stream(u8)) } }),
    service({ rpc: { a: rpc({ x: u8 }, stream(u16)) } }),
    service({ rpc: { a: rpc({ x: u8 }, u16) } }),
    service({ rpc: { a: rpc({ x: u8 }) }, client: { b: rpc() } }),
    service({ rpc: { a: rpc({ x: u8 }) }, client: { b: rpc({}, u8) } }),
    service({ rpc: { a: rpc({ x: u8 }) }, client: { b: rpc(), c: rpc() } }),
    service({ rpc: { a: rpc({ x: u8 }) }, client: { c: rpc(), b: rpc() } }),
  ];
  const names = made.map(({ fingerprint }) => formatFingerprint(fingerprint));
  assertEquals(new Set(names).size, made.length);
  for (const each of made.slice(7)) {
    assertEquals(each.fingerprint.methods, made[0]!.fingerprint.methods);
    assertNotEquals(each.fingerprint.events, made[0]!.fingerprint.events);
  }
});

/** The client's methods, as a server sees them. */
const CLIENTS: readonly (readonly [
  what: string,
  client: Parameters<typeof service>[0]["client"],
  served: boolean,
])[] = [
  ["none", undefined, true],
  ["the first two", { confirm: rpc({ text: string }, bool), reload: rpc() }, true],
  ["the first, which are smaller", { confirm: rpc({ text: string }, bool) }, true],
  ["others", { other: rpc() }, false],
  ["the same in another order", { reload: rpc(), confirm: rpc({ text: string }, bool) }, false],
];

for (const [what, client, served] of CLIENTS) {
  test(`a client that has ${what} of three methods is ${served ? "served" : "refused"}`, () => {
    const methods = { confirm: rpc({ text: string }, bool), reload: rpc(), last: rpc({ to: u8 }) };
    const now = service({ rpc: { a: rpc() }, client: methods, event: struct({ to: u32 }) });
    const then = service({
      rpc: { a: rpc() },
      event: struct({ to: u32 }),
      ...(client && { client }),
    });
    assertEquals(new Ancestry(now as never).includes("events", then.fingerprint.events), served);
    assert(!new Ancestry(then as never).includes("events", now.fingerprint.events));
  });
}

test("a client with larger calls of the client than an older one had is another service", () => {
  const then = service({ rpc: { a: rpc() }, client: { b: rpc({ to: u8 }) } });
  const now = service({ rpc: { a: rpc() }, client: { b: rpc({ to: u8 }), c: rpc({ to: u64 }) } });
  assert(!new Ancestry(now as never).includes("events", then.fingerprint.events));
});

test("explainMismatch() tells a client that its server does not know a method of the client", () => {
  const server = service({ rpc: { a: rpc() }, client: { confirm: rpc() }, event: u32 });
  const client = service({
    rpc: { a: rpc() },
    client: { confirm: rpc(), reload: rpc() },
    event: u32,
  });
  const refusal = `differ in events; server ${formatFingerprint(server.fingerprint)}`;
  assertEquals(
    explainMismatch(refusal, client, fingerprintOf),
    "The client is newer than the server: deploy the server first. It does not know " +
      'method "reload" of the client',
  );
  const without = service({ rpc: { a: rpc() }, event: u32 });
  assertEquals(
    explainMismatch(
      `differ in events; server ${formatFingerprint(without.fingerprint)}`,
      client,
      fingerprintOf,
    ),
    "The client is newer than the server: deploy the server first. It does not know " +
      'method "confirm" of the client',
  );
});

const notASchema = stream(string) as unknown as Schema<unknown>;
const REFUSED: readonly (readonly [
  what: string,
  make: () => Parameters<typeof checkService>[0],
  told: RegExp,
])[] = [
  [
    "two streams among the arguments",
    () => service({ rpc: { a: rpc({ x: stream(u8), y: stream(u8) }) } }),
    /^Cannot make method a: one argument can be a stream, not more$/,
  ],
  [
    "a stream as the argument of a method of the client",
    () => service({ rpc: { a: rpc() }, client: { b: rpc({ x: notASchema }) } }),
    /^Cannot make method of the client b: a method that the server calls cannot stream$/,
  ],
  [
    "a stream as the output of a method of the client",
    () => service({ rpc: { a: rpc() }, client: { b: rpc({}, notASchema) } }),
    /^Cannot make method of the client b: a method that the server calls cannot stream$/,
  ],
  [
    "a stream in the state",
    () => service({ rpc: { a: rpc() }, state: { x: notASchema } }),
    /^Cannot use a field of the state, x: a stream can be an argument or the output of a method/,
  ],
  [
    "a stream inside of a type",
    () => service({ rpc: { a: rpc({ x: vec(notASchema) }) } }),
    /a stream can be an argument or the output of a method/,
  ],
  [
    "a stream of streams",
    () => service({ rpc: { a: rpc({}, stream(notASchema)) } }),
    /a stream can be an argument or the output of a method/,
  ],
  [
    "a stream of undefined",
    () => service({ rpc: { a: rpc({}, stream(undefined as unknown as Schema<number>)) } }),
    /^Cannot use an item of the output of method a: it is undefined; modules that import each other/,
  ],
  [
    "a method of the client that is called then",
    () => service({ rpc: { a: rpc() }, client: { then: rpc() } }),
    /^Cannot name method of the client "then"/,
  ],
  [
    "a client that is no object",
    () => service({ rpc: { a: rpc() }, client: 5 as never }),
    /^Cannot make a service: expected methods, as in \{ client: /,
  ],
];

for (const [what, make, told] of REFUSED) {
  test(`checkService() refuses ${what}`, () => {
    const made = make();
    assertMatch(assertThrows(() => checkService(made), TypeError).message, told);
  });
}

test("checkService() takes streams and methods of the client", () => {
  checkService(Files);
  checkService(service({ rpc: { a: rpc() }, client: {} }));
});

test("toRust() has no stream", () => {
  assertThrows(
    () => toRust(notASchema),
    TypeError,
    "a stream can be an argument or the output of a method",
  );
  assertEquals(encode(Files.clientMethods[0]!.call, { text: "a" }).length > 0, true);
});
