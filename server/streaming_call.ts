/**
 * {@linkcode StreamingCall}: a call whose argument or output is a stream of items.
 *
 * @module
 */
import { type Codec, readArchive, readUnexplained } from "../codec/archive.ts";
import type { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import type { MethodInfo } from "../service/types.ts";
import type { Inlet, InletPort, Outlet, OutletPort } from "../stream/types.ts";
import { type Clock, type Timers, timersOf } from "../wire/clock.ts";
import { RpcError } from "../wire/errors.ts";
import type { Limits } from "../wire/limits.ts";
import { writeServerGrant, writeServerItem } from "../wire/messages.ts";
import { shortenAnswer } from "../wire/short_message.ts";
import { type Sender, surelyTakes } from "../wire/sender.ts";
import { type CallGuards, MIN_HELD_BYTES } from "./call_guard.ts";
import { type Caller, listen } from "./caller.ts";
import { ConnectionStreams, type Pausable } from "./connection_streams.ts";
import type { EventLoop } from "./connections.ts";
import { ServerCall } from "./server_call.ts";
import type { ServerCounters } from "./stats.ts";
import type { CallTrace, ItemCounts } from "./telemetry.ts";

/** What all streams of a server share. */
export interface StreamsHost {
  /** How items are archived. */
  readonly codec: Codec;
  /** Reads items. */
  readonly reader: Reader;
  /** The clock. */
  readonly clock: Clock;
  /** `maxBufferedBytes`. */
  readonly limits: Pick<Limits, "maxBufferedBytes">;
  /** The statistics. */
  readonly counters: ServerCounters;
  /** What waits for handlers counts as held. */
  readonly guards: CallGuards;
  /** The event loop, notified of calls that take time to decode. */
  readonly loop: Pick<EventLoop, "onDecoded"> | undefined;
  /** The source of a call's output has ended: the call is over. */
  onOutput(call: ServerCall, output: undefined, isForNobody: boolean): void;
  /** It failed. */
  onThrown(call: ServerCall, error: unknown, isForNobody: boolean): void;
  /** It gave what is no item; or, without an error, one that is larger than the client takes. */
  onUnsent(call: ServerCall, error?: unknown): void;
}

/** A call that streams. Its argument's items come and its output's go until it is answered. */
export class StreamingCall extends ServerCall implements InletPort, OutletPort, Pausable {
  readonly #host: StreamsHost;
  readonly #info: MethodInfo;
  readonly #streams: ConnectionStreams;
  readonly after: Timers["after"];
  #inlet: Inlet | undefined;
  #outlet: Outlet | undefined;
  /** Bytes of items that wait for the handler, as they are counted. */
  #heldBytes = 0;
  /** Whether more came of the argument than may wait. */
  #isFull = false;
  #isTooBig = false;
  /** Whether it is not known whether the client takes the last item. */
  #isAsking = false;

  /** Create for a received call. */
  constructor(
    host: StreamsHost,
    caller: Caller,
    id: number,
    info: MethodInfo,
    trace: CallTrace | undefined,
  ) {
    super(
      caller,
      id,
      info.index,
      // Whoever ends it need not know that it streams.
      trace && { ...trace, end: (code) => trace.end(code, this.#items) },
    );
    this.#host = host;
    this.after = timersOf(host.clock).after;
    this.#info = info;
    this.#streams = caller.streams ??= new ConnectionStreams(
      caller.sender,
      host.clock,
      host.limits,
    );
    this.#streams.open++;
    listen(caller, this);
  }

  /** Give the handler its argument that is a stream. */
  admit(args: Record<string, unknown>): void {
    const { input } = this.#info;
    if (input === undefined) return;
    this.#inlet = input.inlet(this);
    args[input.name] = this.#inlet.stream;
  }

  /**
   * Begin to stream what the handler returned, if that is to be streamed: then the call goes on.
   *
   * @throws {TypeError} If it is to be, and cannot be.
   */
  stream(output: unknown): boolean {
    const { items } = this.#info;
    if (items === undefined) return false;
    this.#outlet = items.outlet(this.trace?.bind(output) ?? output, this);
    // It was cancelled before it was known what to cancel.
    if (this.reason !== undefined) this.#outlet.cancel(this.reason);
    return true;
  }

  /** An item of the argument came. */
  push(bytes: Uint8Array, start: number, end: number): void {
    const inlet = this.#inlet;
    if (inlet === undefined || this.#isFull) return;
    // Before it is kept: what is not counted could be any number of items as large as they may be.
    if (!this.#count(end - start)) {
      this.#isFull = true;
      this.#host.counters.callsLimited++;
      return inlet.end(
        new RpcError("TooManyCallsInFlight", `Cannot take more of ${this.#input}: too much waits`),
      );
    }
    inlet.push(bytes, start, end);
    this.#host.counters.itemsReceived++;
    this.#count();
  }

  /** The argument has ended, or its source failed. */
  endInput(failed: boolean): void {
    if (!failed) return this.#inlet?.end();
    const { name } = this.#info;
    this.#inlet?.end(
      new RpcError(
        "ClientEncodeError",
        `Cannot go on with ${name}: the source of ${this.#input} failed`,
      ),
    );
  }

  /** The client has room for more of the output. */
  grantOutput(bytes: number): void {
    this.#outlet?.grant(bytes);
    this.#streams.resume();
  }

  get #items(): ItemCounts {
    return {
      itemsSent: this.#outlet?.items ?? 0,
      itemsReceived: this.#inlet?.items ?? 0,
    };
  }

  get #input(): string {
    return `${this.#info.name}.${this.#info.input?.name}`;
  }

  protected override onCancelled(reason: unknown): void {
    this.#inlet?.end(reason);
    this.#outlet?.cancel(reason);
  }

  override end(): void {
    super.end();
    this.#inlet?.end(new RpcError("Cancelled", `${this.#info.name} has been answered`));
    const streams = this.#streams;
    streams.forget(this);
    if (--streams.open === 0 && this.caller.streams === streams) this.caller.streams = undefined;
  }

  /** Count what waits for the handler, and `coming` bytes. Returns false if that is too much. */
  #count(coming = 0): boolean {
    // What it held is let go of with its call.
    if (this.isOver) return true;
    const more = (this.#inlet?.bufferedBytes ?? 0) + coming - this.#heldBytes;
    if (Math.abs(more) < MIN_HELD_BYTES) return true;
    const guard = this.#host.guards.of(this.caller);
    if (more < 0) guard.letGo(this.id, -more);
    else if (!guard.hold(this.id, more)) return false;
    this.#heldBytes += more;
    return true;
  }

  // As the port of its argument.

  decode(bytes: Uint8Array, start: number, end: number): unknown {
    this.#count();
    const { reader, codec, loop } = this.#host;
    const { item } = this.#info.input!;
    reader.reset(bytes);
    try {
      return readUnexplained(codec, item, reader, start, end);
    } catch (cause) {
      throw this.#undecoded(item, start, end, cause);
    } finally {
      if (end - start + reader.spent >= MIN_HELD_BYTES) loop?.onDecoded(reader.spent);
    }
  }

  #undecoded(item: Schema<unknown>, start: number, end: number, error: unknown): RpcError {
    let cause = error;
    try {
      readArchive(this.#host.codec, item, this.#host.reader, start, end);
    } catch (explained) {
      cause = explained;
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    return new RpcError("ServerDecodeError", `Cannot take an item of ${this.#input}: ${why}`, {
      cause,
    });
  }

  grant(bytes: number): void {
    const { sender, mute } = this.caller;
    if (mute) return;
    const writer = sender.begin();
    writeServerGrant(writer, this.id, bytes);
    sender.commit(writer);
  }

  onLeft(): void {
    // Its client finds out when it has no room left, or by the answer.
    this.#count();
  }

  // As the port of its output.

  send(item: unknown): number {
    const { caller, id } = this;
    // What a generator changes in the state reaches the client before its next item does.
    caller.flush();
    if (caller.closing) return 0;
    const { sender } = caller;
    const writer = sender.begin();
    let bytes: number;
    try {
      bytes = writeServerItem(this.#host.codec, writer, id, this.#info.items!.item, item);
    } catch (error) {
      sender.abandon(writer);
      throw error;
    }
    if (!caller.admits(writer.position)) {
      sender.abandon(writer);
      return bytes;
    }
    shortenAnswer(writer);
    if (surelyTakes(sender.options, writer.position)) sender.commit(writer);
    else this.#commitIfTaken(sender, writer);
    this.#host.counters.itemsSent++;
    caller.onSent();
    if (!this.isOver) this.#streams.onSent(this);
    return bytes;
  }

  /** Send what may be too large, which is known when it is deflated. Until then nothing goes after it, nor an end. */
  #commitIfTaken(sender: Sender, writer: Writer): void {
    this.#isAsking = true;
    sender.commit(writer, (taken) => {
      this.#isAsking = false;
      if (taken) this.#outlet?.resume();
      else this.#onTooBig();
    });
    if (this.#isAsking) this.#outlet?.pause();
  }

  // As what waits while much is to be sent.

  pause(): void {
    this.#outlet?.pause();
  }

  resume(): void {
    if (!this.#isAsking) this.#outlet?.resume();
  }

  /** What the client does not take was not sent: so the call cannot go on. */
  #onTooBig(): void {
    if (this.isOver || this.reason !== undefined) return;
    this.#isTooBig = true;
    this.cancel(new RpcError("ServerEncodeError", "An item is larger than the client takes"));
  }

  onEnd(error: unknown, failed: "source" | "item" | undefined): void {
    const { mute } = this.caller;
    if (failed === undefined) this.#host.onOutput(this, undefined, mute);
    else if (failed === "source") this.#host.onThrown(this, error, mute);
    else this.#host.onUnsent(this, error);
  }

  onStopped(error: unknown): void {
    // An end that its connection's made is none to tell the client as its own.
    const { closing } = this.caller;
    if (this.#isTooBig) this.#host.onUnsent(this);
    else if (error === undefined) this.#host.onOutput(this, undefined, closing);
    else this.#host.onThrown(this, error, closing);
  }
}
