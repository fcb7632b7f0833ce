import { assertEquals } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { ClientTelemetry } from "../../client/telemetry.ts";
import { memoryPair } from "../../memory.ts";
import { rpc, service, stream, type StreamSource, u32 } from "../../mod.ts";
import type { MethodInfo } from "../../service/types.ts";
import type { StreamingCall } from "../../stream/open_streams.ts";
import { RpcError } from "../../wire/errors.ts";
import type { Instruments, Span } from "../../wire/open_telemetry.ts";

/** Instruments that record their measurements. */
function recorder(): { readonly lines: string[]; readonly instruments: Instruments } {
  const lines: string[] = [];
  const span = (name: string, kind: number): Span => {
    const facts: string[] = [];
    return {
      setAttribute: (key, value) => facts.push(`${key}=${value}`),
      setStatus: ({ code }) => facts.push(`status=${code}`),
      end: () => void lines.push([`${name} kind=${kind}`, ...facts].join(" ")),
    };
  };
  return {
    lines,
    instruments: {
      tracer: {
        startSpan: (name, { kind }) => span(name, kind),
        startActiveSpan: (name, { kind }, run) => run(span(name, kind)),
      },
      durations: { record: (_, { "rpc.method": method }) => void lines.push(`record ${method}`) },
      connections: undefined,
    },
  };
}

const [plain, streams] = service({ rpc: { get: rpc({}, u32), items: rpc({}, stream(u32)) } })
  .methods as readonly [MethodInfo, MethodInfo];
const streaming: StreamingCall = { itemsSent: 2, itemsReceived: 5, open() {}, begin() {} };

test("ClientTelemetry gives each call a span, with its items if it streams", async () => {
  const { lines, instruments } = recorder();
  const telemetry = new ClientTelemetry("Files", undefined, instruments);
  const call = telemetry.watch((method) =>
    method === plain ? Promise.resolve(1) : Promise.reject(new RpcError("Cancelled", ""))
  );
  await call(plain, {});
  await call(streams, {}, undefined, streaming).catch(() => {});
  assertEquals(lines, [
    "Files/get kind=2",
    "record get",
    "Files/items kind=2 hardlight.items.sent=2 hardlight.items.received=5 error.type=Cancelled status=2",
    "record items",
  ]);
});

test("ClientTelemetry gives what the server calls a span of a server", async () => {
  const { lines, instruments } = recorder();
  const telemetry = new ClientTelemetry("Files", undefined, instruments);
  telemetry.watchAnswer("confirm", Promise.resolve(true));
  telemetry.watchAnswer("confirm", Promise.reject(new Error("bug")));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(lines, [
    "Files/confirm kind=1",
    "Files/confirm kind=1 error.type=Error status=2",
  ]);
});

test("the source of a client's argument is pulled in the context of its call's span, to its end", async () => {
  const API = Symbol.for("opentelemetry.js.api.1");
  const contexts = new AsyncLocalStorage<string>();
  const span = { setAttribute() {}, setStatus() {}, end() {} };
  const tracer = {
    startSpan: () => span,
    startActiveSpan: <T>(name: string, { kind }: { kind: number }, run: (span: unknown) => T) =>
      contexts.run(`${name} ${kind}`, () => run(span)),
  };
  const context = {
    active: () => contexts.getStore(),
    with: <T>(active: string, run: () => T) => contexts.run(active, run),
  };
  const Sums = service({
    name: "Sums",
    rpc: { sum: rpc({ of: stream(u32) }, u32), first: rpc({ of: stream(u32) }, u32) },
  });
  const seen: (string | undefined)[] = [];
  const see = (): void => void seen.push(contexts.getStore());
  const sources: Readonly<Record<string, () => StreamSource<number>>> = {
    async *"an async generator"() {
      for (let i = 0; i < 3; i++) {
        see();
        yield i;
        await new Promise((resolve) => setTimeout(resolve, 0));
        see();
      }
    },
    *"a generator"() {
      try {
        for (let i = 0; i < 10_000; i++) {
          see();
          yield i;
        }
      } finally {
        see();
      }
    },
    // Not of the runtime: Bun pulls those in the context that they were made in.
    "a ReadableStream": () => {
      let left = 3;
      const read = () => (see(), Promise.resolve({ done: left-- === 0, value: 1 }));
      const cancel = () => Promise.resolve(see());
      return { getReader: () => ({ read, cancel }) } as unknown as ReadableStream<number>;
    },
  };
  Object.assign(globalThis, { [API]: { trace: { getTracer: () => tracer }, context } });
  try {
    await using pair = await memoryPair(Sums, () => ({
      async sum({ of }) {
        let sum = 0;
        for await (const item of of) sum += item;
        return sum;
      },
      async first({ of }) {
        for await (const item of of) return item;
        return 0;
      },
    }));
    for (const method of ["sum", "first"] as const) {
      for (const [name, source] of Object.entries(sources)) {
        await contexts.run("the caller's own", () => pair.client.rpc[method]({ of: source() }));
        assertEquals(new Set(seen.splice(0)), new Set([`Sums/${method} 2`]), `${method} ${name}`);
      }
    }
  } finally {
    Reflect.deleteProperty(globalThis, API);
  }
});
