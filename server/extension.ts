/**
 * {@linkcode receiveMore}: what a client says besides calls.
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import {
  CLIENT_CANCEL,
  CLIENT_END,
  CLIENT_FAILED,
  CLIENT_GRANT,
  CLIENT_ITEM,
  CLIENT_REPLY,
  type ClientMessage,
} from "../wire/messages.ts";
import { type Caller, cancel } from "./caller.ts";
import type { ServerCounters } from "./stats.ts";
import { StreamingCall } from "./streaming_call.ts";

/**
 * Something came that is no call. About a call that is over, or of an id that has none, nothing is to be done:
 * it may have been on its way when that call ended.
 *
 * @throws {ProtocolError} If there is no room for it, or it is no answer.
 */
export function receiveMore(
  caller: Caller,
  { kind, id, start, end, bytes, code, failed }: ClientMessage,
  { reader, counters }: { readonly reader: Reader; readonly counters: ServerCounters },
): void {
  if (kind === CLIENT_CANCEL) {
    if (cancel(caller, id)) counters.callsCancelled++;
  } else if (kind === CLIENT_REPLY) caller.clientCalls?.onReply(id, start, end);
  else if (kind === CLIENT_FAILED) caller.clientCalls?.onFailed(id, code);
  else {
    const call = caller.listening?.get(id);
    if (!(call instanceof StreamingCall)) return;
    if (kind === CLIENT_ITEM) call.push(reader.bytes, start, end);
    else if (kind === CLIENT_END) call.endInput(failed);
    else if (kind === CLIENT_GRANT) call.grantOutput(bytes);
  }
}
