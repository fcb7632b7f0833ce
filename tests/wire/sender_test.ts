import { assertEquals, assertStrictEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { inflateRawSync } from "node:zlib";
import {
  BOTTLENECK_BYTES,
  CODES_ONLY,
  type Deflater,
  MAX_THRIFTY_STORED_BYTES,
  MIN_DEFLATED_BYTES,
  MIN_SPENT_BYTES,
} from "../../wire/deflater.ts";
import { Sender } from "../../wire/sender.ts";
import { SharedMessage, takeWriter } from "../../wire/shared_message.ts";
import type { Transport } from "../../wire/transport.ts";
import { randomFrom } from "../fuzz/support.ts";
import { testDeflater } from "../support/test_deflater.ts";

class Recorder implements Transport {
  bufferedAmount = 0;
  readonly sent: Uint8Array[] = [];
  send(message: Uint8Array<ArrayBuffer>): void {
    this.sent.push(message.slice());
  }
  close(): void {}
  terminate(): void {}
  /** First byte and length of each message, inflated. */
  get contents(): [number, number][] {
    return this.sent.map((message) => {
      const bytes = inflateRawSync(message);
      return [bytes[0] ?? -1, bytes.length];
    });
  }
}

/** Deflates on request. */
class LateDeflater implements Deflater {
  readonly waiting: { finish(): void; fail(): void }[] = [];
  deflate(bytes: Uint8Array<ArrayBuffer>, level: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) =>
      this.waiting.push({
        finish: () => resolve(testDeflater.deflate(bytes, level)),
        fail: () => reject(new Error("no")),
      })
    );
  }
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
    return testDeflater.inflate(bytes, maxBytes);
  }
  readonly inflateFirst = testDeflater.inflateFirst;
}

/** At a level that is spent on every message. */
function setUp(deflater: Deflater, level = 9) {
  const transport = new Recorder();
  const errors: unknown[] = [];
  let idle = 0;
  const sender = new Sender(transport, { deflater, level }, {
    onSendError: (error) => errors.push(error),
    onIdle: () => idle++,
  });
  const send = (fill: number, length: number) => {
    const writer = sender.begin();
    writer.writeBytes(new Uint8Array(length).fill(fill));
    sender.commit(writer);
  };
  return { transport, errors, sender, send, idleCount: () => idle };
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

test("Sender stores a small archive: five bytes, then the archive", () => {
  const { transport, send } = setUp(testDeflater);
  send(7, 3);
  assertEquals(transport.sent.map(encodeHex), ["010300fcff070707"]);
});

test("Sender deflates from the threshold on, and stores everything at level 0", () => {
  const { transport, send } = setUp(testDeflater);
  send(1, MIN_DEFLATED_BYTES - 1);
  send(2, MIN_DEFLATED_BYTES);
  assertEquals(transport.sent[0]!.length, MIN_DEFLATED_BYTES - 1 + 5);
  assertEquals(transport.sent[1]!.length < 20, true);
  const plain = setUp(testDeflater, 0);
  plain.send(1, 65_535);
  plain.send(2, 65_536);
  plain.send(3, 200_000);
  assertEquals(plain.transport.sent[0]!.length, 65_540);
  assertEquals(plain.transport.contents, [[1, 65_535], [2, 65_536], [3, 200_000]]);
});

/** A {@linkcode testDeflater} that notes its levels. */
function noting(): { readonly deflater: Deflater; readonly levels: number[] } {
  const levels: number[] = [];
  const deflate: Deflater["deflate"] = (bytes, level) => {
    levels.push(level);
    return testDeflater.deflate(bytes, level);
  };
  return { deflater: { ...testDeflater, deflate }, levels };
}

test("Sender spends a level up to 6 where it pays", () => {
  const { deflater, levels } = noting();
  const { transport, send, sender } = setUp(deflater, 6);
  send(1, MAX_THRIFTY_STORED_BYTES);
  assertEquals(levels, []);
  send(2, MAX_THRIFTY_STORED_BYTES + 1);
  send(3, MIN_SPENT_BYTES - 1);
  send(4, MIN_SPENT_BYTES);
  assertEquals(levels, [1, 1, 6]);
  transport.bufferedAmount = BOTTLENECK_BYTES;
  send(5, 2000);
  transport.bufferedAmount++;
  send(6, 2000);
  send(7, MIN_DEFLATED_BYTES);
  assertEquals(levels, [1, 1, 6, 1, 6, 6]);
  transport.bufferedAmount = 0;
  const noise = crypto.getRandomValues(new Uint8Array(MIN_SPENT_BYTES - 1));
  const write = () => {
    const writer = sender.begin();
    writer.writeBytes(noise);
    return writer;
  };
  sender.commit(write());
  assertEquals(levels.length, 6);
  assertEquals(transport.sent.at(-1)!.length, noise.length + 5);
  const large = sender.begin();
  large.writeBytes(noise);
  large.writeBytes(crypto.getRandomValues(new Uint8Array(1000)));
  sender.commit(large);
  assertEquals(levels.length, 6, "noise is stored in place, however large");
  assertEquals(transport.sent.at(-1)!.length, noise.length + 1000 + 2 * 5);
  transport.bufferedAmount = BOTTLENECK_BYTES + 1;
  sender.commit(write());
  assertEquals(levels.length, 6, "noise is stored, whatever waits");
  assertEquals(transport.sent.at(-1)!.length, noise.length + 5);
  transport.bufferedAmount = 0;
  // The peer's limit may be exceeded, so it is deflated as small as possible.
  sender.commit(write(), () => {});
  assertEquals(levels.slice(6), [6]);
});

test("Sender codes what has few different bytes; base64 it stores, unless bytes wait or the level is 9", () => {
  // Of other digits one in sixty seems to repeat itself.
  const random = randomFrom(1);
  const some = (length: number) => Uint8Array.from({ length }, () => random(256));
  const base64 = Buffer.from(some(7000)).toString("base64");
  const texts = { hex: encodeHex(some(4500)), base64 };
  for (
    const [name, level, waiting, expected] of [
      ["hex", 6, 0, [CODES_ONLY]],
      ["base64", 6, 0, []],
      ["base64", 6, BOTTLENECK_BYTES + 1, [6]],
      ["base64", 9, 0, [9]],
    ] as const
  ) {
    const { deflater, levels } = noting();
    const { transport, sender } = setUp(deflater, level);
    transport.bufferedAmount = waiting;
    const writer = sender.begin();
    writer.writeBytes(new TextEncoder().encode(texts[name]));
    sender.commit(writer);
    assertEquals<readonly number[]>(
      levels,
      expected,
      `${name}, level ${level}, ${waiting} bytes waiting`,
    );
    assertEquals(transport.contents, [[texts[name].charCodeAt(0), texts[name].length]]);
  }
});

test("Sender spends a level up to 6 on a shared message as its own transport needs it", () => {
  const { deflater, levels } = noting();
  const free = setUp(deflater, 6);
  const slow = setUp(deflater, 6);
  slow.transport.bufferedAmount = BOTTLENECK_BYTES + 1;
  const writer = takeWriter();
  writer.writeBytes(new Uint8Array(MAX_THRIFTY_STORED_BYTES).fill(1));
  const message = new SharedMessage(writer, deflater);
  for (const { sender } of [free, slow, free, slow]) sender.sendShared(message);
  message.done();
  assertEquals(levels, [6]);
  assertEquals(free.transport.sent.map(({ length }) => length), [1285, 1285]);
  assertEquals(slow.transport.contents, [[1, 1280], [1, 1280]]);
});

test("Sender keeps order behind a message that is deflated later", async () => {
  const deflater = new LateDeflater();
  const { transport, send, sender, idleCount } = setUp(deflater);
  send(1, 500);
  send(2, 10);
  send(3, 600);
  send(4, 20);
  assertEquals(transport.sent, []);
  assertEquals([sender.idle, sender.bufferedBytes], [false, 500 + 15 + 600 + 25]);
  deflater.waiting[1]!.finish();
  await turn();
  assertEquals(transport.sent, []);
  deflater.waiting[0]!.finish();
  await turn();
  assertEquals(transport.contents, [[1, 500], [2, 10], [3, 600], [4, 20]]);
  assertEquals([sender.idle, sender.bufferedBytes, idleCount()], [true, 0, 1]);
});

test("Sender tells once of a message that cannot be deflated, and sends nothing after it", async () => {
  const deflater = new LateDeflater();
  const { transport, send, errors } = setUp(deflater);
  send(1, 500);
  send(2, 10);
  deflater.waiting[0]!.fail();
  await turn();
  send(3, 10);
  assertEquals([errors.length, transport.sent.length], [1, 0]);
});

test("Sender.close() drops what waits", async () => {
  const deflater = new LateDeflater();
  const { transport, send, sender, errors } = setUp(deflater);
  send(1, 500);
  sender.close();
  send(2, 10);
  deflater.waiting[0]!.finish();
  await turn();
  assertEquals([transport.sent.length, errors.length, sender.bufferedBytes], [0, 0, 0]);
});

test("Sender.finish() sends what waits, and nothing that comes later", async () => {
  const deflater = new LateDeflater();
  const { transport, send, sender, idleCount } = setUp(deflater);
  send(1, 500);
  send(2, 10);
  sender.finish();
  send(3, 10);
  send(4, 600);
  assertEquals([transport.sent.length, deflater.waiting.length], [0, 1]);
  deflater.waiting[0]!.finish();
  await turn();
  assertEquals(transport.contents, [[1, 500], [2, 10]]);
  assertEquals([sender.idle, idleCount()], [true, 1]);
});

test("Sender settles each message once: at once, when it is deflated, or when that fails", async () => {
  const deflater = new LateDeflater();
  const receives = { maxMessageBytes: 300, maxInflatedBytes: 1000 };
  const transport = new Recorder();
  const sender = new Sender(transport, { deflater, level: 6, receives }, { onSendError() {} });
  const settled: string[] = [];
  const send = (name: string, bytes: Uint8Array) => {
    const writer = sender.begin();
    writer.writeBytes(bytes);
    sender.commit(writer, (taken) => {
      settled.push(`${name} ${taken}`);
    });
  };
  const noise = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  send("small", noise(20));
  send("over what it inflates", noise(1001));
  send("dense", noise(900));
  send("even", new Uint8Array(900));
  assertEquals(settled, ["small true", "over what it inflates false"]);
  deflater.waiting.forEach(({ finish }) => finish());
  await turn();
  assertEquals(settled.splice(2), ["dense false", "even true"]);
  assertEquals(transport.contents.map(([, length]) => length), [20, 900]);
  send("broken", new Uint8Array(900));
  deflater.waiting.at(-1)!.fail();
  await turn();
  send("late", new Uint8Array(900));
  assertEquals(settled.splice(2), ["broken false", "late false"]);
});

test("Sender drops what waits behind a refused message that it must not follow, and nothing before it", async () => {
  const deflater = new LateDeflater();
  const receives = { maxMessageBytes: 300, maxInflatedBytes: 1000 };
  const transport = new Recorder();
  let idle = 0;
  const owner = { onSendError() {}, onIdle: () => idle++ };
  const sender = new Sender(transport, { deflater, level: 6, receives }, owner);
  const settled: string[] = [];
  const send = (name: string, bytes: Uint8Array, isNeeded: boolean) => {
    const writer = sender.begin();
    writer.writeBytes(bytes);
    sender.commit(writer, (taken) => {
      settled.push(`${name} ${taken}`);
      return isNeeded && !taken;
    });
  };
  const noise = () => crypto.getRandomValues(new Uint8Array(900));
  send("before", new Uint8Array(900).fill(1), true);
  send("missed", noise(), false);
  send("behind", new Uint8Array(20).fill(2), false);
  send("needed", noise(), true);
  send("follower", new Uint8Array(20).fill(3), false);
  send("large follower", noise(), true);
  const writer = takeWriter();
  writer.writeBytes(new Uint8Array(500));
  const shared = new SharedMessage(writer, testDeflater);
  sender.sendShared(shared);
  shared.done();
  assertEquals([shared.holders, settled], [1, ["behind true", "follower true"]]);
  deflater.waiting.slice(1).forEach(({ finish }) => finish());
  await turn();
  assertEquals(settled.splice(2), ["missed false", "needed false", "large follower false"]);
  assertEquals([transport.sent.length, shared.holders, idle], [0, 0, 0]);
  deflater.waiting[0]!.finish();
  await turn();
  assertEquals(settled.splice(2), ["before true"]);
  assertEquals(transport.contents, [[1, 900], [2, 20]]);
  assertEquals([sender.idle, sender.bufferedBytes, idle], [true, 0, 1]);
});

test("SharedMessage deflates once a level, and stores small messages once for all levels", () => {
  let deflated = 0;
  const counting: Deflater = {
    ...testDeflater,
    deflate: (bytes, level) => {
      deflated++;
      return testDeflater.deflate(bytes, level);
    },
  };
  const make = (length: number) => {
    const writer = takeWriter();
    writer.writeBytes(new Uint8Array(length).fill(5));
    return new SharedMessage(writer, counting);
  };
  const big = make(1000);
  assertStrictEquals(big.at(6), big.at(6));
  big.at(1);
  assertEquals(deflated, 2);
  assertEquals(inflateRawSync(big.at(6) as Uint8Array).length, 1000);
  assertEquals(inflateRawSync(big.at(0) as Uint8Array).length, 1000);
  assertEquals(deflated, 2);
  big.done();
  const small = make(10);
  assertStrictEquals(small.at(9), small.at(0));
  assertEquals(deflated, 2);
  small.done();
});
