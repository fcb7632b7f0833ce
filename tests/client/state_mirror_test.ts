import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { test } from "node:test";
import { createFullClient } from "../../client/full.ts";
import { MANY_ITERATORS } from "../../client/check_uses.ts";
import type { StateField } from "../../service/types.ts";
import { onAbort } from "../../wire/signals.ts";
import { mirrorState, type StateMirror } from "../../client/state_mirror.ts";
import { type Schema, string, u32 } from "../../codec/mod.ts";
import { timersOf } from "../../wire/clock.ts";
import { RpcError } from "../../wire/errors.ts";
import { rpc, service } from "../../service/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { collected } from "../support/garbage.ts";
import { testDeflater } from "../support/test_deflater.ts";

interface State {
  counter: number;
  name: string;
}

function setup(): { mirror: StateMirror<State>; clock: FakeClock; errors: unknown[] } {
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const fields: StateField[] = [
    ["counter", u32 as Schema<unknown>],
    ["name", string as Schema<unknown>],
  ];
  const told = (error: unknown): void => void errors.push(error);
  return {
    mirror: mirrorState<State>(fields, { ...timersOf(clock), onAbort }, told),
    clock,
    errors,
  };
}

function count(mirror: StateMirror<State>, counter: number): void {
  mirror.set(Object.freeze({ ...mirror.current, counter }));
}

async function code(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, RpcError)).code;
}

test("StateMirror.current is the same object between changes, and frozen at the defaults", () => {
  const { mirror } = setup();
  const before = mirror.current;
  assertEquals(before, { counter: 0, name: "" });
  assertStrictEquals(mirror.current, before);
  mirror.set({ counter: 7, name: "seven" });
  assertEquals(mirror.current, { counter: 7, name: "seven" });
  assertEquals(before, { counter: 0, name: "" });
  assert(Object.isFrozen(before));
});

test("StateMirror.reset() goes back to the defaults and says so", () => {
  const { mirror } = setup();
  count(mirror, 7);
  const seen: number[] = [];
  mirror.subscribe(({ counter }) => seen.push(counter));
  mirror.reset();
  assertEquals(mirror.current, { counter: 0, name: "" });
  assertEquals(seen, [0]);
});

test("StateMirror.subscribe() notifies each listener until it is removed", () => {
  const { mirror, errors } = setup();
  const seen: string[] = [];
  const listener = ({ counter }: State): void => {
    seen.push(`a${counter}`);
  };
  const { subscribe } = mirror;
  const stop = subscribe(listener);
  const stopTwin = subscribe(listener);
  subscribe(() => {
    throw new Error("mine");
  });
  subscribe(({ counter }) => seen.push(`b${counter}`));
  count(mirror, 1);
  stop();
  stop();
  count(mirror, 2);
  stopTwin();
  count(mirror, 3);
  assertEquals(seen, ["a1", "a1", "b1", "a2", "b2", "b3"]);
  assertEquals(errors.length, 3);
});

test("StateMirror.until() resolves with the first state that fits", async () => {
  const { mirror, clock } = setup();
  const now = await mirror.until(({ counter }) => counter === 0);
  assertEquals(now.counter, 0);
  const later = mirror.until(({ counter }) => counter > 1, { timeoutMs: 100 });
  for (const counter of [1, 2, 3]) count(mirror, counter);
  assertEquals((await later).counter, 2);
  assertEquals([mirror.watchers.size, clock.pending], [0, 0]);
});

test("StateMirror.until() fails by deadline, signal, its predicate or the end", async () => {
  const { mirror, clock } = setup();
  const controller = new AbortController();
  const never = () => false;
  const late = mirror.until(never, { timeoutMs: 100, signal: controller.signal });
  const cancelled = mirror.until(never, { signal: controller.signal, timeoutMs: 1000 });
  const broken = mirror.until(({ counter }) => {
    if (counter > 0) throw new TypeError("mine");
    return false;
  });
  const ended = mirror.until(never);
  clock.advance(100);
  assertEquals(await code(late), "DeadlineExceeded");
  controller.abort();
  assertEquals(await code(cancelled), "Cancelled");
  count(mirror, 1);
  await assertRejects(() => broken, TypeError);
  mirror.end();
  assertEquals(await code(ended), "ClientNotConnected");
  assertEquals(await code(mirror.until(never)), "ClientNotConnected");
  assertEquals(await code(setup().mirror.until(never, { signal: controller.signal })), "Cancelled");
  assertEquals([mirror.watchers.size, clock.pending], [0, 0]);
});

test("StateMirror.changes() gives a slow reader the newest state", async () => {
  const { mirror } = setup();
  const changes = mirror.changes();
  for (const counter of [1, 2, 3]) count(mirror, counter);
  assertEquals((await changes.next()).value?.counter, 3);
  const next = changes.next();
  count(mirror, 4);
  assertEquals((await next).value?.counter, 4);
  await changes.return();
  assertEquals(mirror.watchers.size, 0);
});

test("StateMirror.changes() ends with its signal and with the mirror", async () => {
  const { mirror } = setup();
  const controller = new AbortController();
  const aborted = mirror.changes({ signal: controller.signal });
  controller.abort();
  assertEquals((await aborted.next()).done, true);
  assertEquals((await mirror.changes({ signal: controller.signal }).next()).done, true);
  const ended = mirror.changes();
  mirror.end();
  assertEquals((await ended.next()).done, true);
  assertEquals((await mirror.changes().next()).done, true);
  assertEquals(mirror.watchers.size, 0);
});

test("an unreferenced StateMirror.changes() ends when it is collected", async () => {
  const { mirror } = setup();
  const kept = mirror.changes();
  for (let i = 0; i < 100; i++) mirror.changes();
  assert(
    await collected(() => mirror.watchers.size < 10),
    `${mirror.watchers.size} of 101 are left`,
  );
  count(mirror, 1);
  assertEquals((await kept.next()).value?.counter, 1);
});

test("a client tells once that very many wait for a state", () => {
  const errors: unknown[] = [];
  const { dial } = fakeDialer(() => new FakePeer());
  const { state, stats } = createFullClient(
    service({ rpc: { get: rpc() }, state: { counter: u32 } }),
    "ws://test/",
    { onError: (error) => errors.push(error) },
    { dial, deflater: testDeflater },
  );
  for (let i = 1; i < MANY_ITERATORS; i++) void state.until(() => false).catch(() => {});
  assertEquals(errors, []);
  const changes = state.changes();
  const more = state.changes();
  assertEquals([errors.length, stats().stateWatchers], [1, MANY_ITERATORS + 1]);
  void changes.return();
  void more.return();
});
