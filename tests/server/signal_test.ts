import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { createCore } from "../../server/server_core.ts";
import { rawHandler } from "../../server/mod.ts";
import { type CallContext, rpc, service, string, u32 } from "../../mod.ts";
import { isRpcError } from "../../wire/errors.ts";
import { type Deferred, deferred } from "../support/deferred.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedClient } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { turn } from "./support.ts";

const Work = service({ rpc: { work: rpc({ text: string }, u32), quick: rpc({}, u32) } });
const [WORK, QUICK] = Work.methods;

/** A server whose `work` waits for the test, and records the arguments of each call. */
async function working() {
  const calls: CallContext[] = [];
  const settle: Deferred<number>[] = [];
  const errors: unknown[] = [];
  const core = createCore(
    Work,
    { onError: (error) => errors.push(error) },
    () => ({
      work(_, context) {
        calls.push(context);
        return (settle[settle.length] = deferred()).promise;
      },
      quick: () => 1,
    }),
    testDeflater,
    new FakeClock(),
  );
  const client = await ScriptedClient.connect(core);
  return { core, client, calls, settle, errors };
}

function codeOf(reason: unknown): string {
  return isRpcError(reason) ? reason.code : String(reason);
}

test("a call's signal aborts when the connection ends, and tells why", async () => {
  const { client, calls } = await working();
  client.call(1, WORK!.call, { text: "a" });
  const { signal } = calls[0]!;
  assertEquals([signal.aborted, signal === calls[0]!.signal], [false, true]);
  let aborted = 0;
  signal.addEventListener("abort", () => aborted++);
  client.hangUp();
  assertEquals([aborted, codeOf(signal.reason)], [1, "ConnectionLost"]);
});

test("one that is first looked at when the connection has ended is aborted", async () => {
  const { client, calls } = await working();
  client.call(1, WORK!.call, { text: "a" });
  client.hangUp();
  assertEquals([calls[0]!.signal.aborted, codeOf(calls[0]!.signal.reason)], [
    true,
    "ConnectionLost",
  ]);
});

test("the signal of a call that was answered never aborts, whenever it is looked at", async () => {
  const { client, calls, settle } = await working();
  for (const id of [1, 2]) client.call(id, WORK!.call, { text: "a" });
  const early = calls[0]!.signal;
  for (const { resolve } of settle) resolve(7);
  await turn();
  const late = calls[1]!.signal;
  assertEquals(client.take().length, 2);
  // Another with the same id is another.
  client.call(1, WORK!.call, { text: "b" });
  const next = calls[2]!.signal;
  client.hangUp();
  assertEquals([early.aborted, late.aborted, next.aborted], [false, false, true]);
  assertEquals(calls[1]!.signal.aborted, false);
});

test("a handler that fails because of its signal is no failure to tell of; another is", async () => {
  const { client, calls, settle, errors } = await working();
  for (const id of [1, 2, 3]) client.call(id, WORK!.call, { text: "a" });
  const { signal } = calls[0]!;
  client.hangUp();
  settle[0]!.reject(signal.reason);
  settle[1]!.reject(new Error("of another cause"));
  // An error that was not reported yet, other than its own signal's reason, is reported.
  settle[2]!.reject(new DOMException("The operation was aborted", "AbortError"));
  await turn();
  assertEquals(errors.map((error) => (error as Error).name), ["Error", "AbortError"]);
});

test("a raw handler is given its call's signal as well", async () => {
  const signals: AbortSignal[] = [];
  const core = createCore(
    Work,
    {},
    rawHandler((_call, _connection, { signal }) => {
      signals.push(signal);
      return new Promise<Uint8Array>(() => {});
    }),
    testDeflater,
    new FakeClock(),
  );
  const client = await ScriptedClient.connect(core);
  client.rawCall(1, Uint8Array.of(0));
  client.hangUp();
  assertEquals(signals.map(({ aborted }) => aborted), [true]);
});

test("calls with an unused signal leave nothing behind", async () => {
  const { client, core, settle } = await working();
  for (let id = 0; id < 256; id++) client.call(id, WORK!.call, { text: "a" });
  for (const { resolve } of settle) resolve(1);
  await turn();
  client.call(0, QUICK!.call);
  assertEquals([client.take().length, core.stats().callsInFlight], [257, 0]);
});

test("a call that its connection's close makes fail is cut, and not answered", async () => {
  const { client, core, errors } = await working();
  const calls: CallContext[] = [];
  const closing = createCore(
    Work,
    { onError: (error) => errors.push(error) },
    ({ connection }) => ({
      work: (_, context) =>
        new Promise<number>((_, reject) => {
          calls.push(context);
          context.signal.addEventListener("abort", () => reject(context.signal.reason));
        }),
      quick() {
        connection.close(4000, "enough");
        return 1;
      },
    }),
    testDeflater,
    new FakeClock(),
  );
  const other = await ScriptedClient.connect(closing);
  other.call(1, WORK!.call, { text: "a" });
  other.call(2, QUICK!.call);
  await turn();
  assertEquals([other.take(), other.closedWith?.code, errors], [[], 4000, []]);
  assertEquals([calls[0]!.signal.aborted, core.stats().connections], [true, 1]);
  client.hangUp();
});
