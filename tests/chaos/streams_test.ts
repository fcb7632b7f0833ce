import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { bytes, type ItemStream, rpc, service, stream, u32, unit } from "../../mod.ts";
import type { Writer } from "../../codec/writer.ts";
import { createCore } from "../../server/server_core.ts";
import { writeClientGrant } from "../../wire/client_message_writer.ts";
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
    big: rpc({ length: u32 }, bytes),
    wait: rpc(),
    add: rpc({ numbers: stream(u32) }),
  },
});
type Call = typeof Target.methods[0]["call"];
const [KEEP, TICK, BLOBS, BIG, WAIT, ADD] = Target.methods.map(({ call }) => call) as [
  Call,
  Call,
  Call,
  Call,
  Call,
  Call,
];
interface Options {
  readonly limits?: Readonly<Record<string, number>>;
  readonly path?: string;
  /** Whether answers and items are deflated in another turn, as by a runtime's streams. */
  readonly isLate?: boolean;
  readonly blobs?: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly onProtocolError?: "close" | "ignore";
}

async function attacked(
  { limits = {}, path = "/?hl-x=1", isLate, blobs = () => [], onProtocolError = "close" }: Options,
) {
  const release = deferred<void>();
  const read: number[] = [];
  const codes: unknown[] = [];
  const errors: unknown[] = [];
  const clock = new FakeClock();
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
    {
      limits,
      onProtocolError,
      onError: (error) => errors.push((error as { code?: string }).code),
    },
    () => ({
      keep: ({ parts }) => drain(parts, (part) => part.length),
      tick: ({ ticks }) => drain(ticks, () => 0),
      add: ({ numbers }) => drain(numbers, (number) => number),
      blobs,
      big: ({ length }) => new Uint8Array(length),
      wait: () => new Promise(() => {}),
    }),
    isLate
      ? { ...testDeflater, deflate: async (...args) => await testDeflater.deflate(...args) }
      : testDeflater,
    clock,
  );
  const connect = async () => {
    const upgrade = await core.acceptor.upgrade(upgradeRequest({}, path), { address: "test" });
    if (upgrade instanceof Response) throw new TypeError(`refused: ${upgrade.status}`);
    return new StreamingClient().open(upgrade);
  };
  return { core, clock, client: await connect(), release, read, codes, errors };
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

/** Tells what larger messages are: items of this call, or messages again. */
const raw = (id: number, isOn = true): Uint8Array => Uint8Array.of(0x3f, id, 0, isOn ? 1 : 0);
/** The smallest item that may come so; it takes the memory of its message. */
const RAW_BYTES = 16_385;
const RAW_ITEM = noise(RAW_BYTES);
/** The archive of a number, as large. */
const RAW_NUMBER = new Uint8Array(RAW_BYTES + 3).fill(7, -4, -3);

test("raw items are heard by streams of bytes that are open, and by no other call", async () => {
  const { core, client, release, read, codes, errors } = await attacked({});
  // Before there are calls, those of every id.
  for (let id = 0; id < 256; id++) {
    client.bytes(raw(id));
    client.bytes(RAW_ITEM.slice());
  }
  const [open, over, cancelled, plain, down, numbers] = [0, 1, 2, 3, 4, 5];
  // Announced before its request, and heard after it.
  client.bytes(raw(open));
  client.bytes(raw(open, false));
  client.call(open, KEEP, {});
  for (const id of [over, cancelled]) client.call(id, KEEP, {});
  client.end(over);
  client.cancel(cancelled);
  client.call(plain, WAIT, {});
  client.call(down, BLOBS, {});
  client.call(numbers, ADD, {});
  client.bytes(raw(numbers));
  client.bytes(RAW_NUMBER.slice());
  for (const id of [over, cancelled, plain, down, numbers, open, 255]) {
    client.bytes(raw(id));
    client.bytes(raw(id));
    client.bytes(RAW_ITEM.slice());
  }
  client.bytes(raw(255, false));
  client.bytes(raw(255, false));
  // A message again.
  client.item(open, bytes, noise(20_000));
  client.bytes(raw(open));
  client.bytes(RAW_ITEM.slice());
  release.resolve();
  client.end(open);
  await settle();
  assertEquals(read.toSorted((a, b) => a - b), [7, RAW_BYTES, RAW_BYTES, 20_000]);
  // Of another type it is an archive, and this was none of a number.
  assertEquals(codes.toSorted(), ["Cancelled", "ServerDecodeError"]);
  // An answered call's id is another's. The state is still that of the first.
  client.bytes(RAW_ITEM.slice());
  client.call(open, ADD, {});
  client.bytes(RAW_ITEM.slice());
  await settle();
  assertEquals(codes.filter((code) => code === "ServerDecodeError").length, 2);
  client.call(open, KEEP, {});
  client.bytes(RAW_ITEM.slice());
  client.end(open);
  await settle();
  assertEquals(read.splice(4), [RAW_BYTES]);
  assertEquals([client.closedWith, errors], [undefined, []]);
  client.cancel(plain);
  client.hangUp();
  await settle();
  assertEquals([core.stats().heldBytes, core.stats().streamsOpen], [0, 0]);
});

const LARGE_LIMITS = { maxMessageBytes: 400_000, maxInflatedBytes: 300_000 };
const BROKEN: readonly {
  readonly what: string;
  readonly messages: readonly Uint8Array[];
  readonly code: string;
  readonly closes: number;
}[] = [
  { what: "`Raw` with a length", messages: [Uint8Array.of(0x3f, 0, 1, 1, 0)], code: "BadMessage" },
  {
    what: "`Raw` with a length beyond it",
    messages: [Uint8Array.of(0x3f, 0, 9, 1)],
    code: "BadMessage",
  },
  { what: "`Raw` with on above 1", messages: [Uint8Array.of(0x3f, 0, 0, 2)], code: "BadMessage" },
  { what: "`Raw` with on of 255", messages: [Uint8Array.of(0x3f, 0, 0, 255)], code: "BadMessage" },
  { what: "`Raw` of three bytes", messages: [Uint8Array.of(0x3f, 0, 0)], code: "BadMessage" },
  {
    what: "a raw item after off",
    messages: [raw(0), raw(255, false), RAW_ITEM],
    code: "BadDeflate",
  },
  { what: "a raw item without `Raw`", messages: [RAW_ITEM], code: "BadDeflate" },
  {
    what: "more raw items than there is credit for",
    messages: [raw(0), ...new Array<Uint8Array>(17).fill(RAW_ITEM)],
    code: "BadCredit",
  },
  {
    what: "a raw item beyond maxInflatedBytes",
    messages: [raw(0), new Uint8Array(300_001)],
    code: "TooBig",
  },
  {
    what: "a raw item beyond maxMessageBytes, for no call",
    messages: [raw(9), new Uint8Array(400_001)],
    code: "TooBig",
  },
].map((each) => ({ ...each, closes: each.code === "TooBig" ? 4009 : 4002 }));

for (const { what, messages, code, closes } of BROKEN) {
  test(`${what} ends the connection with ${code}`, async () => {
    const { core, client, release, errors } = await attacked({ limits: LARGE_LIMITS });
    client.call(0, KEEP, {});
    for (const [i, message] of messages.entries()) {
      assertEquals(client.closedWith, undefined, `before message ${i}`);
      client.bytes(message.slice());
    }
    await settle();
    assertEquals([client.closedWith?.code, errors], [closes, [code]]);
    // Nothing more is heard.
    client.bytes(RAW_ITEM.slice());
    release.resolve();
    await settle();
    assertEquals([core.stats().heldBytes, core.stats().streamsOpen], [0, 0]);
  });
}

test("a grant that makes a window wider than it may be is refused, and one up to that is not", async () => {
  const WINDOW = 262_144, MOST = 1_048_576;
  const wider = (id: number, room: number, more: number) => (writer: Writer): void =>
    writeClientGrant(writer, id, room, more);
  const sizes = async (...grants: readonly (readonly [room: number, more: number])[]) => {
    const { client, core, errors } = await attacked({
      blobs: () => Array.from({ length: 100 }, () => RAW_ITEM),
    });
    client.call(0, BLOBS, {});
    await settle();
    for (const [room, more] of grants) client.write(wider(0, room, more));
    await settle();
    const sent = client.take().filter((line) => line.startsWith("item")).length;
    client.hangUp();
    await settle();
    assertEquals([core.stats().streamsOpen, core.stats().heldBytes], [0, 0]);
    return [sent, client.closedWith?.code, ...errors];
  };
  const cost = RAW_BYTES + 64;
  const first = Math.ceil(WINDOW / cost);
  const left = WINDOW - first * cost;
  assertEquals(await sizes(), [first, undefined]);
  assertEquals(await sizes([MOST - WINDOW, MOST - WINDOW]), [
    Math.ceil(MOST / cost),
    undefined,
  ]);
  assertEquals(await sizes([MOST - WINDOW + 1, MOST - WINDOW + 1]), [first, 4002, "BadCredit"]);
  assertEquals(await sizes([64, 65]), [first, 4002, "BadCredit"]);
  assertEquals(await sizes([0xffff_ffff, 0xffff_ffff]), [first, 4002, "BadCredit"]);
  // As much as was read, and no more, however wide it is.
  assertEquals(await sizes([WINDOW - left + 1, 0]), [first, 4002, "BadCredit"]);
  assertEquals(await sizes([2 * WINDOW - left, WINDOW]), [
    first + Math.ceil(2 * WINDOW / cost),
    undefined,
  ]);
  assertEquals(await sizes([2 * WINDOW - left + 1, WINDOW]), [first, 4002, "BadCredit"]);
});

test("what is refused changes nothing where the server goes on", async () => {
  const { core, client, release, read } = await attacked({
    onProtocolError: "ignore",
    blobs: () => Array.from({ length: 100 }, () => RAW_ITEM),
  });
  const cost = RAW_BYTES + 64;
  const first = Math.ceil(262_144 / cost);
  client.call(0, BLOBS, {});
  client.call(1, KEEP, {});
  await settle();
  assertEquals(client.take().length, first);
  const grant = (room: number, more: number): void =>
    client.write((writer) => writeClientGrant(writer, 0, room, more));
  for (const [room, more] of [[0xffff_ffff, 0xffff_ffff], [64, 65], [0, 64]] as const) {
    grant(room, more);
  }
  client.grant(0, first * cost);
  await settle();
  assertEquals(client.take().length, first);

  client.bytes(raw(1));
  client.bytes(Uint8Array.of(0x3f, 0, 0, 2));
  for (let i = 0; i <= first; i++) client.bytes(RAW_ITEM.slice());
  client.end(1);
  release.resolve();
  await settle();
  assertEquals(read, new Array(first).fill(RAW_BYTES));
  client.hangUp();
  await settle();
  assertEquals([core.stats().streamsOpen, core.stats().heldBytes], [0, 0]);
});

test("raw items and messages that wait for the deflater stay in order", async () => {
  const large = new Uint8Array(70_000);
  const parts = [large, RAW_ITEM, RAW_ITEM, new Uint8Array(10), large, RAW_ITEM];
  const { core, client, clock } = await attacked({
    isLate: true,
    path: "/?hl-x=1",
    blobs: () => parts,
  });
  for (const id of [1, 2]) client.call(id, BLOBS, {});
  const lines: string[] = [];
  for (let round = 0; round < parts.length; round++) {
    client.call(3, BIG, { length: 70_000 });
    await settle();
    // Beside calls a source pauses for a millisecond after a large item.
    clock.advance(1);
    await settle();
    lines.push(...client.take());
    // All that were sent, so that the next ones need not wait.
    for (const id of [1, 2]) client.grant(id, round < 5 ? parts[round]!.length + 64 : 0);
  }
  for (const id of [1, 2]) {
    const its = lines.filter((line) => line.split(" ")[1] === `${id}`);
    assertEquals(
      its.map((line) => line.split(" ")).map(([what, , kind]) => [what, kind === "raw"]),
      [
        ...parts.map((part) => ["item", part === RAW_ITEM]),
        ["response", false],
      ],
    );
  }
  assertEquals(lines.filter((line) => line.startsWith("response 3")).length, parts.length);
  assertEquals([core.stats().streamsOpen, core.stats().callsInFlight], [0, 0]);
  client.hangUp();
});

test("256 streams of raw items go each to the end of its credit, and nothing is left of them", async () => {
  const cost = RAW_BYTES + 64;
  let open = 0;
  const { core, client } = await attacked({
    async *blobs() {
      open++;
      try {
        for (;;) yield RAW_ITEM;
      } finally {
        open--;
      }
    },
  });
  for (let id = 0; id < 256; id++) client.call(id, BLOBS, {});
  await settle();
  const counts = new Map<string, number>();
  for (const line of client.take()) counts.set(line, (counts.get(line) ?? 0) + 1);
  assertEquals(counts.size, 256);
  for (const [line, count] of counts) {
    assert(line.endsWith(` raw ${RAW_BYTES}`));
    assert(count <= Math.ceil(262_144 / cost), `${line}: ${count}`);
  }
  assertEquals(open, 256);
  for (let id = 0; id < 256; id += 2) client.cancel(id);
  await settle();
  assertEquals([open, core.stats().streamsOpen], [128, 128]);
  client.bytes(raw(1));
  client.hangUp();
  await settle();
  assertEquals([open, core.stats().streamsOpen, core.stats().callsInFlight], [0, 0, 0]);
});
