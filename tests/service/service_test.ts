import { defaultOf } from "../../codec/default.ts";
import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { test } from "node:test";
import { interpret, readArchive } from "../../codec/archive.ts";
import {
  box,
  CodecError,
  encode,
  type Fields,
  option,
  result,
  type Schema,
  string,
  struct,
  u32,
  u64,
  u8,
  variants,
  vec,
  withDefault,
} from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { checkService } from "../../service/check.ts";
import { rpc, service, wireSnapshot } from "../../service/mod.ts";

const Event = variants({
  incremented: { to: u32, from: u32 },
  decremented: { to: u32, from: u32 },
  serverSentTest: null,
});
const definition = {
  rpc: {
    newCounter: rpc(),
    increment: rpc({ amount: u32 }),
    decrement: rpc({ amount: u32 }),
    get: rpc({}, u32),
  },
  state: { counter: u32 },
  event: Event,
} as const;
const Counter = service(definition);

/** Rust: the lines `app/call` of protocol.jsonl. */
const CALLS: readonly (readonly [method: number, args: unknown, hex: string])[] = [
  [0, {}, "0000000000000000"],
  [1, { amount: 0 }, "0100000000000000"],
  [1, { amount: 1 }, "0100000001000000"],
  [1, { amount: 4294967295 }, "01000000ffffffff"],
  [2, { amount: 305419896 }, "0200000078563412"],
  [3, {}, "0300000000000000"],
];

for (const [method, args, hex] of CALLS) {
  test(`a call of ${Counter.methods[method]!.name}(${JSON.stringify(args)}) is archived as in Rust`, () => {
    assertEquals(encodeHex(encode(Counter.methods[method]!.call, args)), hex);
    const reader = new Reader();
    reader.reset(decodeHex(hex));
    assertEquals(
      readArchive(interpret, Counter.methods[method]!.call, reader, 0, hex.length / 2),
      args,
    );
  });
}

test("a call is an enum: fields in declaration order behind the tag, the size of the largest", () => {
  const mixed = service({
    rpc: {
      small: rpc({ a: u8 }),
      large: rpc({ a: u8, b: u64, c: string }),
      tail: rpc({ a: string }),
    },
  });
  assertEquals(encode(mixed.methods[0]!.call, { a: 7 }).length, 24);
  const [small, large, tail] = [{ a: 1 }, { a: 2, b: 3n, c: "longer than seven" }, {
    a: "also out of line",
  }];
  for (const [index, args] of [small, large, tail].entries()) {
    const archive = encode(mixed.methods[index]!.call, args);
    const expected = variants({
      small: { a: u8 },
      large: { a: u8, b: u64, c: string },
      tail: { a: string },
    });
    const type = (["small", "large", "tail"] as const)[index]!;
    assertEquals(encodeHex(archive), encodeHex(encode(expected, { type, ...args } as never)));
  }
});

test("more than 255 methods have a tag of two bytes", () => {
  const methods = Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`m${i}`, rpc()]));
  const many = service({ rpc: methods });
  assertEquals(encodeHex(encode(many.methods[255]!.call, {})), "ff00");
});

test("a bad argument is refused by name, a bad call by code", () => {
  const error = assertThrows(
    () => encode(Counter.methods[1]!.call, { amount: -1 }),
    CodecError,
  ) as CodecError;
  assertEquals([error.code, error.path], ["BadValue", "amount"]);
  const reader = new Reader();
  reader.reset(decodeHex("0400000000000000"));
  const refused = assertThrows(
    () => readArchive(interpret, Counter.calls as Schema<unknown>, reader, 0, 8),
    CodecError,
  ) as CodecError;
  assertEquals(refused.code, "InvalidTag");
});

test("state fields are in order, and have their default", () => {
  const { state } = service({ rpc: { a: rpc() }, state: { n: withDefault(u32, 7), s: string } });
  assertEquals(
    state.map(([name, schema]) => [name, defaultOf(schema)]),
    [["n", 7], ["s", ""]],
  );
});

test("the fingerprint changes with each part, and with nothing else", () => {
  const again = service({ ...definition, name: "another name" });
  assertEquals(again.fingerprint, Counter.fingerprint);
  assertEquals(
    Object.values(Counter.fingerprint).every((part) => /^[0-9a-f]{16}$/.test(part)),
    true,
  );
  const { increment, decrement, newCounter, get } = definition.rpc;
  const changes: readonly (readonly [Parameters<typeof service>[0], readonly string[]])[] = [
    [{ ...definition, rpc: { newCounter, decrement, increment, get } }, ["methods"]],
    [{ ...definition, rpc: { newCounter, increment, decrement, get: rpc({}, u64) } }, ["methods"]],
    [{ ...definition, rpc: { newCounter, increment, decrement: rpc({ by: u32 }), get } }, [
      "methods",
    ]],
    [{ ...definition, state: { counter: u64 } }, ["state"]],
    [{ ...definition, state: { count: u32 } }, ["state"]],
    [{ ...definition, event: variants({ other: null }) as Schema<unknown> }, ["events"]],
    [{ rpc: definition.rpc }, ["state", "events"]],
  ];
  for (const [changed, parts] of changes) {
    const { fingerprint } = service(changed);
    for (const part of ["methods", "state", "events"] as const) {
      const compare = parts.includes(part) ? assertNotEquals : assertEquals;
      compare(fingerprint[part], Counter.fingerprint[part]);
    }
  }
});

/** A service with one method. */
const of = (...[args, output]: [Fields, Schema<number>?]) =>
  service({ rpc: { a: output === undefined ? rpc(args) : rpc(args, output) } });

type Declared = Parameters<typeof checkService>[0];

const BAD: readonly (readonly [what: string, make: () => Declared])[] = [
  ["no methods", () => service({ rpc: {} })],
  ["a method named then", () => service({ rpc: { then: rpc() } })],
  ["a method named constructor", () => service({ rpc: { constructor: rpc() } })],
  ["a method named 0", () => service({ rpc: { 0: rpc() } })],
  ["a method with a space", () => service({ rpc: { "a b": rpc() } })],
  ["a method without a name", () => service({ rpc: { "": rpc() } })],
  ["an argument that is no schema", () => of({ a: 5 } as unknown as Fields)],
  ["an argument named 0", () => of({ 0: u32 })],
  ["an output that is no schema", () => of({}, 5 as unknown as Schema<number>)],
  [
    "a state field that is no schema",
    () => service({ rpc: { a: rpc() }, state: { a: 5 } as unknown as Fields }),
  ],
  [
    "a state field without a default",
    () => service({ rpc: { a: rpc() }, state: { a: result(u32, u32) } }),
  ],
  [
    "an event that is no schema",
    () => service({ rpc: { a: rpc() }, event: 5 as unknown as Schema<number> }),
  ],
];

for (const [what, make] of BAD) {
  test(`checkService() refuses ${what}, which service() takes`, () => {
    const made = make();
    const error = assertThrows(() => checkService(made), TypeError);
    assertMatch(error.message, /^Cannot (?:make|name|use) /);
    assertThrows(() => checkService(made), TypeError);
    assertThrows(() => wireSnapshot(made as never), TypeError);
  });
}

test("checkService() names the service that is undefined where modules import each other", () => {
  const undeclared = undefined as unknown as Schema<number>;
  for (
    const made of [
      of({ a: undeclared }),
      of({ a: struct({ b: vec(undeclared) }) }),
      service({ rpc: { a: rpc({}, undeclared) } }),
      service({ rpc: { a: rpc() }, event: undeclared }),
      service({ rpc: { a: rpc() }, state: { a: option(undeclared) } }),
    ] as readonly Declared[]
  ) {
    const { message } = assertThrows(() => checkService(made), TypeError);
    assertMatch(message, /is undefined; modules that import each other see that$/);
  }
});

test("a boxed default is a default", () => {
  assertEquals(service({ rpc: { a: rpc() }, state: { a: box(u32) } }).state.length, 1);
});
