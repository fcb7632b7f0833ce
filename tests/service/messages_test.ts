/** Mistakes that newcomers make, and what they are told to do. */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { encode, type Fields, type Schema, u64 } from "../../codec/mod.ts";
import { memoryPair } from "../../memory.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { checkService } from "../../service/check.ts";
import { type ErrorContext, handler, serve } from "../../server.ts";

const Sum = service({ name: "Sum", rpc: { add: rpc({ amount: u32 }, u32), get: rpc({}, u32) } });
const methods = () => ({ add: ({ amount }: { amount: number }) => amount, get: () => 1 });
const missing = undefined as unknown as Schema<number>;

type Declared = Parameters<typeof checkService>[0];

const DECLARED: readonly (readonly [what: string, make: () => Declared, told: string])[] = [
  ["without anything", () => service(undefined as never), "{ rpc: { get: rpc() } }"],
  ["without rpc", () => service({} as never), "{ rpc: { get: rpc() } }"],
  [
    "with an argument that is undefined",
    () => service({ rpc: { get: rpc(), add: rpc({ amount: missing } as Fields) } }),
    "an argument of method add, amount: it is undefined; modules that import each other see that",
  ],
  [
    "with an output that is undefined",
    () => service({ rpc: { add: rpc({}, missing) } }),
    "the output of method add: it is undefined",
  ],
  [
    "with an event that is undefined",
    () => service({ rpc: { add: rpc() }, event: missing }),
    "the event: it is undefined",
  ],
  [
    "with a state field that is undefined",
    () => service({ rpc: { add: rpc() }, state: { count: missing } }),
    "a field of the state, count: it is undefined",
  ],
];

for (const [what, make, told] of DECLARED) {
  test(`a service ${what} says what is missing, to whoever serves or calls it`, async () => {
    const declared = make() as never;
    assertStringIncludes(assertThrows(() => checkService(declared), TypeError).message, told);
    const uses: readonly (() => unknown)[] = [
      () => serve(declared, { port: 0 }, methods as never),
      () => handler(declared, {}, methods as never),
      () => memoryPair(declared, methods as never),
      () => connect(declared, "ws://127.0.0.1:1"),
    ];
    for (const use of uses) {
      const error = await assertRejects(async () => await use(), TypeError);
      assertStringIncludes(error.message, told);
    }
  });
}

test("a number for a u64 says what to write", () => {
  const error = assertThrows(() => encode(u64, 1 as unknown as bigint), Error);
  assertStringIncludes(error.message, "(write 1n), got 1");
});

const OPTIONS: Readonly<Record<string, () => unknown>> = {
  serve: () => serve(Sum, { port: 0, tls: "plain", hostnme: "127.0.0.1" } as never, methods),
  handler: async () => await handler(Sum, { hostnme: "127.0.0.1" } as never, methods),
  memoryPair: () => memoryPair(Sum, methods, { hostnme: {} } as never),
  "memoryPair's server": () => memoryPair(Sum, methods, { server: { hostnme: 1 } } as never),
  "memoryPair's client": () => memoryPair(Sum, methods, { client: { hostnme: 1 } } as never),
  connect: () => connect(Sum, "ws://127.0.0.1:1", { hostnme: 1 } as never),
};

for (const [where, use] of Object.entries(OPTIONS)) {
  test(`${where} refuses an option that there is not, and says which there are`, async () => {
    const error = await assertRejects(async () => await use(), TypeError);
    assertStringIncludes(error.message, `"hostnme"`);
    assertStringIncludes(error.message, where === "memoryPair" ? "server, client" : "limits");
  });
}

for (const port of [undefined, "8080", -1, 80_000, 1.5]) {
  test(`serve() refuses port ${JSON.stringify(port)}`, async () => {
    const error = await assertRejects(() => serve(Sum, { port } as never, methods), TypeError);
    assertStringIncludes(error.message, `port ${port}: expected a number from 0 to 65535`);
  });
}

for (const tls of ["selfsigned", "", null, true]) {
  test(`serve() refuses tls ${JSON.stringify(tls)}`, async () => {
    const options = { port: 0, tls } as never;
    const error = await assertRejects(() => serve(Sum, options, methods), TypeError);
    assertStringIncludes(error.message, "expected self-signed, plain or { cert, key }");
  });
}

test("a service that is none is told on either side, and one that is undefined why", async () => {
  for (const [wrong, says] of [[undefined, "import each other"], [{}, "what service() makes"]]) {
    for (
      const use of [
        () => serve(wrong as typeof Sum, { port: 0 }, methods),
        () => connect(wrong as typeof Sum, "ws://127.0.0.1:1"),
      ]
    ) {
      assertStringIncludes((await assertRejects(use, TypeError)).message, says as string);
    }
  }
});

test("options that are null are refused in words on either side", async () => {
  for (
    const use of [
      () => serve(Sum, null as never, methods),
      () => connect(Sum, "ws://127.0.0.1:1", null as never),
    ]
  ) {
    const { message } = await assertRejects(use, TypeError);
    assertStringIncludes(message, "(): expected an object");
  }
});

test("a call refuses an option that there is not", async () => {
  await using pair = await memoryPair(Sum, methods);
  const error = await assertRejects(
    () => pair.client.rpc.get({}, { timeout: 5 } as never),
    TypeError,
  );
  assertStringIncludes(error.message, 'option "timeout" of a call: there are timeoutMs, signal');
});

const HANDLERS: Readonly<Record<string, { factory: () => unknown; told: string }>> = {
  "an async one": {
    factory: () => Promise.resolve(methods()),
    told: "it is async; answer the methods at once",
  },
  "one that rejects": {
    factory: () => Promise.reject(new Error("late")),
    told: "it is async; answer the methods at once",
  },
  "one with a method more": {
    factory: () => ({ ...methods(), ad: () => 1 }),
    told: "Sum has no method ad; it has add, get",
  },
  "one with a method less": {
    factory: () => ({ get: () => 1 }),
    told: "it has no method add",
  },
};

for (const [what, { factory, told }] of Object.entries(HANDLERS)) {
  test(`a handler that is ${what} is told to onError, at every connection`, async () => {
    const errors: [unknown, ErrorContext][] = [];
    const onError = (error: unknown, context: ErrorContext) => void errors.push([error, context]);
    for (let i = 0; i < 2; i++) {
      await assertRejects(async () => {
        const options = { server: { onError }, client: { reconnect: false } };
        await using pair = await memoryPair(Sum, factory as never, options);
        await pair.client.rpc.get();
      });
    }
    assertEquals(errors.length, 2);
    for (const [error] of errors) assertStringIncludes(String(error), told);
  });
}

test("a handler of a class may have more than its methods", async () => {
  class Handler {
    readonly helper = (): number => 2;
    add({ amount }: { amount: number }): number {
      return amount + this.helper();
    }
    get(): number {
      return this.more();
    }
    more(): number {
      return 3;
    }
  }
  await using pair = await memoryPair(Sum, () => new Handler());
  assertEquals(await pair.client.rpc.add({ amount: 1 }), 3);
  assert(await pair.client.rpc.get() === 3);
});
