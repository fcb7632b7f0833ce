import { assert, assertEquals } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { bool, rpc, service, type StreamSource, string } from "../../mod.ts";
import { interpret } from "../../codec/archive.ts";
import { createCore } from "../../server/server_core.ts";
import type { ServerTrace } from "../../server/telemetry.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { CALLS, streaming } from "./streams_support.ts";
import { turn } from "./support.ts";

test("onTrace gets a call's number of items, once it is answered, cancelled or cut", async () => {
  const traces: ServerTrace[] = [];
  const { client } = await streaming(() => ({
    async *twice({ numbers }) {
      for await (const number of numbers) yield 2 * number;
    },
    async sum({ numbers }) {
      for await (const _ of numbers) break;
      return 1;
    },
    quick: () => 1,
  }), { onTrace: (trace) => traces.push(trace) });
  const calls = () =>
    traces.splice(0).flatMap((trace) =>
      trace.type !== "call"
        ? []
        : [[trace.method, trace.code, trace.itemsSent, trace.itemsReceived]]
    );
  client.call(1, CALLS.quick);
  assertEquals(calls(), [["quick", undefined, undefined, undefined]]);
  client.call(1, CALLS.twice, {});
  client.numbers(1, 1, 2, 3);
  client.end(1);
  await turn();
  assertEquals(calls(), [["twice", undefined, 3, 3]]);
  client.call(1, CALLS.sum, { start: 0 });
  client.numbers(1, 1, 2);
  await turn();
  assertEquals(calls(), [["sum", undefined, 0, 2]]);
  client.call(1, CALLS.twice, {});
  client.numbers(1, 1);
  await turn();
  client.cancel(1);
  await turn();
  assertEquals(calls(), [["twice", undefined, 1, 1]]);
  client.call(1, CALLS.twice, {});
  client.numbers(1, 1, 2);
  await turn();
  client.hangUp();
  await turn();
  assertEquals(calls().map(([method, , sent, came]) => [method, sent, came]), [["twice", 2, 2]]);
});

test("a span of a call that streams has its items, and one of a call of the client is a client's", async () => {
  const API = Symbol.for("opentelemetry.js.api.1");
  const spans: (readonly [name: string, kind: number, facts: Record<string, unknown>])[] = [];
  const startSpan = (name: string, { kind }: { kind: number }) => {
    const facts: Record<string, unknown> = {};
    spans.push([name, kind, facts]);
    return {
      setAttribute: (fact: string, value: unknown) => void (facts[fact] = value),
      setStatus() {},
      end: () => void (facts.ended = true),
    };
  };
  const tracer = {
    startSpan,
    startActiveSpan: <T>(name: string, options: { kind: number }, run: (span: unknown) => T) =>
      run(startSpan(name, options)),
  };
  Object.assign(globalThis, { [API]: { trace: { getTracer: () => tracer } } });
  try {
    const { client } = await streaming(() => ({ count: () => [1, 2] }));
    client.call(1, CALLS.count, { to: 0 });
    await turn();
    assertEquals(spans.splice(0), [["service/count", 1, {
      "hardlight.items.sent": 2,
      "hardlight.items.received": 0,
      ended: true,
    }]]);
    const Asking = service({
      rpc: { quick: rpc() },
      client: { confirm: rpc({ text: string }, bool) },
    });
    const traces: ServerTrace[] = [];
    let confirm: () => Promise<boolean>;
    const core = createCore(
      Asking,
      { onTrace: (trace) => traces.push(trace) },
      ({ client }) => {
        confirm = () => client.confirm({ text: "a" });
        return { quick() {} };
      },
      testDeflater,
      new FakeClock(),
    );
    const asked = await ScriptedClient.connect(core, upgradeRequest({}, "/?hl-x=1"));
    const [first, second] = [confirm!(), confirm!()];
    asked.write((writer) => writeReply(interpret, writer, 0, bool, true));
    asked.write((writer) => writeFailed(writer, 1, "HandlerPanicked"));
    assertEquals((await Promise.allSettled([first, second])).map(({ status }) => status), [
      "fulfilled",
      "rejected",
    ]);
    await turn();
    assertEquals(spans, [
      ["service/confirm", 2, { ended: true }],
      ["service/confirm", 2, { "error.type": "HandlerPanicked", ended: true }],
    ]);
    assertEquals(
      traces.flatMap((trace) =>
        trace.type === "clientCall" ? [[trace.method, trace.connection, trace.code]] : []
      ),
      [["confirm", 1, undefined], ["confirm", 1, "HandlerPanicked"]],
    );
    asked.hangUp();
  } finally {
    Reflect.deleteProperty(globalThis, API);
  }
});

test("a source is pulled in the context of its call's span, of every kind and to its end", async () => {
  const API = Symbol.for("opentelemetry.js.api.1");
  const contexts = new AsyncLocalStorage<string>();
  const span = { setAttribute() {}, setStatus() {}, end() {} };
  const tracer = {
    startSpan: () => span,
    startActiveSpan: <T>(name: string, _: unknown, run: (span: unknown) => T) =>
      contexts.run(name, () => run(span)),
  };
  const context = {
    active: () => contexts.getStore(),
    with: <T>(active: string, run: () => T) => contexts.run(active, run),
  };
  Object.assign(globalThis, { [API]: { trace: { getTracer: () => tracer }, context } });
  const seen: (string | undefined)[] = [];
  const see = (): void => void seen.push(contexts.getStore());
  const sources: Readonly<Record<string, () => StreamSource<number>>> = {
    // Not its `finally`: on Deno a generator that returns while it waits ends without a context, for any caller.
    async *"an async generator"() {
      for (let i = 0;; i++) {
        see();
        yield i;
        await turn();
        see();
      }
    },
    *"a generator"() {
      try {
        for (let i = 0;; i++) {
          see();
          yield i;
        }
      } finally {
        see();
      }
    },
    "an iterable": () => ({
      [Symbol.iterator]() {
        see();
        return { next: () => (see(), { done: false, value: 1 }) };
      },
    }),
    "a ReadableStream": () =>
      new ReadableStream<number>({
        pull(controller) {
          see();
          controller.enqueue(1);
        },
        cancel: see,
      }, { highWaterMark: 0 }),
  };
  try {
    for (const [name, source] of Object.entries(sources)) {
      const { client } = await streaming(() => ({ count: source }));
      client.call(1, CALLS.count, { to: 0 });
      for (let i = 0; i < 9; i++) await turn();
      const before = seen.length;
      // By a message: there is room again. An async generator that waits has never used it up.
      if (before > 1000) {
        client.grant(1, 680);
        await turn();
        assert(seen.length > before, name);
      }
      client.cancel(1);
      await turn();
      assert(seen.length > 3, name);
      assertEquals(new Set(seen.splice(0)), new Set(["service/count"]), name);
      client.hangUp();
      await turn();
    }
    const { client, errors } = await streaming(() => ({ count: () => 1 as never }));
    client.call(1, CALLS.count, { to: 0 });
    await turn();
    assert(String(errors[0]?.error).includes("Cannot stream it"), String(errors[0]?.error));
  } finally {
    Reflect.deleteProperty(globalThis, API);
  }
});
