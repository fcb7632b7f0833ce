/**
 * What a server on Deno refuses of a hostile peer: for `deno_serve.ts`. The time limits of its servers are half a
 * second.
 *
 * @module
 */
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { callFrame, clientFrame, openPlain, requestFor } from "./plain_sockets.ts";
import type { ServerProcess } from "./server_process.ts";
import { Desk } from "./servers/deno_serve.ts";

/** Longer than every time limit of the servers. */
const WAIT_MS = 6000;
/** One more than `maxMessageBytes`. */
const OVER_BYTES = 2_097_153;
const RESETS = 200;
const MIB = 1_048_576;

const portOf = ({ address }: ServerProcess): number => Number(new URL(address.url).port);

/** Sockets that a server has open; NaN where the system has no `/proc`. */
function socketsOf({ pid }: ServerProcess): number {
  const folder = `/proc/${pid}/fd`;
  const isSocket = (name: string): boolean => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith("socket:");
    } catch {
      // It was closed meanwhile.
      return false;
    }
  };
  return existsSync(folder) ? readdirSync(folder).filter(isSocket).length : NaN;
}

/** Whether a server ends a connection in time. */
async function isEnded(socket: net.Socket): Promise<boolean> {
  const ended = new Promise<true>((resolve) => socket.once("close", () => resolve(true)));
  socket.on("error", () => {}).resume();
  const isIt = await Promise.race([ended, sleep(WAIT_MS, false, { ref: false })]);
  socket.destroy();
  return isIt;
}

async function endsAfter(server: ServerProcess, frame: Uint8Array): Promise<boolean> {
  const socket = await openPlain(portOf(server));
  socket.write(frame);
  return await isEnded(socket);
}

async function connected(server: ServerProcess): Promise<net.Socket> {
  const socket = net.connect(portOf(server), "127.0.0.1").on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** Whether clients that reset before they are answered cost a descriptor each. */
async function leaksDescriptors(server: ServerProcess): Promise<boolean | undefined> {
  const before = socketsOf(server);
  for (let i = 0; i < RESETS; i++) {
    const socket = await connected(server);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(requestFor("hl.2"), () => {
      socket.resetAndDestroy();
    });
    await closed;
  }
  await sleep(WAIT_MS / 6);
  const more = socketsOf(server) - before;
  return Number.isNaN(more) ? undefined : more > RESETS / 4;
}

/** Whether a request without its end is cut. */
async function cutsHalfRequests(server: ServerProcess): Promise<boolean> {
  const socket = await connected(server);
  socket.write(requestFor("hl.2").subarray(0, -4));
  return await isEnded(socket);
}

/** Whether a peer that asks for much and reads nothing loses its socket. */
async function cutsSilentReaders(server: ServerProcess): Promise<boolean | undefined> {
  // The runtime opens sockets of its own for the first large answer.
  await endsAfter(server, callFrame(Desk, "fetch", { size: MIB }));
  await sleep(WAIT_MS / 6);
  const before = socketsOf(server);
  const socket = await openPlain(portOf(server));
  socket.on("error", () => {}).pause();
  for (let id = 1; id <= 64; id++) socket.write(callFrame(Desk, "fetch", { size: MIB }, id));
  let more = NaN;
  for (let ms = 0; ms < WAIT_MS && !(more <= 0); ms += 100) {
    // The answers come first.
    await sleep(100);
    if (ms > 1000) more = socketsOf(server) - before;
  }
  socket.destroy();
  return Number.isNaN(more) ? undefined : more <= 0;
}

/** Whether calls that come faster than they are handled wait at their sender, rather than end the connection. */
async function pausesReading(server: ServerProcess): Promise<boolean> {
  const socket = await openPlain(portOf(server));
  for (let id = 1; id <= 64; id++) {
    socket.write(callFrame(Desk, "work", { data: new Uint8Array(MIB) }, id));
  }
  return !await isEnded(socket);
}

/** Questions to a server, and how to find each out; undefined where it cannot be. */
export const HOSTILE: readonly (readonly [
  row: string,
  ask: (server: ServerProcess) => Promise<boolean | undefined>,
])[] = [
  ["a client that resets leaves a descriptor behind", leaksDescriptors],
  ["a handshake that never ends is cut", cutsHalfRequests],
  ["a peer that never reads is cut, its socket too", cutsSilentReaders],
  ["64 MiB of slow calls, sent at once, wait and are answered", pausesReading],
  [
    "an unmasked frame is refused",
    (server) => endsAfter(server, callFrame(Desk, "add", { a: 1, b: 2 }, 1, false)),
  ],
  [
    "a part of a message over the limit is refused",
    (server) => endsAfter(server, clientFrame(new Uint8Array(OVER_BYTES), 0x02)),
  ],
];
