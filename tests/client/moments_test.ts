import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { createFullClient } from "../../client/full.ts";
import { rpc, service, u32 } from "../../mod.ts";
import type { ConnectError } from "../../wire/errors.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { held } from "../support/held.ts";
import { testDeflater } from "../support/test_deflater.ts";

const Counter = service({ rpc: { get: rpc({}, u32) }, state: { counter: u32 }, event: u32 });

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await Promise.resolve();
}

const MOMENTS = 40;
const WHENS = ["connecting", "in onConnect", "waiting", "reconnecting"] as const;
const HOWS = ["close()", "the signal", "the peer"] as const;

/** Start a client, run it up to a moment, end it, and check that nothing is left. */
async function endedAt(when: typeof WHENS[number], how: typeof HOWS[number], moment: number) {
  const clock = new FakeClock();
  const controller = new AbortController();
  const fake = fakeDialer(() => new FakePeer());
  let greeted = (): void => {};
  const client = createFullClient(
    Counter,
    async () => {
      await turns(3);
      return "ws://test/";
    },
    {
      signal: controller.signal,
      async onConnect({ rpc }) {
        const call = rpc.get();
        fake.peers.at(-1)!.reply(0, u32, 1);
        await call;
        if (when === "in onConnect") await new Promise<void>((resolve) => greeted = resolve);
      },
      onError() {},
    },
    { dial: fake.dial, deflater: testDeflater, clock, random: () => 1 },
  );
  const connected = client.connect().then(() => "open", (error: ConnectError) => error.code);
  if (when === "waiting" || when === "reconnecting") {
    assertEquals(await connected, "open");
    fake.peers[0]!.end(1006, "");
    if (when === "reconnecting") {
      await turns(20);
      clock.advance(60_000);
    }
  }
  await turns(moment);
  if (how === "close()") await client.close();
  else if (how === "the signal") controller.abort();
  else fake.peers.at(-1)?.end(1006, "");
  await turns(50);
  greeted();
  await client.close();
  await connected;
  await turns(50);
  return [...held(client), clock.pending, client.status.state];
}

for (const when of WHENS) {
  for (const how of HOWS) {
    test(`a client that is ended by ${how} at any moment while ${when} leaves nothing`, async () => {
      for (let moment = 0; moment < MOMENTS; moment++) {
        assertEquals(await endedAt(when, how, moment), [0, 0, 0, 0, 0, "closed"], `${moment}`);
      }
    });
  }
}

test("10,000 calls and 300 watchers with one signal leave no listener on it", async () => {
  const fake = fakeDialer(() => new FakePeer());
  const client = createFullClient(Counter, "ws://test/", {}, {
    dial: fake.dial,
    deflater: testDeflater,
    clock: new FakeClock(),
  });
  await client.connect();
  const { signal } = new AbortController();
  const counts = { added: 0, removed: 0 };
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    counts.added++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    counts.removed++;
    Reflect.apply(removeEventListener, signal, args);
  };
  const [peer] = fake.peers;
  for (let n = 0; n < 10_000; n++) {
    const call = client.rpc.get({}, { signal });
    peer!.reply(peer!.requests.at(-1)!.id, u32, n);
    assertEquals(await call, n);
  }
  for (let n = 0; n < 100; n++) {
    await client.events({ signal }).return?.();
    await client.state.changes({ signal }).return?.();
    await client.state.until(() => true, { signal });
  }
  assertEquals(counts, { added: 10_300, removed: 10_300 });
  await client.close();
});

test("when a call fails, the status is already reconnecting", async () => {
  const fake = fakeDialer(() => new FakePeer());
  const client = createFullClient(Counter, "ws://test/", {}, {
    dial: fake.dial,
    deflater: testDeflater,
    clock: new FakeClock(),
  });
  await client.connect();
  const seen: string[] = [];
  const call = client.rpc.get().catch(() => seen.push(client.status.state));
  fake.peers[0]!.end(1006, "");
  await call;
  assertEquals(seen, ["reconnecting"]);
  await client.close();
});
