/**
 * {@linkcode STREAM_ATTACKS}: attacks with the extension `x1`, each at the default limits.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { interpret } from "../../codec/archive.ts";
import { bool, bytes } from "../../mod.ts";
import type { Schema } from "../../codec/mod.ts";
import { STREAM_WINDOW_BYTES } from "../../stream/lead.ts";
import { MAX_BATCH_BYTES } from "../../wire/batch.ts";
import {
  writeClientEnd,
  writeClientGrant,
  writeClientItem,
} from "../../wire/client_message_writer.ts";
import { writeClientCancel } from "../support/client_cancel.ts";
import { noise } from "../support/noise.ts";
import { writeFailed, writeReply } from "../support/replies.ts";
import type { Attack } from "./attacks.ts";
import { call, deflated } from "./frames.ts";
import { Hostile } from "./service.ts";

/** All ids that a connection has. */
const IDS: readonly number[] = [...Array(256).keys()];
/** WebSocket messages of an attack that sends ever the same. */
const MESSAGES = 24;

const methods = Object.fromEntries(Hostile.methods.map((method) => [method.name, method]));
const callOf = (id: number, method: "upload" | "tail" | "parts" | "ask"): Buffer =>
  call(id, methods[method]!.call as Schema<unknown>, {});

const item = (id: number, value: Uint8Array): Buffer =>
  deflated((writer) => void writeClientItem(interpret, writer, id, bytes, value));
const end = (id: number): Buffer => deflated((writer) => writeClientEnd(writer, id, false));
const grant = (id: number, room: number): Buffer =>
  deflated((writer) => writeClientGrant(writer, id, room));
const cancel = (id: number): Buffer => deflated((writer) => writeClientCancel(writer, id));
const reply = (id: number): Buffer =>
  deflated((writer) => writeReply(interpret, writer, id, bool, true));
const failed = (id: number): Buffer =>
  deflated((writer) => writeFailed(writer, id, "HandlerPanicked"));

/** Says that larger messages are items of this call, or messages again. */
const raw = (id: number, isOn = true): Buffer => Buffer.of(0x3f, id, 0, isOn ? 1 : 0);

const NOTHING = new Uint8Array(0);
/** An item that uses all credit of a stream, in a few hundred bytes. */
const LARGE = new Uint8Array(STREAM_WINDOW_BYTES - 1024);

/** The same, raw. */
const RAW = Buffer.from(noise(STREAM_WINDOW_BYTES - 1024));

/** Messages in as few WebSocket messages as can be. */
function together(messages: readonly Buffer[]): Buffer[] {
  const all: Buffer[][] = [[]];
  let length = 0;
  for (const message of messages) {
    if (length + message.length > MAX_BATCH_BYTES) {
      all.push([]);
      length = 0;
    }
    all.at(-1)!.push(message);
    length += message.length;
  }
  return all.map((each) => Buffer.concat(each));
}

/** Enough of them to fill some WebSocket messages. */
function flood(make: (id: number) => Buffer, count = MESSAGES): Buffer[] {
  const some = IDS.map(make);
  const bytes = some.reduce((sum, { length }) => sum + length, 0);
  const rounds = Math.floor(count * MAX_BATCH_BYTES / bytes);
  return together(Array.from({ length: rounds }, () => some).flat());
}

const ATTACKS: readonly Omit<Attack, "extended">[] = [
  { name: "items for no stream", messages: () => flood((id) => item(id, NOTHING)) },
  { name: "room for no stream", messages: () => flood((id) => grant(id, 0xffff_ffff)) },
  { name: "ends of no stream", messages: () => flood(end) },
  { name: "cancels of no call", messages: () => flood(cancel) },
  {
    name: "answers to no call",
    messages: () => flood((id) => id % 2 === 0 ? reply(id) : failed(id)),
  },
  {
    name: "more items than there is room for",
    messages: () => [callOf(0, "upload"), ...flood(() => item(0, NOTHING))],
  },
  {
    name: "more room than a stream can have",
    messages: () =>
      together([callOf(0, "tail"), grant(0, 0xffff_ffff), ...IDS.map(() => grant(0, 0xffff_ffff))]),
  },
  {
    name: "256 streams that end again and again",
    messages: () => [...together(IDS.map((id) => callOf(id, "upload"))), ...flood(end)],
  },
  {
    name: "256 streams that a handler does not read",
    messages: () => [
      ...together(IDS.map((id) => callOf(id, "upload"))),
      ...together(IDS.map((id) => item(id, LARGE))),
    ],
  },
  {
    name: "256 streams of items without bytes, that a handler does not read",
    messages: () => [
      ...together(IDS.map((id) => callOf(id, "upload"))),
      ...together(IDS.flatMap((id) => Array.from({ length: 512 }, () => item(id, NOTHING)))),
    ],
  },
  {
    name: "256 streams of raw items that a handler does not read",
    messages: () => [
      ...together(IDS.map((id) => callOf(id, "upload"))),
      ...IDS.flatMap((id) => [raw(id), RAW]),
    ],
  },
  {
    name: "raw items for no stream",
    messages: () => [raw(0), ...new Array<Buffer>(4 * MESSAGES).fill(RAW)],
  },
  {
    name: "larger messages that are items, and not, and items again",
    messages: () => flood((id) => raw(id, id % 2 === 0)),
  },
  {
    name: "256 streams of raw items from the server",
    messages: () => together(IDS.map((id) => callOf(id, "parts"))),
  },
  {
    name: "256 streams from the server",
    messages: () => together(IDS.map((id) => callOf(id, "tail"))),
  },
  {
    name: "256 streams from the server that are cancelled at once",
    messages: () => together(IDS.flatMap((id) => [callOf(id, "tail"), cancel(id)])),
  },
  {
    name: "256 calls of the client that it does not answer",
    messages: () => together(IDS.map((id) => callOf(id, "ask"))),
  },
];

/** The attacks, by the kind of their messages. */
export const STREAM_ATTACKS: readonly Attack[] = ATTACKS.map((each) => ({
  ...each,
  extended: true,
}));
