/**
 * {@linkcode startPageCalls}: the calls of a page's session, in few bytes of code.
 *
 * @module
 */
import { Writer } from "../codec/writer.ts";
import type { MethodInfo } from "../service/types.ts";
import type { StreamingCall } from "../stream/caller.ts";
import { writeClientCancel } from "../wire/client_extension.ts";
import { INTERNAL, NORMAL } from "../wire/close.ts";
import type { RpcError, RpcErrorCode } from "../wire/errors.ts";
import { setRequestId, writeRequest } from "../wire/requests.ts";
import { MAX_ABANDONED_CALLS, MAX_CALLS_IN_FLIGHT, MAX_QUEUED_CALLS } from "./call_table.ts";
import { failed, lost, unencodable } from "./failures.ts";
import type { Framing } from "../wire/deflater.ts";
import type { StartCalls, Waiter } from "./parts.ts";
import { interruptible } from "./waiting.ts";

interface Call extends Waiter {
  readonly request: Writer;
  readonly streaming: StreamingCall | undefined;
  id: number;
}

/** Messages that are smaller are copied, so that their writer can be kept for the next. */
const MAX_COPIED_BYTES = 4096;

/** {@linkcode StartCalls} with a timer for each call: for a page, which makes few at a time. */
export const startPageCalls: StartCalls = (transport, host, endSession, extension) => {
  const { limits, whenFull, codec, clock } = host;
  const framing = host.framing as Framing;
  /** By id: who waits, or `null` if the caller has gone. A call that was given up keeps its id. */
  const calls: (Call | null | undefined)[] = [];
  /** The one that has been free for longest first. */
  const free = Array.from({ length: MAX_CALLS_IN_FLIGHT }, (_, id) => id);
  const waiting = new Set<Call>();
  let spare: Writer | undefined;
  let abandoned = 0;
  let ended = false;
  /** Ends the session, since every id is of a call that was given up. */
  let starving: unknown;

  const starve = (): void => endSession(NORMAL, lost("abandoned calls"));
  const begin = (): Writer => {
    const writer = spare ?? new Writer();
    spare = undefined;
    writer.position = writer.base = 0;
    writer.maxDepth = limits.maxDepth;
    return writer;
  };
  const commit = (writer: Writer): void => {
    let archive = writer.written();
    if (archive.length < MAX_COPIED_BYTES) {
      // To make a writer costs more than a copy.
      archive = archive.slice();
      spare = writer;
    }
    framing.send(
      transport,
      archive,
      (bytes) => session.sentBytes += bytes,
      (error) => endSession(INTERNAL, lost("a message could not be deflated", error)),
    );
  };

  const send = (call: Call): void => {
    const { request } = call;
    calls[call.id = free.shift()!] = call;
    setRequestId(request, call.id);
    call.streaming?.begin(session, call.id);
    commit(request);
  };

  /** The request, with an id that is yet to be filled in. */
  const write = (method: MethodInfo, args: unknown): Writer => {
    const request = begin();
    try {
      writeRequest(codec, request, 0, method.call, args);
      const bytes = request.position;
      if (bytes > limits.maxInflatedBytes) {
        throw new RangeError(`${bytes} are over maxInflatedBytes`);
      }
    } catch (cause) {
      throw unencodable(method, cause);
    }
    return request;
  };

  const session: ReturnType<StartCalls> & { sentBytes: number } = {
    sentBytes: 0,
    codec,
    clock,
    limits,
    streams: undefined,
    begin,
    commit,
    abandon() {},
    get pending() {
      return ended ? 0 : MAX_CALLS_IN_FLIGHT - free.length + waiting.size;
    },
    get bufferedBytes() {
      return transport.bufferedAmount + framing.waitingBytes;
    },
    call(
      method,
      args,
      { signal, timeoutMs } = {},
      streaming,
    ) {
      timeoutMs ??= streaming ? Infinity : limits.callTimeoutMs;
      const error = (code: RpcErrorCode, why?: string): RpcError =>
        failed(code, method, signal?.reason, why);
      const { maxBufferedBytes } = limits;
      return interruptible(
        host,
        (resolve, reject) => {
          const check = (): void => {
            if (ended) throw error("ClientNotConnected");
          };
          check();
          if (streaming && !extension) throw error("StreamsUnsupported");
          if (signal?.aborted) throw error("Cancelled");
          if (!(timeoutMs > 0)) throw new RangeError(`Cannot use timeoutMs ${timeoutMs}`);
          const request = write(method, args);
          // The arguments may have a getter, which may have closed the client.
          check();
          let queuedBytes = request.position;
          for (const { request } of waiting) queuedBytes += request.position;
          if (
            session.bufferedBytes > maxBufferedBytes ||
            (free.length === 0 && (whenFull === "fail" ||
              waiting.size === MAX_QUEUED_CALLS || queuedBytes > maxBufferedBytes))
          ) throw error("TooManyCallsInFlight");
          const call: Call = { method, request, id: -1, resolve, reject, streaming };
          if (streaming) streaming.giveUp = reject;
          if (free.length === 0) waiting.add(call);
          else send(call);
          return () => {
            if (waiting.delete(call) || calls[call.id] !== call) return;
            // Given to another call, the id would get the wrong answer: soon there would be none left.
            calls[call.id] = null;
            abandoned++;
            session.streams?.over(call.id);
            if (ended) return;
            if (extension) {
              const writer = begin();
              writeClientCancel(writer, call.id);
              commit(writer);
              // A server that was told of them answers them: it is given the time of a call.
              if (abandoned === MAX_CALLS_IN_FLIGHT) {
                starving = clock.after(limits.callTimeoutMs, starve);
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
        clock.clear(starving);
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
      clock.clear(starving);
      for (const call of calls) {
        call?.reject(failed("ConnectionLost", call.method, cause, cause.message, retryable));
      }
      for (const call of waiting) call.reject(failed("ClientNotConnected", call.method, cause));
    },
  };
  return session;
};
