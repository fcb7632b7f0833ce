import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { bytes, type ItemStream, rpc, service, stream, unit } from "../../mod.ts";
import { createCore } from "../../server/server_core.ts";
import { upgradeRequest } from "../support/scripted_client.ts";
import { deferred } from "../support/deferred.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { turn } from "../server/support.ts";
import { StreamingClient } from "../server/streams_support.ts";
import { noise } from "../support/noise.ts";

const Target = service({
  rpc: {
    keep: rpc({ parts: stream(bytes) }),
    tick: rpc({ ticks: stream(unit) }),
    blobs: rpc({}, stream(bytes)),
  },
});
const [KEEP, TICK, BLOBS] = Target.methods.map(({ call }) => call) as [
  typeof Target.methods[0]["call"],
  typeof Target.methods[0]["call"],
  typeof Target.methods[0]["call"],
];
interface Options {
  readonly limits?: Readonly<Record<string, number>>;
  readonly path?: string;
  /** Whether answers and items are deflated in another turn, as by a runtime's streams. */
  readonly isLate?: boolean;
  readonly blobs?: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

async function attacked({ limits = {}, path = "/?hl-x=1", isLate, blobs = () => [] }: Options) {
  const release = deferred<void>();
  const read: number[] = [];
  const codes: unknown[] = [];
  const drain = async <T>(items: ItemStream<T>, size: (item: T) => number) => {
    await release.promise;
    try {
      for await (const item of items) read.push(size(item));
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
  };
  const core = createCore(
    Target,
    { limits, onError() {} },
    () => ({
      keep: ({ parts }) => drain(parts, (part) => part.length),
      tick: ({ ticks }) => drain(ticks, () => 0),
      blobs,
    }),
    isLate
      ? { ...testDeflater, deflate: async (...args) => await testDeflater.deflate(...args) }
      : testDeflater,
    new FakeClock(),
  );
  const connect = async () => {
    const upgrade = await core.acceptor.upgrade(upgradeRequest({}, path), { address: "test" });
    if (upgrade instanceof Response) throw new TypeError(`refused: ${upgrade.status}`);
    return new StreamingClient().open(upgrade);
  };
  return { core, client: await connect(), release, read, codes };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

test("the bytes held by 256 unread streams are bounded, though each accepts an item of any size", async () => {
  const { core, client, release, read, codes } = await attacked({
    limits: { maxHeldBytes: 300_000 },
  });
  for (let id = 0; id < 256; id++) {
    client.call(id, KEEP, {});
    client.item(id, bytes, new Uint8Array(100_000));
  }
  const { heldBytes, callsLimited, streamsOpen } = core.stats();
  assert(heldBytes <= 300_000 + 256 * 4096, `${heldBytes}`);
  assertEquals([callsLimited, streamsOpen], [254, 256]);
  for (const id of [0, 1]) client.end(id);
  release.resolve();
  await settle();
  // Uncounted items were not kept either.
  assertEquals([read, codes.length], [[100_000, 100_000], 254]);
  assertEquals([core.stats().heldBytes, core.stats().streamsOpen], [0, 0]);
  client.hangUp();
});

test("unread items of no bytes count as held, and their stream is bounded", async () => {
  const { core, client, release } = await attacked({});
  client.call(1, TICK, {});
  for (let i = 0; i < 4096; i++) client.item(1, unit, undefined);
  assertEquals([client.closedWith, core.stats().itemsReceived], [undefined, 4096]);
  assert(core.stats().heldBytes >= 4096 * 8 - 4096, `${core.stats().heldBytes}`);
  client.item(1, unit, undefined);
  await settle();
  assertEquals(client.closedWith?.code, 4002);
  release.resolve();
  await settle();
  assertEquals([core.stats().heldBytes, core.stats().streamsOpen], [0, 0]);
});

test("an item the client does not take ends its stream there, however late that is found", async () => {
  for (const isLate of [false, true]) {
    for (const last of [[], [new Uint8Array(3)]]) {
      const { core, client } = await attacked({
        isLate,
        path: "/?hl-x=1&hl-max=500.1000000",
        blobs: () => [new Uint8Array(2), noise(2000), ...last],
      });
      client.call(1, BLOBS, {});
      await settle();
      assertEquals(client.take().map((line) => line.slice(0, 25)).map((line) => line.slice(0, 6)), [
        "item 1",
        "error ",
      ], `late: ${isLate}, ${last.length} after it`);
      assertEquals([core.stats().streamsOpen, core.stats().callsInFlight], [0, 0]);
      client.hangUp();
    }
  }
});

test("items that may be too large and are not all go, in order, and then the end", async () => {
  const { core, client } = await attacked({
    isLate: true,
    path: "/?hl-x=1&hl-max=500.1000000",
    blobs: () => Array.from({ length: 10 }, (_, i) => new Uint8Array(2000 + i)),
  });
  client.call(1, BLOBS, {});
  await settle();
  const lines = client.take();
  assertEquals(lines.map((line) => line.slice(0, 8)), [
    ...new Array(10).fill("item 1 0"),
    "response",
  ]);
  assertEquals(lines.slice(0, -1).map((line) => line.length).toSorted((a, b) => a - b).length, 10);
  assertEquals(core.stats().streamsOpen, 0);
  client.hangUp();
});
