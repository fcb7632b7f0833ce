/**
 * {@linkcode startStreaming}: the caller's side of streaming calls.
 *
 * Referenced by the marker of a streaming method, so that pages without streams don't load it.
 *
 * @module
 */
import { readArchive } from "../codec/archive.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import {
  writeClientEnd,
  writeClientGrant,
  writeClientItem,
} from "../wire/client_message_writer.ts";
import { RpcError, type RpcErrorCode } from "../wire/errors.ts";
import { checkSize, overCredit } from "../wire/faults.ts";
import { isThenable } from "../wire/listener.ts";
import { turns } from "../wire/batch.ts";
import { openInlet } from "./inlet.ts";
import {
  openStreams,
  type StreamingCall,
  type StreamingHost,
  type StreamingSession,
  type Streams,
} from "./open_streams.ts";
import type { isRawItem, openGate, openSharedWindow } from "./outlet.ts";
import type { InletPort, ItemStream, OpenOutlet, Outlet, OutletPort } from "./types.ts";

/** The part of a method needed to call it. */
export interface StreamingInfo {
  readonly name: string;
  readonly input?: { readonly name: string; readonly item: Schema<unknown> } | undefined;
  readonly items?: { readonly item: Schema<unknown> } | undefined;
}

/** What sends the items of an argument. */
export interface Uploading {
  readonly openOutlet: OpenOutlet;
  readonly openGate: typeof openGate;
  readonly openSharedWindow: typeof openSharedWindow;
  readonly isRawItem: typeof isRawItem;
}

/**
 * Make a call that streams: by `call`, which settles when it is answered.
 *
 * `uploading` is loaded for a call with a streaming argument where it is not given: in a page.
 *
 * @returns What `call` did, or the items of the output.
 */
export type StartStreaming = <
  Info extends StreamingInfo,
  Options extends {
    readonly timeoutMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  },
>(
  call: (
    method: Info,
    args: unknown,
    options: Options | undefined,
    streaming: StreamingCall,
  ) => Promise<unknown>,
  method: Info,
  args: unknown,
  options: Options | undefined,
  uploading?: Uploading,
) => Promise<unknown> | ItemStream<unknown>;

/** {@linkcode StartStreaming}. */
export const startStreaming: StartStreaming = (call, method, args, options, uploading) => {
  const { name, input, items } = method;
  let outlet: Outlet | undefined;
  let session: StreamingSession;
  let host: StreamingHost;
  let streams: Streams;
  /** The id, or -1. */
  let id = -1;
  let leftBefore: unknown;
  /** Why an item could not be read. */
  let fault: RpcError | undefined;
  /** At first it is not made: what it needs is being loaded. */
  let giveUp = (error: unknown): void => {
    leftBefore = error;
  };
  // It has no deadline of its own.
  const { timeoutMs = Infinity, signal } = options ?? {};
  const own = { ...options, timeoutMs } as typeof options;

  const failed = (code: RpcErrorCode, cause: unknown, what: string): RpcError => {
    const { path, message = "it was ended" } = Object(cause) as { path?: string; message?: string };
    return new RpcError(
      code,
      `Cannot call ${name}: ${what}${path ? `.${path}` : ""}: ${message}`,
      { cause },
    );
  };
  /** Send a message, if the call is still open and it may be sent. */
  const say = <T>(write: (writer: Writer) => T): T | undefined => {
    const own = id;
    if (own < 0) return;
    const writer = session.begin();
    let sends = false;
    try {
      const written = write(writer);
      // A getter of the item may have changed anything.
      sends = id === own && written !== false;
      return written;
    } finally {
      if (sends) session.commit(writer);
      else session.abandon?.(writer);
    }
  };

  /** Count an item that was sent. */
  const count = (bytes: number): number => {
    streams.gate!.sent(bytes);
    if (id >= 0) streams.window!.sent(outlet!, bytes);
    return bytes;
  };

  const port: InletPort & OutletPort = {
    get runIn() {
      return streaming.runIn;
    },
    get streams() {
      return streams;
    },
    get turns() {
      return streams.turns;
    },
    after: (delayMs, run) => host.after(delayMs, run),
    decode(bytes, start, end, isRaw) {
      const { reader } = streams;
      const { item } = items!;
      if (isRaw && item.kind === "bytes") return bytes;
      try {
        reader.reset(bytes);
        return readArchive(session.codec, item, reader, start, end);
      } catch (cause) {
        throw fault = failed("ClientDecodeError", cause, "an item");
      }
    },
    get cancelled() {
      return signal?.aborted && failed("Cancelled", signal.reason, "its signal");
    },
    get moreBytes() {
      return host.moreBytes;
    },
    grant: (bytes, more) => say((writer) => writeClientGrant(writer, id, bytes, more)),
    onLeft(reason) {
      streaming.isLeft = !fault;
      giveUp(fault ?? failed("Cancelled", reason, "its reader has left"));
    },
    mustWait: () => streams.gate!.mustWait(outlet!) || streams.window!.mustWait(outlet!),
    send(item) {
      let bytes = 0;
      // A type predicate of a method needs another name for what it narrows.
      const mayBeRaw: typeof isRawItem = uploading!.isRawItem;
      if (id >= 0 && mayBeRaw(input!.item, item, session.limits)) {
        bytes = item.length;
        if (!streams.window!.admits(outlet!, bytes)) return -1;
        if (session.sendRaw?.(id, item)) return count(bytes);
      }
      const isSent = say((writer) => {
        const start = writer.position;
        bytes = writeClientItem(session.codec, writer, id, input!.item, item);
        // What it deflates to may be known only when later items are on their way.
        checkSize(writer.position - start, session.limits);
        return id < 0 || streams.window!.admits(outlet!, bytes);
      });
      return isSent === false ? -1 : count(bytes);
    },
    onEnd(error, what) {
      say((writer) => writeClientEnd(writer, id, !!what));
      if (what) {
        giveUp(
          failed(what === "item" ? "ClientEncodeError" : "Cancelled", error, input!.name),
        );
      }
    },
  };
  const inlet = items && openInlet(port);
  const streaming: StreamingCall = {
    get itemsSent() {
      return outlet?.items ?? 0;
    },
    get itemsReceived() {
      return inlet?.items ?? 0;
    },
    open(extension, by) {
      if (!extension) {
        throw new RpcError(
          "StreamsUnsupported",
          `Cannot call ${name}: it streams, and the server is a Rust one or an older release`,
        );
      }
      giveUp = by;
    },
    begin(madeBy, given, madeIn) {
      session = madeBy;
      id = given;
      host = madeIn;
      streams = (session.streams ??= openStreams(session, host)) as Streams;
      streams.calls.set(id, {
        inlet,
        outlet,
        over() {
          id = -1;
          outlet?.cancel();
          if (!outlet) return;
          streams.gate!.forget(outlet);
          streams.window!.forget(outlet);
        },
      });
      if (!outlet) return;
      const { maxBufferedBytes } = session.limits;
      streams.gate ??= uploading!.openGate(session, maxBufferedBytes, host.after, streams.turns);
      (streams.window ??= uploading!.openSharedWindow()).open(outlet);
      // The request goes before its items.
      void Promise.resolve().then(() => outlet?.resume());
    },
  };
  /** It has settled. */
  const stop = (error?: unknown): void => {
    // Its items may be what was too much, and its handler has run.
    if (error && outlet?.items) Object.assign(error, { retryable: false });
    outlet?.cancel(error);
    inlet?.end(error);
  };

  const upload = (by: Uploading): Promise<unknown> => {
    uploading = by;
    try {
      outlet = by.openOutlet((args as Record<string, unknown>)[input!.name], port);
      outlet.pause();
    } catch (cause) {
      return Promise.reject(failed("ClientEncodeError", cause, input!.name));
    }
    // Only now: the source must be released.
    if (leftBefore) return Promise.reject(leftBefore);
    return call(method, args, own, streaming);
  };

  const answer = !input
    ? call(method, args, own, streaming)
    : uploading
    ? upload(uploading)
    : loadUploading().then(
      upload,
      (cause) => Promise.reject(failed("ClientNotConnected", cause, input.name)),
    );
  answer.then(() => stop(), stop);
  return inlet?.stream ?? answer;
};

let loaded: Promise<Uploading> | undefined;

function loadUploading(): Promise<Uploading> {
  return loaded ??= import("./outlet.ts").then(
    ({ outletsOf, ...rest }) => ({
      ...rest,
      openOutlet: outletsOf({ isThenable, overCredit, turns }),
    }),
    (error) => {
      // The next call may be luckier.
      loaded = undefined;
      throw error;
    },
  );
}
