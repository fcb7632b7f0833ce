/**
 * {@linkcode startPageCalls}: the calls of a page's session, in little code.
 *
 * @module
 */
import { appendArchive } from "../codec/archive.ts";
import { Writer } from "../codec/writer.ts";
import type { StreamingCall } from "../stream/open_streams.ts";
import { INTERNAL } from "../wire/close.ts";
import type { Framing } from "../wire/deflater.ts";
import { checkSize } from "../wire/faults.ts";
import type { RpcError, RpcErrorCode } from "../wire/errors.ts";
import { CLIENT_CANCEL, CLIENT_MESSAGE_BYTES, MESSAGE_ALIGN, SHORT_RAW } from "../wire/layout.ts";
import { MAX_BATCH_BYTES, turns } from "../wire/batch.ts";
import { MAX_ABANDONED_CALLS, MAX_CALLS_IN_FLIGHT } from "../wire/page_limits.ts";
import { failed, lost, toError } from "./failures.ts";
import type { QueuedCall, StartCalls } from "./parts.ts";
import { interruptible } from "../wire/waiting.ts";

interface Call extends QueuedCall {
  readonly streaming: StreamingCall | undefined;
  id?: number;
}

/** {@linkcode StartCalls} with a timer and a writer for each call: for a page, which makes few at a time. */
export const startPageCalls: StartCalls = (transport, host, endSession, extension) => {
  const { counters, limits } = host;
  const { maxBufferedBytes } = limits;
  const framing = host.framing as Framing;
  /** Messages of one turn, which go as one if that is agreed on. */
  const batch = new Uint8Array(extension && MAX_BATCH_BYTES);
  let batched = 0;
  /** As the sender's in `wire/sender.ts`. */
  let rawId = -1;
  /** By id: the pending call, or `null` if abandoned. An abandoned call keeps its id. */
  const calls: (Call | null | undefined)[] = [];
  /** Free ids, the one that has been free longest first. */
  const free = [...Array(MAX_CALLS_IN_FLIGHT).keys()];
  /** Calls that wait for an id, in order. */
  const waiting = new Set<Call>();
  let abandoned = 0;
  let ended = false;
  /** Ends the session because all ids are abandoned. */
  let stopStarving: (() => void) | undefined;

  const flush = (): void => {
    if (batched) transport.send(batch.subarray(0, batched));
    batched = 0;
  };
  const post = (message: Uint8Array<ArrayBuffer>, id = -1): void => {
    const { length } = message;
    if (length > MAX_BATCH_BYTES && id !== rawId) {
      rawId = id;
      post(Uint8Array.of(SHORT_RAW, id, 0, +(id >= 0)));
    }
    counters.bytesSent += length;
    if (batched + length > batch.length) flush();
    if (length >= batch.length) return transport.send(message);
    if (!batched) turns.atEnd(() => batched, flush);
    batch.set(message, batched);
    batched += length;
  };
  const frame = (archive: Uint8Array<ArrayBuffer>): void =>
    framing.frame(archive, post, (error) => endSession(lost(`${error}`, error), INTERNAL));
  const starve = (): void => endSession(lost("abandoned calls"));
  const send = (call: Call): void => {
    const { request, streaming } = call;
    calls[call.id = free.shift()!] = call;
    request[request.length - CLIENT_MESSAGE_BYTES + 1] = call.id;
    streaming?.begin(session, call.id, host);
    frame(request);
  };

  const session: ReturnType<StartCalls> = {
    ...host,
    streams: undefined,
    say(tag, id, byte = 0) {
      const archive = new Uint8Array(CLIENT_MESSAGE_BYTES);
      archive.set([tag, id, byte]);
      frame(archive);
    },
    begin() {
      const writer = new Writer();
      writer.maxDepth = limits.maxDepth;
      return writer;
    },
    commit: (writer) => frame(writer.written()),
    sendRaw: (id, item) => !host.level && (post(item, id), true),
    get pending() {
      return ended ? 0 : MAX_CALLS_IN_FLIGHT - free.length + waiting.size;
    },
    get bufferedBytes() {
      return transport.bufferedAmount + batched + framing.waitingBytes;
    },
    call(method, args, { signal, timeoutMs = limits.callTimeoutMs } = {}, streaming) {
      const error = (code: RpcErrorCode, why?: string): RpcError =>
        failed(code, method, signal?.reason, why);
      return interruptible(
        host,
        (resolve, reject) => {
          streaming?.open(extension, reject);
          if (signal?.aborted) throw error("Cancelled");
          if (!(timeoutMs > 0)) throw new RangeError(`Cannot use timeoutMs ${timeoutMs}`);
          const writer = session.begin();
          try {
            const length = appendArchive(host.codec, method.call, writer, args);
            const at = writer.begin(CLIENT_MESSAGE_BYTES);
            // The bytes are zero: a request, whose id is set when it is sent.
            writer.slice(at + 4, 0, length);
            writer.end(at, MESSAGE_ALIGN);
            checkSize(writer.position, limits);
          } catch (cause) {
            throw failed("ClientEncodeError", method, cause, toError(cause).message);
          }
          // Only now: a getter of the arguments may have closed the client.
          if (ended) throw error("ClientNotConnected");
          const call: Call = { method, request: writer.written(), resolve, reject, streaming };
          const isFull = !free.length;
          if (
            session.bufferedBytes > maxBufferedBytes || (isFull && !host.mayWait?.(call, waiting))
          ) throw error("TooManyCallsInFlight");
          if (isFull) waiting.add(call);
          else send(call);
          return () => {
            const id = call.id!;
            if (waiting.delete(call) || calls[id] !== call) return;
            // Another call with this id would get the wrong answer: soon no id would be left.
            calls[id] = null;
            abandoned++;
            session.streams?.over(id);
            if (ended) return;
            if (extension) {
              session.say(CLIENT_CANCEL, id);
              // A server with `x1` answers cancelled calls: it gets the timeout of a call.
              if (abandoned === MAX_CALLS_IN_FLIGHT) {
                stopStarving = host.after(limits.callTimeoutMs, starve);
              }
            } else if (abandoned > MAX_ABANDONED_CALLS) starve();
          };
        },
        error,
        signal,
        timeoutMs,
      );
    },
    settle(id) {
      const call = calls[id];
      if (call === undefined) return call;
      if (call === null) {
        abandoned--;
        stopStarving?.();
      }
      calls[id] = undefined;
      free.push(id);
      session.streams?.over(id);
      const [next] = waiting;
      if (next && waiting.delete(next)) send(next);
      return call;
    },
    end(cause, retryable) {
      ended = true;
      flush();
      stopStarving?.();
      for (const call of calls) {
        call?.reject(failed("ConnectionLost", call.method, cause, cause.message, retryable));
      }
      for (const call of waiting) call.reject(failed("ClientNotConnected", call.method, cause));
    },
  };
  return session;
};
