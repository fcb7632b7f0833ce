/** Mistakes of newcomers, and the advice in their messages. */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { convert, encode, type Fields, type Schema, u64 } from "../../codec/mod.ts";
import { memoryPair } from "../../memory.ts";
import { rpc, service, stream, u32 } from "../../mod.ts";
import { checkService } from "../../service/check.ts";
import { wireSnapshot } from "../../service/mod.ts";
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
  [
    "with a conversion that does not say what it expects",
    () =>
      service({
        rpc: { add: rpc({}, convert(u32, { decode: Number, encode: Number } as never)) },
      }),
    'Cannot convert the output of method add: expected { expected: "a Date", decode, encode }',
  ],
  [
    "with a state that is none",
    () => service({ rpc: { add: rpc() }, state: 1 } as never),
    "expected fields, as in { state: { count: u32 } }",
  ],
];

for (const [what, make, told] of DECLARED) {
  test(`a service ${what} is refused with the missing part named, by its server and by its client`, async () => {
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

const UNDECLARED: readonly (readonly [given: unknown, told: string])[] = [
  [{ rcp: {} }, "Cannot use rcp: expected name, rpc, client, state, event"],
  [{ rpc: { add: rpc() }, events: u32 }, "Cannot use events: expected name, rpc, client"],
  [{ rpc: { add: 5 } }, "Cannot use method add: expected rpc()"],
  [{ rpc: { add: null } }, "Cannot use method add: expected rpc()"],
  [{ rpc: { add: missing } }, "Cannot use method add: expected rpc()"],
  [{ rpc: { add: u32 } }, "Cannot use method add: expected rpc()"],
  [{ rpc: { add: rpc(null as never) } }, "Cannot use method add: expected rpc()"],
  [{ rpc: { add: rpc() }, client: { ask: 5 } }, "Cannot use method of the client ask: expected"],
];

for (const [given, told] of UNDECLARED) {
  test(`a service that was given something else is refused: ${told}`, () => {
    const declared = service(given as never);
    const error = assertThrows(() => checkService(declared), TypeError);
    assertStringIncludes(error.message, told);
  });
}

for (const part of ["rpc", "client", "state"]) {
  test(`a service whose ${part} is null is refused in words`, () => {
    const declared = service({ rpc: { add: rpc() }, [part]: null } as never);
    const error = assertThrows(() => checkService(declared), TypeError);
    assertStringIncludes(error.message, "Cannot make a service: expected");
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

test("a limit that is null, and options of a call that are, are refused as such", async () => {
  const use = () => memoryPair(Sum, methods, { server: { limits: { maxDepth: null as never } } });
  assertStringIncludes((await assertRejects(use, TypeError)).message, "got null");
  await using pair = await memoryPair(Sum, methods);
  for (const given of [null, 5]) {
    const call = () => pair.client.rpc.add({ amount: 1 }, given as never);
    assertStringIncludes((await assertRejects(call, TypeError)).message, `got ${given}`);
  }
});

for (const [where, use] of Object.entries(OPTIONS)) {
  test(`${where} refuses an option that there is not, and says which there are`, async () => {
    const error = await assertRejects(async () => await use(), TypeError);
    assertStringIncludes(error.message, `"hostnme"`);
    assertStringIncludes(error.message, where === "memoryPair" ? "server, client" : "limits");
  });
}

/** Values that are not of an option's kind, on either side. */
const KINDS: Readonly<
  Record<"server" | "client", readonly (readonly [name: string, value: unknown, told: string])[]>
> = {
  server: [
    ["onError", "x", "expected a function, got a string"],
    ["onTrace", 1, "expected a function, got 1"],
    ["onMissedEvents", {}, "expected a function, got an object"],
    ["authorize", true, "expected a function, got true"],
    ["limits", 5, "expected an object, got 5"],
    ["limits", [], "expected an object, got an array"],
    ["hosts", "localhost", "expected an array, got a string"],
    ["callRate", 5, "expected an object, got 5"],
    ["callRate", { perSec: 5 }, 'option "perSec" of callRate: there are perSecond, burst'],
    ["callRate", { perSecond: "5" }, "expected a number, got a string"],
    ["onProtocolError", "skip", 'onProtocolError "skip": expected close or ignore'],
    ["broker", "nats", "expected an object, got a string"],
    ["broker", {}, "the broker: it has no function start"],
  ],
  client: [
    ["onError", null, "expected a function, got null"],
    ["onConnect", "x", "expected a function, got a string"],
    ["limits", 5, "expected an object, got 5"],
    ["reconnect", "false", "expected true or false, got a string"],
    ["headers", "a: b", "expected an object, or a function, got a string"],
    ["signal", {}, "expected an AbortSignal, got an object"],
    ["tls", { fingerprint: 5 }, "expected a string, got 5"],
  ],
};

for (const [name, value, told] of KINDS.server) {
  test(`a server refuses ${name} ${JSON.stringify(value)}: ${told}`, async () => {
    const options = { [name]: value } as never;
    for (
      const use of [
        () => serve(Sum, { port: 0, tls: "plain", ...options as object }, methods),
        () => handler(Sum, options, methods),
        () => memoryPair(Sum, methods, { server: options }),
      ]
    ) {
      const { message } = await assertRejects(async () => await use(), TypeError);
      assertStringIncludes(message, name);
      assertStringIncludes(message, told);
    }
  });
}

for (const [name, value, told] of KINDS.client) {
  test(`a client refuses ${name} ${JSON.stringify(value)}: ${told}`, async () => {
    const options = { [name]: value } as never;
    const { message } = await assertRejects(
      () => connect(Sum, "ws://127.0.0.1:1", options),
      TypeError,
    );
    assertStringIncludes(message, name);
    assertStringIncludes(message, told);
  });
}

test("serve() refuses a fallback and a hostname that are none", async () => {
  for (
    const [wrong, told] of [
      [{ fallback: "x" }, 'option "fallback" of serve(): expected a function, got a string'],
      [{ hostname: 5 }, 'option "hostname" of serve(): expected a string, got 5'],
    ] as const
  ) {
    const options = { port: 0, tls: "plain", ...wrong } as never;
    const error = await assertRejects(() => serve(Sum, options, methods), TypeError);
    assertStringIncludes(error.message, told);
  }
});

for (const hostname of ["no such host", "192.0.2.1"]) {
  test(`serve() on ${hostname} says in words why it cannot`, async () => {
    const options = { port: 0, tls: "plain", hostname } as const;
    const error = await assertRejects(() => serve(Sum, options, methods), Error);
    assertStringIncludes(error.message, `Cannot listen on ${hostname}, port 0: `);
    assert(typeof (error as { code?: unknown }).code === "string");
  });
}

test("a server that is closed with what there is not goes on, and says what there is", async () => {
  await using server = await serve(Sum, { port: 0, tls: "plain" }, methods);
  await using pair = await memoryPair(Sum, methods);
  for (const { close } of [server, handler(Sum, {}, methods), pair.server]) {
    const error = await assertRejects(() => close({ spread: 5 } as never), TypeError);
    assertStringIncludes(error.message, 'option "spread" of close(): there are deadlineMs');
  }
  await using client = await connect(Sum, server.url);
  assertEquals(await client.rpc.get(), 1);
});

test("wireSnapshot() says what it takes", () => {
  for (const wrong of [undefined, u32, 5]) {
    const error = assertThrows(() => wireSnapshot(wrong as never), TypeError);
    assertStringIncludes(error.message, "expected what service() makes, or schemas by name");
  }
  const error = assertThrows(() => wireSnapshot({ total: missing }), TypeError);
  assertStringIncludes(error.message, "Cannot use total: it is undefined");
});

for (const port of [undefined, "8080", -1, 70_000, 1.5, NaN]) {
  const wrong = typeof port === "number" ? RangeError : TypeError;
  test(`serve() refuses port ${port} of type ${typeof port} with a ${wrong.name}`, async () => {
    const error = await assertRejects(() => serve(Sum, { port } as never, methods), wrong);
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

test("an invalid service is reported on either side, and an undefined one with its cause", async () => {
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
  for (const wrong of [{ timeoutMs: "5" }, { signal: {} }]) {
    const { message } = await assertRejects(
      () => pair.client.rpc.get({}, wrong as never),
      TypeError,
    );
    assertStringIncludes(message, `option "${Object.keys(wrong)[0]}" of a call: expected a`);
  }
});

test("a method without arguments refuses a call's options in their place, on either side", async () => {
  const Late = service({
    rpc: { get: rpc({}, u32), lines: rpc({}, stream(u32)), take: rpc({ signal: stream(u32) }) },
    client: { ask: rpc({}, u32) },
  });
  const told = (name: string, key: string) => `options come second: ${name}({}, { ${key} })`;
  await using pair = await memoryPair(Late, ({ client }) => ({
    async get() {
      const { message } = await assertRejects(
        () => client.ask({ timeoutMs: 5 } as never),
        TypeError,
      );
      assertStringIncludes(message, told("ask", "timeoutMs"));
      return await client.ask();
    },
    lines: () => [],
    async take({ signal }) {
      for await (const _ of signal);
    },
  }), { client: { client: { ask: () => 7 } } });
  const { rpc: calls } = pair.client;
  for (const key of ["timeoutMs", "signal"]) {
    const { message } = await assertRejects(() => calls.get({ [key]: 5 } as never), TypeError);
    assertStringIncludes(message, told("get", key));
  }
  await assertRejects(() => calls.lines({ timeoutMs: 5 } as never).next(), TypeError);
  // What else is given, such as the event that a button's listener is, means nothing.
  assertEquals(await calls.get(new Event("click") as never, { timeoutMs: 60_000 }), 7);
  // An argument may have an option's name.
  await calls.take({ signal: [1] });
});

test("a client refuses what there is not where events and states are waited for", async () => {
  await using pair = await memoryPair(Sum, methods);
  const { client } = pair;
  const uses: readonly (readonly [use: () => unknown, told: string])[] = [
    [() => client.events({ topics: "a" } as never), '"topics" of events(): there are buffer'],
    [() => client.events({ signal: {} } as never), '"signal" of events(): expected an AbortSignal'],
    [() => client.state.until(() => false, { timeout: 5 } as never), '"timeout" of until(): there'],
    [() => client.state.until(() => false, { timeoutMs: "5" } as never), "expected a number"],
    [() => client.state.until(undefined as never), "until(): expected a predicate, got undefined"],
    [() => client.state.until({ n: 1 } as never), "until(): expected a predicate, got an object"],
    [
      () => client.state.changes({ signals: 1 } as never),
      '"signals" of changes(): there are signal',
    ],
  ];
  for (const [use, told] of uses) {
    const { message } = await assertRejects(async () => await use(), TypeError);
    assertStringIncludes(message, told);
  }
  const late = await assertRejects(() => client.state.until(() => false, { timeoutMs: 5 }));
  assertEquals((late as Error).message, "until(): it took over 5 ms");
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
  test(`a handler that is ${what} is reported to onError, at every connection`, async () => {
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
