import { footprint } from "../../codec/parts.ts";
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { bytes, convert, u32, u8, variants, vec } from "../../codec/mod.ts";
import { createCore } from "../../server/server_core.ts";
import { CallGuards, MIN_HELD_BYTES, TOLD_CALLS, VAIN_CALLS } from "../../server/call_guard.ts";
import { rpc, service } from "../../service/mod.ts";
import type { Limits } from "../../wire/limits.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { collectAll, collected } from "../support/garbage.ts";
import { ScriptedClient } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";

const Kind = variants({ a: null, b: null });
let converted = 0;
/** A number whose decoding is counted. */
const Counted = convert(u8, {
  expected: "a number",
  encode: (value: number) => value,
  decode(value) {
    converted++;
    return value;
  },
});
const Keeping = service({
  rpc: {
    keep: rpc({ data: bytes }),
    forget: rpc({ data: bytes }),
    keepAll: rpc({ kinds: vec(Kind) }),
    keepCounted: rpc({ numbers: vec(Counted) }),
    now: rpc({}, u32),
    odd: rpc({ kind: Kind }, u8),
  },
});
const [KEEP, FORGET, KEEP_ALL, KEEP_COUNTED, NOW, ODD] = Keeping.methods;
/** Memory of the argument of `keepAll`, besides its archive: a slot, an object and its payload. */
const KIND_BYTES = 8 + footprint(Kind);

/** A client of a server whose calls of `keep` end when the test resolves them. */
async function keeping(limits: Partial<Limits>) {
  const clock = new FakeClock();
  const held: ((failure?: Error) => void)[] = [];
  const wait = () =>
    new Promise<void>((resolve, reject) => {
      held.push((failure) => failure === undefined ? resolve() : reject(failure));
    });
  const core = createCore(
    Keeping,
    { limits, onError() {} },
    () => ({
      keep: wait,
      forget: ({ data }) => new Promise<void>(() => void data),
      keepAll: wait,
      keepCounted: wait,
      now: () => 1,
      odd: () => 1,
    }),
    testDeflater,
    clock,
  );
  const client = await ScriptedClient.connect(core);
  return { client, clock, core, held };
}

const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

test("the arguments of calls in flight are bounded in bytes, and the next call after one has ended is accepted", async () => {
  const { client, core, held } = await keeping({ maxHeldBytes: 100_000 });
  for (let id = 0; id < 4; id++) client.call(id, KEEP!.call, { data: new Uint8Array(40_000) });
  assertEquals([held.length, core.stats().callsInFlight], [2, 2]);
  assertEquals(client.take(), [
    "error 2 TooManyCallsInFlight",
    "error 3 TooManyCallsInFlight",
  ]);
  client.call(4, NOW!.call, {});
  assertEquals(client.take(), ["response 4 01000000"]);
  held.shift()!();
  await settle();
  assertEquals(client.take(), ["response 0 "]);
  client.call(5, KEEP!.call, { data: new Uint8Array(40_000) });
  assertEquals([held.length, client.take()], [2, []]);
  for (const end of held) end();
  await settle();
  assertEquals([core.stats().callsInFlight, core.stats().callsLimited], [0, 2]);
  client.hangUp();
});

test("what counts is what arguments are in memory, and a call alone is always taken", async () => {
  const { client, held } = await keeping({ maxHeldBytes: 10 * 1000 * KIND_BYTES });
  const kinds = Array.from({ length: 1000 }, () => ({ type: "a" as const }));
  for (let id = 0; id < 20; id++) client.call(id, KEEP_ALL!.call, { kinds });
  assertEquals([held.length, client.take().length], [9, 11]);
  client.hangUp();
  const other = await keeping({ maxHeldBytes: 1 });
  other.client.call(0, KEEP_ALL!.call, { kinds });
  assertEquals(other.held.length, 1);
  other.client.hangUp();
});

test("what there is no room for is not decoded, and the rest has its whole budget again", async () => {
  const COUNTED_BYTES = 8 + footprint(Counted);
  const { client, core, held } = await keeping({
    maxHeldBytes: 3500 * (COUNTED_BYTES + 1),
    maxDecodedBytes: 3000 * COUNTED_BYTES,
  });
  converted = 0;
  const numbers = new Array<number>(1000).fill(1);
  for (let id = 0; id < 5; id++) client.call(id, KEEP_COUNTED!.call, { numbers });
  assertEquals([held.length, converted], [3, 3000]);
  assertEquals(client.take(), [
    "error 3 TooManyCallsInFlight",
    "error 4 TooManyCallsInFlight",
  ]);
  for (const end of held.splice(0)) end();
  await settle();
  client.take();
  // The full budget of one call is available again; a larger call does not decode.
  client.call(5, KEEP_COUNTED!.call, { numbers: [...numbers, ...numbers, ...numbers] });
  assertEquals([held.length, converted, client.take()], [1, 6000, []]);
  held.shift()!();
  await settle();
  assertEquals(client.take(), ["response 5 "]);
  client.call(6, KEEP_COUNTED!.call, { numbers: [...numbers, ...numbers, ...numbers, 1] });
  assertEquals(client.take(), ["error 6 ServerDecodeError"]);
  assertEquals([core.stats().callsInFlight, converted], [0, 6000]);
  client.hangUp();
});

test("256 calls with small arguments are accepted at any limit", async () => {
  const { client, held } = await keeping({ maxHeldBytes: 1 });
  for (let id = 0; id < 256; id++) client.call(id, KEEP!.call, { data: new Uint8Array(1000) });
  assertEquals([held.length, client.take().length], [256, 0]);
  client.hangUp();
});

test("who sends calls that cannot be decoded has to wait before the next is looked at", async () => {
  const { client, clock } = await keeping({});
  const bad = (id: number) => client.rawCall(id, Uint8Array.of(9, ODD!.call.tag));
  for (let id = 0; id < 256; id++) bad(id);
  const { burst, perSecond } = VAIN_CALLS;
  const codes = client.take().map((line) => line.split(" ")[2]);
  assertEquals(codes.filter((code) => code === "ServerDecodeError").length, burst);
  assertEquals(codes.filter((code) => code === "TooManyCallsInFlight").length, 256 - burst);
  client.call(0, NOW!.call, {});
  assertEquals(client.take(), ["error 0 TooManyCallsInFlight"]);
  clock.advance(1000 / perSecond);
  client.call(0, NOW!.call, {});
  assertEquals(client.take(), ["response 0 01000000"]);
  client.hangUp();
});

test("what calls hold is bounded for all connections, and counts until handlers settle though these end", async () => {
  const { client, core, held } = await keeping({ maxTotalHeldBytes: 100_000 });
  const data = new Uint8Array(20_000);
  for (let id = 0; id < 2; id++) client.call(id, KEEP!.call, { data });
  client.hangUp();
  const leaving = await ScriptedClient.connect(core);
  for (let id = 0; id < 2; id++) leaving.call(id, KEEP!.call, { data });
  leaving.hangUp();
  const other = await ScriptedClient.connect(core);
  for (let id = 0; id < 60; id++) other.call(id, KEEP!.call, { data });
  assertEquals([held.length, core.stats().callsLimited], [4, 60]);
  assertEquals(other.take()[0], "error 0 TooManyCallsInFlight");
  // Refused unread, these were not in vain; small ones do not count.
  other.call(0, NOW!.call, {});
  other.call(1, KEEP!.call, { data: new Uint8Array(1000) });
  assertEquals([held.length, other.take()], [5, ["response 0 01000000"]]);
  held[0]!();
  held[2]!(new Error("late"));
  await settle();
  for (let id = 2; id < 5; id++) other.call(id, KEEP!.call, { data });
  assertEquals([held.length, other.take()], [7, ["error 4 TooManyCallsInFlight"]]);
  for (const end of held) end(new Error("late"));
  await settle();
  other.take();
  // All is there again, and no more than that.
  for (let id = 0; id < 5; id++) other.call(id, KEEP!.call, { data });
  assertEquals([held.length, other.take()], [11, ["error 4 TooManyCallsInFlight"]]);
  for (const end of held) end();
  await settle();
  assertEquals([core.stats().callsInFlight, other.take().length], [0, 4]);
  other.hangUp();
});

test("what handlers of other connections leave no room for is not decoded, and small calls are", async () => {
  const COUNTED_BYTES = 8 + footprint(Counted);
  const { client, core, held } = await keeping({
    maxTotalHeldBytes: 1500 * (COUNTED_BYTES + 1),
  });
  const other = await ScriptedClient.connect(core);
  converted = 0;
  const numbers = new Array<number>(1000).fill(1);
  client.call(0, KEEP_COUNTED!.call, { numbers });
  client.hangUp();
  other.call(0, KEEP_COUNTED!.call, { numbers });
  assertEquals([held.length, converted], [1, 1000]);
  assertEquals(other.take(), ["error 0 TooManyCallsInFlight"]);
  other.call(1, KEEP_COUNTED!.call, { numbers: [1] });
  assertEquals([held.length, converted, other.take()], [2, 1001, []]);
  held[0]!();
  await settle();
  other.call(2, KEEP_COUNTED!.call, { numbers });
  assertEquals([held.length, converted, other.take()], [3, 2001, []]);
  other.hangUp();
});

test("a single call is accepted at any total limit, and the next when it has been answered", async () => {
  const { client, held } = await keeping({ maxTotalHeldBytes: 1 });
  const data = new Uint8Array(20_000);
  for (let id = 0; id < 2; id++) client.call(id, KEEP!.call, { data });
  assertEquals([held.length, client.take()], [1, ["error 1 TooManyCallsInFlight"]]);
  held.shift()!();
  await settle();
  client.call(1, KEEP!.call, { data });
  assertEquals([held.length, client.take()], [1, ["response 0 "]]);
  client.hangUp();
});

test("who is refused for what others hold has not called in vain", async () => {
  const { client, core } = await keeping({ maxTotalHeldBytes: 20_000 });
  client.call(0, KEEP!.call, { data: new Uint8Array(16_000) });
  const other = await ScriptedClient.connect(core);
  const kinds = Array.from({ length: 1000 }, () => ({ type: "a" as const }));
  for (let id = 0; id < 100; id++) other.call(id, KEEP_ALL!.call, { kinds });
  assertEquals([core.stats().callsLimited, other.take().length], [100, 100]);
  other.call(0, NOW!.call, {});
  assertEquals(other.take(), ["response 0 01000000"]);
  client.hangUp();
  other.hangUp();
});

test("what a handler holds that can settle no more is released when it is collected", async () => {
  const { client, core, held } = await keeping({ maxTotalHeldBytes: 100_000 });
  const data = new Uint8Array(20_000);
  const leave = async (method: typeof KEEP) => {
    const leaving = await ScriptedClient.connect(core);
    for (let id = 0; id < 2; id++) leaving.call(id, method!.call, { data });
    leaving.hangUp();
  };
  await leave(FORGET);
  await leave(KEEP);
  const all = core.stats().heldBytes;
  assert(all > 80_000 && all < 81_000, `${all} bytes are held`);
  assert(await collected(() => core.stats().heldBytes <= all / 2));
  // Calls that can still settle count until they do.
  await collectAll();
  assertEquals([core.stats().heldBytes, held.length], [all / 2, 2]);
  for (const end of held) end();
  await settle();
  assertEquals(core.stats().heldBytes, 0);
  client.hangUp();
});

test("CallGuard forgets what has ended, and knows when there is nothing to remember", () => {
  const all = new CallGuards({ maxHeldBytes: 100, maxTotalHeldBytes: 1000 }, new FakeClock());
  const guard = all.open();
  assertEquals([guard.idle, guard.admits()], [true, true]);
  assertEquals([guard.hold(1, 60), guard.hold(2, 60), guard.hold(2, 40)], [true, false, true]);
  assertEquals([guard.heldBytes, guard.admits(), guard.idle], [100, false, false]);
  guard.release(1);
  guard.release(1);
  guard.release(7);
  assertEquals([guard.heldBytes, guard.admits()], [40, true]);
  guard.release(2);
  assertEquals([guard.heldBytes, guard.idle, all.bytes], [0, true, 0]);
});

test("CallGuard holds nothing that there is no room for with those of others", () => {
  const all = new CallGuards({ maxHeldBytes: 9000, maxTotalHeldBytes: 10_000 }, new FakeClock());
  const guard = all.open();
  const other = all.open();
  assertEquals(all.room, Infinity);
  assertEquals([guard.hold(1, 5000), other.hold(1, 5001), other.hold(2, 5000)], [
    true,
    false,
    true,
  ]);
  assertEquals([all.bytes, all.room, guard.heldBytes, other.heldBytes], [
    10_000,
    MIN_HELD_BYTES,
    5000,
    5000,
  ]);
  for (const id of [1, 2, 2, 1]) other.release(id);
  assertEquals([all.bytes, all.room], [5000, 5000]);
  for (const id of [1, 1]) guard.release(id);
  assertEquals([all.bytes, all.room], [0, Infinity]);
});

test("a method that fails often does not hide the failures of another", () => {
  const all = new CallGuards({ maxHeldBytes: 100, maxTotalHeldBytes: 1000 }, new FakeClock());
  const guard = all.open();
  const told = (method: number, calls: number): number => {
    let count = 0;
    for (let i = 0; i < calls; i++) if (guard.mayTell(method)) count++;
    return count;
  };
  assertEquals([told(0, 500), told(1, 1)], [TOLD_CALLS.burst, 1]);
});
