/**
 * {@linkcode fuzzSockets}: mutated handshakes, frames and messages at a server over real sockets, beside a
 * client that must be answered.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import { createInterface } from "node:readline";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../client.ts";
import { EXTENSION_QUERY } from "../../wire/handshake.ts";
import { upgradeRequest } from "../support/raw_client.ts";
import { type RuntimeId, start } from "../support/runtimes.ts";
import { damagedSome, seeds, Target } from "./connection.ts";
import type { SocketServerReport } from "./socket_server.ts";
import { mutate, randomFrom } from "./support.ts";

type Random = (bound: number) => number;

/** The results. */
export interface SocketCounts {
  /** Sockets that were opened. */
  readonly sockets: number;
  /** Calls of the other client, all of which were answered. */
  readonly calls: number;
  /** The server before. */
  readonly before: SocketServerReport;
  /** The server afterwards. */
  readonly after: SocketServerReport;
}

/** Sockets at a time. */
const PEERS = 16;
/** Messages on one socket, at most. */
const MAX_MESSAGES = 400;
/** A port allows about 28,000 connections to one address, closed ones included, so several addresses are used. */
const ADDRESSES = 200;

/** Files that a runtime may open for itself meanwhile. */
const OWN_FILES = 8;

/** A masked frame; a mask of zeros changes nothing. */
function frame(first: number, payload: Uint8Array): Uint8Array {
  const long = payload.length > 125;
  const bytes = new Uint8Array((long ? 8 : 6) + payload.length);
  bytes[0] = first;
  bytes[1] = 0x80 | (long ? 126 : payload.length);
  if (long) new DataView(bytes.buffer).setUint16(2, payload.length);
  bytes.set(payload, bytes.length - payload.length);
  return bytes;
}

const PING = frame(0x89, Uint8Array.of(1, 2, 3));

/** A message as frames, some of which are in two parts with a ping between, or damaged too. */
function framesOf(bytes: Uint8Array, random: Random): Uint8Array[] {
  if (random(16) === 0 && bytes.length > 1) {
    const at = 1 + random(bytes.length - 1);
    return [frame(0x02, bytes.subarray(0, at)), PING, frame(0x80, bytes.subarray(at))];
  }
  const whole = frame(0x82, bytes);
  return [random(64) === 0 ? mutate(whole, random) : whole];
}

/** Open one socket and send until it has ended or has had enough. */
async function attack(port: number, whole: Uint8Array[], random: Random): Promise<void> {
  const socket = net.connect({ host: `127.0.0.${1 + random(ADDRESSES)}`, port });
  let ended = false;
  let wake: (() => void) | undefined;
  const woken = (): void => wake?.();
  for (const name of ["end", "error", "close"]) {
    socket.on(name, () => {
      ended = true;
      woken();
    });
  }
  const until = (name: "connect" | "drain"): Promise<void> => {
    if (ended) return Promise.resolve();
    return new Promise((resolve) => {
      wake = resolve;
      socket.once(name, resolve);
    });
  };
  socket.resume();
  await until("connect");
  const head = Buffer.from(
    upgradeRequest({}, `GET /${random(4) === 0 ? "" : `?${EXTENSION_QUERY}=1`} HTTP/1.1`),
    "latin1",
  );
  socket.write(random(8) === 0 ? mutate(head, random) : head);
  let sent = 0;
  const most = 1 + random(MAX_MESSAGES);
  while (!ended && sent < most) {
    const chunks: Uint8Array[] = [];
    for (let burst = 1 + random(24); burst > 0 && sent < most; burst--, sent++) {
      for (const message of damagedSome(whole, random)) chunks.push(...framesOf(message, random));
    }
    if (socket.write(Buffer.concat(chunks))) await turn();
    else await until("drain");
  }
  // Half of them leave at once; the others when the server has received everything.
  if (random(2) === 0 && !ended) {
    await new Promise<void>((resolve) => {
      wake = resolve;
      socket.end(resolve);
    });
  }
  socket.destroy();
}

/**
 * Send mutated messages to a server in another process until it has received `messages`, and call it from
 * other connections all the while.
 *
 * @throws If a call is not answered, the server reports an unexpected error, or anything is left.
 */
export async function fuzzSockets(
  runtime: RuntimeId,
  messages: number,
  seed: number,
  onProgress: (report: SocketServerReport) => void = () => {},
): Promise<SocketCounts> {
  await using program = await start(runtime, "fuzz/socket_server.ts");
  const ports = JSON.parse(program.firstLine) as number[];
  const lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]();
  const report = async (): Promise<SocketServerReport> => {
    program.child.stdin!.write("\n");
    return JSON.parse((await lines.next()).value ?? "") as SocketServerReport;
  };
  const clients = await Promise.all(
    ports.map((port) => connect(Target, `ws://127.0.0.1:${port}`, { reconnect: false })),
  );
  const whole = seeds();
  let over = false;
  let sockets = 0;
  let calls = 0;
  const before = await report();
  const peers = Array.from({ length: PEERS }, async (_, i) => {
    const random = randomFrom(seed + i);
    while (!over) {
      sockets++;
      await attack(ports[i % ports.length]!, whole, random);
    }
  });
  let after = before;
  for (let next = messages / 10; after.messages < messages; after = await report()) {
    calls++;
    for (const client of clients) {
      if (await client.rpc.add({ amount: 1 }) !== calls) throw new Error("A wrong answer");
    }
    await sleep(20);
    if (after.messages < next) continue;
    next += messages / 10;
    onProgress(after);
  }
  over = true;
  await Promise.all(peers);
  while (after.unexpected === undefined && !isBack(before, after)) {
    await sleep(100);
    after = await report();
  }
  if (after.unexpected !== undefined) throw new Error(`seed ${seed}: ${after.unexpected}`);
  await Promise.all(clients.map((client) => client.close()));
  return { sockets, calls: calls * clients.length, before, after };
}

function isBack(before: SocketServerReport, after: SocketServerReport): boolean {
  return after.files <= before.files + OWN_FILES &&
    after.held.every((count, i) => count === before.held[i]);
}
