/**
 * {@linkcode ATTACKS}: what a hostile peer does, layer by layer. All of it follows from a seed.
 *
 * @module
 */
import { interpret } from "../../codec/archive.ts";
import { Buffer } from "node:buffer";
import net from "node:net";
import { deflateRawSync } from "node:zlib";
import { u32 } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { rpc, service } from "../../mod.ts";
import { writeRequest } from "../../wire/messages.ts";
import { masked, RawClient, upgradeRequest } from "../support/raw_client.ts";
import { writeRawRequest } from "../support/raw_request.ts";

/** What the attacked server serves. */
export const Target = service({
  rpc: { add: rpc({ amount: u32 }, u32), wait: rpc({}, u32) },
  state: { total: u32 },
  event: u32,
});

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
