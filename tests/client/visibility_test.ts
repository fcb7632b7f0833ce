import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { createFullClient } from "../../client/full.ts";
import { page as environment } from "../../runtime/browser.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { defaultSpreadMs, goingAwayReason, MAX_SPREAD_MS } from "../../wire/close.ts";
import { returnOf } from "../../client/reconnect.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";

const spreadOf = (reason: string): number => returnOf(4001, reason)[0];
const isDrained = (code: number, reason: string): boolean => returnOf(code, reason)[1];
const Counter = service({ rpc: { add: rpc({ amount: u32 }, u32) } });

/** A document with the parts that `whenVisible()` uses. */
class FakePage {
  visibilityState = "visible";
  readonly listeners: Set<() => void> = new Set();

  addEventListener(_type: string, listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: string, listener: () => void): void {
    this.listeners.delete(listener);
  }

  turn(hidden: boolean): void {
    this.visibilityState = hidden ? "hidden" : "visible";
    for (const listener of [...this.listeners]) listener();
  }

  /** Wait until visible, as the only page. */
  readonly whenVisible = (run: () => void): () => void => {
    const globals = globalThis as { document?: unknown };
    globals.document = this;
    try {
      return environment.whenVisible(run);
    } finally {
      delete globals.document;
    }
  };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

function setup(random = 1) {
  const clock = new FakeClock();
  const page = new FakePage();
  const fake = fakeDialer(() => new FakePeer());
  const client = createFullClient(Counter, "ws://test/", {}, {
    dial: fake.dial,
    deflater: testDeflater,
    clock,
    random: () => random,
    whenVisible: page.whenVisible,
  });
  return { client, clock, page, ...fake };
}

test("a client in a hidden page connects again when the page is seen", async () => {
  const { client, clock, page, peers } = setup();
  await client.connect();
  page.turn(true);
  peers[0]!.end(1006, "");
  await settle();
  clock.advance(60_000);
  await settle();
  assertEquals([client.status.state, peers.length], ["reconnecting", 1]);
  page.turn(true);
  await settle();
  assertEquals(peers.length, 1);
  page.turn(false);
  await settle();
  assertEquals([client.status.state, peers.length, page.listeners.size], ["open", 2, 0]);
  await client.close();
});

test("a client that is closed in a hidden page waits for nothing", async () => {
  const { client, clock, page, peers } = setup();
  await client.connect();
  page.turn(true);
  peers[0]!.end(1006, "");
  await settle();
  clock.advance(60_000);
  await settle();
  await client.close();
  await settle();
  assertEquals([client.status.state, page.listeners.size, clock.pending], ["closed", 0, 0]);
});

test("whenVisible() runs at once where nothing is hidden, or there is no page", () => {
  const page = new FakePage();
  let runs = 0;
  page.whenVisible(() => runs++)();
  environment.whenVisible(() => runs++)();
  page.turn(true);
  const stop = page.whenVisible(() => runs++);
  assertEquals([runs, page.listeners.size], [2, 1]);
  stop();
  page.turn(false);
  assertEquals([runs, page.listeners.size], [2, 0]);
});

test("a client comes back within the time that a server which goes away asks for", async () => {
  for (const [random, waitMs] of [[1, 5000], [0.5, 2500], [0.001, 5]] as const) {
    const { client, clock, peers } = setup(random);
    await client.connect();
    peers[0]!.end(4001, goingAwayReason(5000, false));
    await settle();
    clock.advance(waitMs - 1);
    await settle();
    assertEquals(peers.length, 1);
    clock.advance(1);
    await settle();
    assertEquals([peers.length, client.status.state], [2, "open"]);
    await client.close();
  }
});

test("10,000 clients that a server sends away come back evenly over 5 seconds", () => {
  const spreadMs = spreadOf(goingAwayReason(defaultSpreadMs(10_000), false));
  assertEquals(spreadMs, 5000);
  assertEquals([defaultSpreadMs(0), defaultSpreadMs(1)], [0, 1]);
});

test("returnOf() reads the spread that goingAwayReason() writes, and bounds what others write", () => {
  assertEquals(spreadOf(goingAwayReason(123.4, false)), 124);
  assertEquals(spreadOf(goingAwayReason(Infinity, false)), MAX_SPREAD_MS);
  assertEquals(spreadOf("; return within 999999 ms"), MAX_SPREAD_MS);
  for (const reason of ["", "going away", "; return within -1 ms", "; return within 1e9 ms"]) {
    assertEquals(spreadOf(reason), 0);
  }
  assertEquals(returnOf(1000, goingAwayReason(5, true)), [0, false]);
  assertEquals(new TextEncoder().encode(goingAwayReason(1e9, true)).length <= 123, true);
});

test("returnOf() reads the mark that goingAwayReason() writes, and nothing else", () => {
  assertEquals(isDrained(4001, goingAwayReason(5, true)), true);
  assertEquals(spreadOf(goingAwayReason(5, true)), 5);
  assertEquals(isDrained(4001, "going away; drained"), true);
  const others: readonly (readonly [code: number, reason: string])[] = [
    [4001, goingAwayReason(5, false)],
    [4001, "not quite; drainedly; return within 5 ms"],
    [4001, ""],
    [1000, goingAwayReason(5, true)],
  ];
  for (const [code, reason] of others) assertEquals(isDrained(code, reason), false);
});

test("a clock that jumps ahead makes calls late, not the client stuck", async () => {
  const { client, clock, peers } = setup();
  await client.connect();
  const call = client.rpc.add({ amount: 1 }).catch((error) => error.code);
  await settle();
  clock.advance(86_400_000);
  assertEquals(await call, "DeadlineExceeded");
  peers[0]!.end(1006, "");
  await settle();
  clock.advance(30_000);
  await settle();
  assertEquals([client.status.state, client.stats().connectionsOpened], ["open", 2]);
  await client.close();
});
