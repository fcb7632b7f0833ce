import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { createFullClient } from "../../client/full.ts";
import { returnOf } from "../../client/reconnect.ts";
import { FIRST_BACKOFF_MS, MAX_BACKOFF_MS } from "../../wire/page_limits.ts";
import { page as environment } from "../../runtime/browser.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { defaultSpreadMs, goingAwayReason, MAX_SPREAD_MS } from "../../wire/close.ts";
import { timersOf } from "../../wire/clock.ts";
import { ConnectError } from "../../wire/errors.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";

const spreadOf = (reason: string): number => returnOf(4001, reason)[0];
const isDrained = (code: number, reason: string): boolean => returnOf(code, reason)[1];
const Counter = service({ rpc: { add: rpc({ amount: u32 }, u32) } });

/** The globals of a page that `pause()` uses, its document and events, with time under the test's control. */
class FakePage {
  readonly #listeners: Map<string, Set<(event: object) => void>> = new Map();
  readonly #before = Object.getOwnPropertyDescriptors(globalThis);
  readonly #environment = { ...environment };
  hidden = false;

  constructor(clock: FakeClock) {
    this.#put({
      document: this,
      addEventListener: this.addEventListener,
      removeEventListener: this.removeEventListener,
    });
    const after = timersOf(clock).after;
    environment.after = (delayMs, run) => after(delayMs, () => run());
    environment.now = () => clock.now();
  }

  #put(values: object): void {
    for (const [name, value] of Object.entries(values)) {
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
  }

  [Symbol.dispose](): void {
    Object.assign(environment, this.#environment);
    for (const name of ["document", "addEventListener", "removeEventListener"]) {
      Reflect.deleteProperty(globalThis, name);
      const before = Reflect.get(this.#before, name) as PropertyDescriptor | undefined;
      if (before) Object.defineProperty(globalThis, name, before);
    }
  }

  addEventListener = (type: string, listener: (event: object) => void): void => {
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type)!.add(listener);
  };

  removeEventListener = (type: string, listener: (event: object) => void): void => {
    this.#listeners.get(type)?.delete(listener);
  };

  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  turn(hidden: boolean): void {
    this.hidden = hidden;
    this.tell("visibilitychange");
  }

  tell(type: string): void {
    for (const listener of [...this.#listeners.get(type) ?? []]) listener({ type });
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

function setup(random = 1, pause?: typeof environment.pause, isUp = () => true) {
  const clock = new FakeClock();
  const fake = fakeDialer(() => {
    if (!isUp()) throw new ConnectError("Unreachable", "It is down");
    return new FakePeer();
  });
  const client = createFullClient(Counter, "ws://test/", {}, {
    dial: fake.dial,
    deflater: testDeflater,
    clock,
    random: () => random,
    ...pause && { pause },
  });
  return { client, clock, ...fake };
}

test("a client in a hidden page connects again when the page is seen", async () => {
  const { client, clock, peers } = setup(1, environment.pause);
  using page = new FakePage(clock);
  await client.connect();
  page.turn(true);
  peers[0]!.end(1006, "");
  await settle();
  clock.advance(60_000);
  await settle();
  assertEquals([client.status.state, peers.length], ["reconnecting", 1]);
  page.turn(true);
  page.tell("online");
  await settle();
  assertEquals(peers.length, 1);
  page.turn(false);
  await settle();
  assertEquals([client.status.state, peers.length, page.listening], ["open", 2, 0]);
  await client.close();
});

for (const type of ["visibilitychange", "online"]) {
  test(`${type} ends a page's pause, and what follows pauses as if it were new`, async () => {
    let isUp = true;
    let attempts = 0;
    const { client, clock, peers } = setup(1, environment.pause, () => {
      attempts++;
      return isUp;
    });
    using page = new FakePage(clock);
    await client.connect();
    isUp = false;
    peers[0]!.end(1006, "");
    await settle();
    for (let i = 0; i < 20; i++) {
      clock.advance(MAX_BACKOFF_MS);
      await settle();
    }
    attempts = 0;
    clock.advance(499);
    page.tell(type);
    await settle();
    assertEquals(attempts, 0);
    clock.advance(1);
    page.tell(type);
    await settle();
    assertEquals(attempts, 1);
    isUp = true;
    clock.advance(2 * FIRST_BACKOFF_MS - 1);
    await settle();
    assertEquals([attempts, client.status.state], [1, "reconnecting"]);
    clock.advance(1);
    await settle();
    assertEquals([attempts, client.status.state, page.listening], [2, "open", 0]);
    await client.close();
  });
}

for (const type of ["visibilitychange", "online"]) {
  test(`${type} within half a second leaves a page's pause as it is`, () => {
    const clock = new FakeClock();
    using page = new FakePage(clock);
    const early: unknown[] = [];
    const stop = environment.pause(1000, (event) => early.push(event));
    for (let i = 0; i < 499; i++) {
      clock.advance(1);
      page.tell(type);
    }
    assertEquals(early, []);
    clock.advance(501);
    assertEquals(early, [undefined]);
    stop();
    assertEquals([page.listening, clock.pending], [0, 0]);
  });

  test(`${type}, however often, makes few attempts`, async () => {
    let isUp = true;
    let attempts = 0;
    const { client, clock, peers } = setup(1, environment.pause, () => {
      attempts++;
      return isUp;
    });
    using page = new FakePage(clock);
    await client.connect();
    isUp = false;
    peers[0]!.end(1006, "");
    await settle();
    attempts = 0;
    for (let i = 0; i < 1000; i++) {
      clock.advance(10);
      page.tell(type);
      await settle();
    }
    // Three each 1.1 s: after 200 and 400 ms, as without the events, then after 500.
    assertEquals(attempts, 27);
    await client.close();
  });
}

test("a page that is shown right after the time of its pause connects at once", () => {
  const clock = new FakeClock();
  using page = new FakePage(clock);
  const early: unknown[] = [];
  page.turn(true);
  const stop = environment.pause(100, (event) => early.push(event));
  clock.advance(99);
  page.turn(false);
  page.turn(true);
  clock.advance(1);
  assertEquals(early, []);
  page.tell("online");
  assertEquals(early, []);
  page.turn(false);
  assertEquals(early, [{ type: "visibilitychange" }]);
  stop();
});

test("a client that is closed in a hidden page waits for nothing", async () => {
  const { client, clock, peers } = setup(1, environment.pause);
  using page = new FakePage(clock);
  await client.connect();
  page.turn(true);
  peers[0]!.end(1006, "");
  await settle();
  clock.advance(60_000);
  await settle();
  await client.close();
  await settle();
  assertEquals([client.status.state, page.listening, clock.pending], ["closed", 0, 0]);
});

test("pause() lasts its time where nothing is hidden, or there is no page", () => {
  const clock = new FakeClock();
  using _page = new FakePage(clock);
  const early: unknown[] = [];
  const stop = environment.pause(100, (event) => early.push(event));
  clock.advance(99);
  assertEquals(early, []);
  clock.advance(1);
  assertEquals(early, [undefined]);
  stop();
  Reflect.deleteProperty(globalThis, "document");
  environment.pause(100, (event) => early.push(event));
  clock.advance(100);
  assertEquals(early, [undefined, undefined]);
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

test("a pause where the globals have no events, as in Node, ends in its time", async () => {
  const before = Object.getOwnPropertyDescriptors(globalThis);
  const names = ["addEventListener", "removeEventListener"] as const;
  for (const name of names) {
    Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
  }
  try {
    await new Promise<unknown>((resolve) => environment.pause(500, resolve));
    environment.pause(500, () => {})();
  } finally {
    for (const name of names) {
      Reflect.deleteProperty(globalThis, name);
      if (before[name]) Object.defineProperty(globalThis, name, before[name]);
    }
  }
});
