/**
 * {@linkcode receiveMore}: handles a client's messages other than calls.
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
 * Handle a message other than a call. Messages about finished or unknown calls are ignored: they may have been
 * in flight when the call ended.
 *
 * @throws {ProtocolError} If it exceeds its credit or is not a valid answer.
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
