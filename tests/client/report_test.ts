import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { createFullClient } from "../../client/full.ts";
import { reportBug } from "../../client/full.ts";
import { u32 } from "../../codec/mod.ts";
import { page } from "../../runtime/browser.ts";
import { rpc, service } from "../../service/mod.ts";
import { Topic } from "../../wire/topic.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";

interface Globals {
  reportError?: ((error: unknown) => void) | undefined;
  queueMicrotask: (run: () => void) => void;
  setTimeout: (run: () => void) => void;
}
const globals = globalThis as unknown as Globals;

/** Run with other globals, and put back those there were. */
async function withGlobals(others: Partial<Globals>, run: () => unknown): Promise<void> {
  const before = { ...others };
  for (const name of Object.keys(others) as (keyof Globals)[]) {
    before[name] = globals[name] as never;
  }
  Object.assign(globals, others);
  try {
    await run();
  } finally {
    Object.assign(globals, before);
  }
}

const bug = new TypeError("mine");

test("reportBug() hands a bug to reportError", async () => {
  const seen: unknown[] = [];
  await withGlobals({ reportError: (error) => seen.push(error) }, () => reportBug(bug));
  assertEquals(seen, [bug]);
});

test("reportBug() throws a bug by itself where there is no reportError, as on Node", async () => {
  const later: (() => void)[] = [];
  await withGlobals(
    { reportError: undefined, queueMicrotask: (run) => later.push(run) },
    () => reportBug(bug),
  );
  assertEquals(later.length, 1);
  assertThrows(later[0]!, TypeError, "mine");
});

test("a page throws a bug by itself, also where there is no reportError", async () => {
  const later: (() => void)[] = [];
  await withGlobals(
    { reportError: undefined, setTimeout: (run) => later.push(run) },
    () => page.reportBug(bug),
  );
  assertEquals(later.length, 1);
  assertThrows(later[0]!, TypeError, "mine");
});

test("without onError a listener's bug is an uncaught error, an event that does not decode is none, and the client goes on", async () => {
  const Counter = service({ rpc: { get: rpc({}, u32) }, state: { counter: u32 }, event: u32 });
  const { dial, peers } = fakeDialer(() => new FakePeer());
  const client = createFullClient(Counter, "ws://test/", {}, {
    dial,
    deflater: testDeflater,
    clock: new FakeClock(),
  });
  const seen: unknown[] = [];
  await withGlobals({ reportError: (error) => seen.push(error) }, async () => {
    client.onStatus(() => {
      throw bug;
    });
    client.state.subscribe(() => {
      throw bug;
    });
    client.events();
    await client.connect();
    const [peer] = peers as [FakePeer];
    peer.state([0, u32 as never, 1]);
    peer.event(Topic.from("numbers"), new Uint8Array([1]));
    assertEquals(client.stats().undecodableEvents, 1);
    const reply = client.rpc.get();
    peer.reply(peer.requests[0]!.id, u32, 7);
    assertEquals(await reply, 7);
    await client.close();
  });
  // Open, the new connection's state, the state change, closed.
  assertEquals(seen, [bug, bug, bug, bug]);
});
