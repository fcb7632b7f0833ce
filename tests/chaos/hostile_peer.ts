/**
 * {@linkcode ATTACKS}: actions of a hostile peer, layer by layer, all derived from a seed.
 *
 * @module
 */
import { interpret } from "../../codec/archive.ts";
import { Buffer } from "node:buffer";
import net from "node:net";
import { deflateRawSync } from "node:zlib";
import { bytes, type Schema, u32 } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { type ItemStream, rpc, service, stream } from "../../mod.ts";
import {
  writeClientEnd,
  writeClientGrant,
  writeClientItem,
  writeRequest,
} from "../../wire/client_message_writer.ts";
import { writeClientCancel } from "../support/client_cancel.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import { masked, RawClient, upgradeRequest } from "../support/raw_client.ts";
import { noise as noiseOf } from "../support/noise.ts";
import { writeRawRequest } from "../support/raw_request.ts";

/** The service of the attacked server. */
export const Target = service({
  rpc: {
    add: rpc({ amount: u32 }, u32),
    wait: rpc({}, u32),
    count: rpc({ from: u32 }, stream(u32)),
    sum: rpc({ numbers: stream(u32) }, u32),
    blobs: rpc({}, stream(bytes)),
    keep: rpc({ parts: stream(bytes) }, stream(bytes)),
  },
  client: { confirm: rpc({}, u32) },
  state: { total: u32 },
  event: u32,
});

/** An item that goes raw. */
const BLOB = noiseOf(20_000);

/** Its streaming handlers: endless sources, and readers that read everything. */
export const STREAMING = {
  *count({ from }: { from: number }): Generator<number> {
    for (let number = from;; number++) yield number >>> 0;
  },
  async sum({ numbers }: { numbers: ItemStream<number> }): Promise<number> {
    let sum = 0;
    for await (const number of numbers) sum = (sum + number) >>> 0;
    return sum;
  },
  *blobs(): Generator<Uint8Array> {
    for (;;) yield BLOB;
  },
  async *keep({ parts }: { parts: ItemStream<Uint8Array> }): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      yield part;
      part.fill(0);
    }
  },
};

/** Numbers from 0 to `below`, which follow from a seed (mulberry32). */
export type Random = (below: number) => number;

/** Make a {@linkcode Random}. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random(256)));
}

/** A binary frame of any length, with a mask. */
function frame(payload: Uint8Array, first = 0x82): Buffer {
  if (payload.length < 126) return masked(first, [...payload]);
  const head = Buffer.alloc(8);
  head[0] = first;
  head[1] = 0x80 | 126;
  head.writeUInt16BE(payload.length, 2);
  // A mask of zeros changes nothing.
  return Buffer.concat([head, payload]);
}

function archive(write: (writer: Writer) => void): Buffer {
  const writer = new Writer();
  write(writer);
  return Buffer.from(writer.bytes.subarray(0, writer.position));
}

const ADD = Target.methods[0]!.call;
const WAIT = Target.methods[1]!.call;
const COUNT = Target.methods[2]!.call;
const SUM = Target.methods[3]!.call;
const BLOBS = Target.methods[4]!.call;
const KEEP = Target.methods[5]!.call;

function mutate(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let i = 0; i <= random(4); i++) changed[random(changed.length)] = random(256);
  return random(4) === 0 ? changed.subarray(0, random(changed.length)) : changed;
}

async function upgraded(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.upgrade();
  return client;
}

async function send(port: number, ...frames: Buffer[]): Promise<RawClient> {
  const client = await upgraded(port);
  for (const each of frames) client.write(each);
  return client;
}

/** Messages of the extension, several in one where they are stored. */
async function extended(
  port: number,
  random: Random,
  ...messages: ((writer: Writer) => void)[]
): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.upgrade("/?hl-x=1");
  for (let i = 0; i < messages.length;) {
    const some = messages.slice(i, i += 1 + random(20));
    client.write(frame(Buffer.concat(some.map((write) => deflateRawSync(archive(write))))));
  }
  return client;
}

const IDS = Array.from({ length: 256 }, (_, id) => id);
const call = (id: number, method: Schema<unknown>, args: unknown = {}) => (writer: Writer) =>
  writeRequest(interpret, writer, id, method, args);
const item = (id: number, number: number) => (writer: Writer) =>
  writeClientItem(interpret, writer, id, u32, number);
const end = (id: number, failed: boolean) => (writer: Writer) => writeClientEnd(writer, id, failed);
const grant = (id: number, room: number) => (writer: Writer) => writeClientGrant(writer, id, room);
const wider = (id: number, room: number, more: number) => (writer: Writer) =>
  writeClientGrant(writer, id, room, more);
const cancel = (id: number) => (writer: Writer) => writeClientCancel(writer, id);

/** Each kind of message that may have no receiver. */
const ANY = (random: Random) => (id: number): (writer: Writer) => void =>
  [
    item(id, 1),
    end(id, random(2) === 0),
    grant(id, 0),
    cancel(id),
    (writer: Writer) => writeReply(interpret, writer, id, u32, 1),
    (writer: Writer) => writeFailed(writer, id, "HandlerPanicked"),
  ][random(6)]!;

/** Says what larger messages are, seldom wrongly, and perhaps sends one that is an item. */
function rawOf(random: Random, id: number): Buffer[] {
  const isOn = random(4) > 0;
  const said = Buffer.of(0x3f, isOn ? id : 255, 0, isOn ? 1 : 0);
  if (random(200) === 0) return [mutate(random, said)];
  return isOn && random(4) > 0 ? [said, frame(BLOB.subarray(random(3000)))] : [said];
}

type Attack = (port: number, random: Random) => Promise<RawClient>;

/** Each opens one connection and returns it, however it left it. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  "tcp: connects and is silent": (port) => RawClient.connect(port),
  "tcp: noise": async (port, random) => {
    const client = await RawClient.connect(port);
    client.write(noise(random, 1 + random(300)));
    return client;
  },
  "tls: a handshake that breaks off": async (port, random) => {
    const client = await RawClient.connect(port);
    client.write(Buffer.concat([Buffer.from("160301020001", "hex"), noise(random, 200)]));
    return client;
  },
  "http: a head that ends in the middle": async (port, random) => {
    const client = await RawClient.connect(port);
    const head = upgradeRequest();
    client.write(head.slice(0, 1 + random(head.length - 1)));
    return client;
  },
  "http: a flood of header fields": async (port) => {
    const client = await RawClient.connect(port);
    client.write(upgradeRequest({ "X-Long": "x".repeat(100_000) }));
    return client;
  },
  "http: a mutated head": async (port, random) => {
    const client = await RawClient.connect(port);
    client.write(mutate(random, Buffer.from(upgradeRequest())));
    return client;
  },
  "frames: noise": async (port, random) => await send(port, noise(random, 1 + random(100))),
  "frames: a length of 2^63": async (port) =>
    await send(port, Buffer.from("82ff7fffffffffffffff00000000", "hex")),
  "frames: unmasked": async (port) => await send(port, Buffer.from("820100", "hex")),
  "frames: fragments without end": async (port) =>
    await send(
      port,
      masked(0x02, [1]),
      ...Array.from({ length: 500 }, () => frame(Buffer.alloc(5000), 0x00)),
    ),
  "frames: a flood of pings": async (port) =>
    await send(port, ...Array.from({ length: 2000 }, () => masked(0x89, [1, 2, 3]))),
  "deflate: noise": async (port, random) => await send(port, frame(noise(random, random(200)))),
  "deflate: a bomb": async (port) =>
    await send(port, frame(deflateRawSync(Buffer.alloc(30 << 20)))),
  "deflate: a stream cut short": async (port, random) => {
    const whole = deflateRawSync(noise(random, 500));
    return await send(port, frame(whole.subarray(0, random(whole.length))));
  },
  "archive: noise": async (port, random) =>
    await send(port, frame(deflateRawSync(noise(random, random(100))))),
  "archive: a mutated request": async (port, random) =>
    await send(
      port,
      frame(
        deflateRawSync(
          mutate(random, archive((w) => writeRequest(interpret, w, 1, ADD, { amount: 1 }))),
        ),
      ),
    ),
  "message: a call of a method there is not": async (port, random) =>
    await send(
      port,
      frame(deflateRawSync(archive((w) => writeRawRequest(w, 1, noise(random, 8))))),
    ),
  "message: text": async (port) => await send(port, masked(0x81, [104, 105])),
  "call: every id at once, and again": async (port) => {
    const calls = Array.from(
      { length: 600 },
      (_, id) =>
        frame(deflateRawSync(archive((w) => writeRequest(interpret, w, id & 255, WAIT, {})))),
    );
    return await send(port, ...calls);
  },
  "x1: every message with every id, for no call and for a plain call": async (port, random) => {
    const waiting = IDS.filter(() => random(2) === 0).map((id) => call(id, WAIT));
    const any = ANY(random);
    return await extended(port, random, ...IDS.map(any), ...waiting, ...IDS.map(any));
  },
  "x1: 256 streams without end, none of them read": (port, random) =>
    extended(port, random, ...IDS.map((id) => call(id, COUNT, { from: id }))),
  "x1: 256 streams, cancelled twice, ended twice, and begun again": (port, random) => {
    const begin = IDS.map((id) => random(2) === 0 ? call(id, COUNT, { from: 1 }) : call(id, SUM));
    const any = ANY(random);
    const rest = IDS.flatMap((id) => [cancel(id), end(id, false), end(id, true), cancel(id)]);
    return extended(port, random, ...begin, ...IDS.map(any), ...rest, ...begin, ...IDS.map(any));
  },
  "x1: more items than there is room for": (port, random) =>
    extended(
      port,
      random,
      call(1, SUM),
      ...Array.from({ length: 9000 }, (_, i) => item(1, i)),
    ),
  "x1: room of 2^32 - 1": (port, random) =>
    extended(port, random, call(1, COUNT, { from: 1 }), grant(1, 0xffff_ffff)),
  "x1: messages of it without it": (port, random) =>
    send(port, frame(deflateRawSync(archive(ANY(random)(random(256)))))),
  "x1: short messages, mutated": async (port, random) => {
    const client = await RawClient.connect(port);
    await client.upgrade("/?hl-x=1");
    for (let i = 0; i < 20; i++) {
      const messages = [
        [7, 1, 1, 7, 3],
        [7, 2, 5, 3, 0, 0, 0, 0, 9],
        [0x17, 1, 1, 3, 7],
        [0x17, 2, 0, 255],
      ].map((bytes) => mutate(random, Buffer.from(bytes)));
      client.write(frame(Buffer.concat(messages)));
    }
    return client;
  },
  "x1: raw items for every id, of calls of every kind that begin and end": async (port, random) => {
    const client = await extended(port, random);
    const calls = [KEEP, KEEP, SUM, COUNT, BLOBS, WAIT];
    for (let i = 0; i < 400 && !client.ended; i++) {
      const id = random(256);
      const [said, item] = rawOf(random, id);
      const message = [
        call(id, calls[random(calls.length)]!, { from: 1 }),
        cancel(id),
        end(id, random(2) === 0),
        grant(id, 0),
      ][random(8)];
      const before = message === undefined ? [] : [deflateRawSync(archive(message))];
      client.write(frame(Buffer.concat([...before, said!])));
      if (item !== undefined) client.write(item);
    }
    return client;
  },
  "x1: raw items of 256 streams, more than there is room for": async (port, random) => {
    const client = await extended(port, random, ...IDS.map((id) => call(id, KEEP)));
    for (let i = 0; i < 600 && !client.ended; i++) {
      const id = random(2) === 0 ? 1 : random(256);
      client.write(frame(Buffer.of(0x3f, id, 0, 1)));
      client.write(frame(BLOB));
    }
    return client;
  },
  "x1: half a raw item, and it leaves": async (port, random) => {
    const client = await extended(port, random, call(1, KEEP));
    client.write(frame(Buffer.of(0x3f, 1, 0, 1)));
    if (random(2) === 0) client.write(frame(BLOB));
    client.write(frame(BLOB).subarray(0, random(BLOB.length)));
    return client;
  },
  "x1: 256 streams of raw items without end, none of them read": async (port, random) => {
    const client = await extended(port, random, ...IDS.map((id) => call(id, BLOBS)));
    client.socket.pause();
    return client;
  },
  "x1: windows that are wider, and too wide": (port, random) =>
    extended(
      port,
      random,
      call(1, BLOBS),
      ...Array.from({ length: 8 }, () => wider(1, 131_072 - (random(8) === 0 ? 1 : 0), 131_072)),
    ),
  "x1: mutated": (port, random) =>
    extended(
      port,
      random,
      call(1, SUM),
      (writer) => {
        const bytes = mutate(random, archive(item(1, 7)));
        writer.bytes.set(bytes, writer.reserve(bytes.length, 1));
      },
    ),
  "call: many, and the answers are not read": async (port) => {
    const client = await upgraded(port);
    client.socket.pause();
    for (let i = 0; i < 3000; i++) {
      client.write(
        frame(
          deflateRawSync(archive((w) => writeRequest(interpret, w, i & 255, ADD, { amount: 1 }))),
        ),
      );
    }
    return client;
  },
};

/** How a hostile peer leaves. */
export function leave({ socket }: RawClient, random: Random): void {
  if (random(2) === 0 || !(socket instanceof net.Socket)) socket.destroy();
  else (socket as net.Socket & { resetAndDestroy?(): void }).resetAndDestroy?.();
  socket.destroy();
}
