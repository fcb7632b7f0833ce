/**
 * {@linkcode ServerMessage}: a server's message as an object, for tests that inspect messages.
 *
 * @module
 */
import type { Reader } from "../../codec/reader.ts";
import type { RpcHandlerErrorCode } from "../../wire/errors.ts";
import { NEW_EVENT, RPC_RESPONSE, STATE_CHANGE } from "../../wire/layout.ts";
import { type OnExtension, readServerMessage } from "../../wire/server_message_reader.ts";
import type { Topic } from "../../wire/topic.ts";

/** One changed field: its index, and where its archive is. */
export interface Update {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** The contents of a message; positions are in the reader's bytes. */
export interface ServerMessage {
  readonly kind: number;
  readonly id: number;
  readonly ok: boolean;
  readonly errorCode: RpcHandlerErrorCode | undefined;
  readonly start: number;
  readonly end: number;
  readonly topic: Topic | undefined;
  readonly updates: readonly Update[];
}

const NOTHING: ServerMessage = {
  kind: -1,
  id: 0,
  ok: false,
  errorCode: undefined,
  start: 0,
  end: 0,
  topic: undefined,
  updates: [],
};

/** Refuses messages of an extension. */
export const noExtension = (reader: Reader): OnExtension => (_kind, at) =>
  reader.fail("InvalidTag", at);

/** Read the message in `[start, end)` of the reader's bytes. */
export function serverMessage(reader: Reader, start: number, end: number): ServerMessage {
  let message = NOTHING;
  readServerMessage(reader, start, end, [
    (id, errorCode, start, end) => {
      const ok = errorCode === undefined;
      message = { ...NOTHING, kind: RPC_RESPONSE, id, ok, errorCode, start, end };
    },
    (topic, start, end) => {
      message = { ...NOTHING, kind: NEW_EVENT, topic, start, end };
    },
    (numbers) => {
      const updates: Update[] = [];
      for (let i = 0; i < numbers.length; i += 3) {
        updates.push({ index: numbers[i]!, start: numbers[i + 1]!, end: numbers[i + 2]! });
      }
      message = { ...NOTHING, kind: STATE_CHANGE, updates };
    },
    noExtension(reader),
  ]);
  return message;
}
