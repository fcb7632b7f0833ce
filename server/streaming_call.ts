/**
 * {@linkcode StreamingCall}: a call whose argument or output is a stream of items.
 *
 * @module
 */
import { readUnexplained } from "../codec/archive.ts";
import type { Writer } from "../codec/writer.ts";
import type { MethodInfo } from "../service/types.ts";
import { openInlet } from "../stream/inlet.ts";
import type { ItemTurns } from "../stream/item_turns.ts";
import { openOutlet } from "../stream/open_outlet.ts";
import { isRawItem } from "../stream/raw_item.ts";
import type { Inlet, InletPort, Outlet, OutletPort, RunIn } from "../stream/types.ts";
import { type Timers, timersOf } from "../wire/clock.ts";
import { RpcError } from "../wire/errors.ts";
import { ANYTHING } from "../wire/handshake.ts";
import type { ItemCounts } from "../wire/open_telemetry.ts";
import { writeServerGrant, writeServerItem } from "../wire/server_extension.ts";
import { isShort } from "../wire/short_message.ts";
import type { Sender } from "../wire/sender.ts";
import { type Excess, surelyTakes } from "../wire/sending.ts";
import { MIN_HELD_BYTES } from "./call_guard.ts";
import type { Caller } from "./caller.ts";
import type { ConnectionStreams } from "./connection_streams.ts";
import { explainArchive } from "./dispatcher.ts";
import { type Answers, ServerCall } from "./server_call.ts";
import type { CallTrace } from "./telemetry.ts";
import { excessOf } from "./too_big.ts";

/** A call that streams. It receives its argument's items and sends its output's until it is answered. */
export class StreamingCall extends ServerCall implements InletPort, OutletPort {
  readonly #info: MethodInfo;
  readonly #answers: Answers;
  readonly streams: ConnectionStreams;
  readonly isShared = true;
  readonly after: Timers["after"];
  #inlet: Inlet | undefined;
  #outlet: Outlet | undefined;
  /** Counted bytes of the items that wait for the handler. */
  #heldBytes = 0;
  /** Whether more of the argument arrived than may wait. */
  #isFull = false;
  /** Whether the source of the argument failed. */
  #isBroken = false;
  /** Why its last item was not sent. */
  #excess: Excess | undefined;
  /** Whether it is still unknown if the last item is within the client's limits. */
  #isAsking = false;

  /** Create for a received call, and add its streaming argument to the handler's arguments. */
  constructor(
    answers: Answers,
    caller: Caller,
    id: number,
    info: MethodInfo,
    trace: CallTrace | undefined,
    args: Record<string, unknown>,
  ) {
    super(caller, id, info.call.tag, trace);
    if (trace !== undefined) trace.items = () => this.#items;
    this.after = timersOf(caller.host.clock).after;
    this.#answers = answers;
    this.#info = info;
    // A call in flight has its connection's open calls.
    const calls = caller.calls!;
    this.streams = calls.addStream(caller.sender, caller.host);
    calls.listen(this);
    const { input } = info;
    if (input === undefined) return;
    this.#inlet = openInlet(this);
    args[input.name] = this.#inlet.stream;
  }

  override stream(output: unknown): boolean {
    const { items } = this.#info;
    if (items === undefined) return false;
    this.#outlet = openOutlet(output, this);
    // The call was cancelled before there was a source to cancel.
    if (this.reason !== undefined) this.#outlet.cancel(this.reason);
    return true;
  }

  /** An item of the argument arrived. */
  push(bytes: Uint8Array, start: number, end: number, isRaw: boolean): void {
    const inlet = this.#inlet;
    if (inlet === undefined || this.#isFull) return;
    // Count before keeping: uncounted items could be of any number and size.
    if (!this.#count(end - start)) {
      this.#isFull = true;
      this.caller.host.counters.callsLimited++;
      return inlet.end(
        new RpcError("TooManyCallsInFlight", `Cannot take more of ${this.#input}: queue is full`),
      );
    }
    try {
      inlet.push(bytes, start, end, isRaw);
      this.caller.host.counters.itemsReceived++;
    } finally {
      this.#count();
    }
  }

  /** The argument has ended, or its source failed. */
  endInput(failed: boolean): void {
    if (!failed) return this.#inlet?.end();
    const { name } = this.#info;
    this.#isBroken = true;
    this.#inlet?.end(
      new RpcError(
        "ClientEncodeError",
        `Cannot go on with ${name}: the source of ${this.#input} failed`,
      ),
    );
  }

  /** The client grants more credit for the output. */
  grantOutput(bytes: number, more: number): void {
    this.#outlet?.grant(bytes, more);
    this.streams.gate.goOn();
  }

  get runIn(): RunIn | undefined {
    return this.trace?.runIn;
  }

  get #items(): ItemCounts {
    return { itemsSent: this.#outlet?.items ?? 0, itemsReceived: this.#inlet?.items ?? 0 };
  }

  get #input(): string {
    return `${this.#info.name}.${this.#info.input?.name}`;
  }

  protected override onCancelled(reason: unknown): void {
    this.#inlet?.end(reason);
    this.#count();
    this.#outlet?.cancel(reason);
  }

  override end(): void {
    super.end();
    this.#inlet?.end(new RpcError("Cancelled", `${this.#info.name} has been answered`));
    this.streams.gate.forget(this);
    this.caller.calls?.deleteStream(this.streams);
  }

  /** Count the bytes that wait for the handler, plus `coming` bytes. Returns false if over the limit. */
  #count(coming = 0): boolean {
    // Its held bytes were released with its call.
    if (this.isOver) return true;
    const more = (this.#inlet?.bufferedBytes ?? 0) + coming - this.#heldBytes;
    if (Math.abs(more) < MIN_HELD_BYTES) return true;
    const guard = this.caller.guarded();
    if (more < 0) guard.letGo(this.id, -more);
    else if (!guard.hold(this.id, more)) return false;
    this.#heldBytes += more;
    return true;
  }

  // As the port of its argument.

  get turns(): ItemTurns {
    return this.streams.turns;
  }

  get cancelled(): unknown {
    // The client cancels it also after its source has failed: what came before is for the handler. So is what came of
    // a client that is gone.
    return this.#isBroken || this.caller.closing ? undefined : this.reason;
  }

  decode(bytes: Uint8Array, start: number, end: number, isRaw: boolean): unknown {
    this.#count();
    const { reader, codec, loop } = this.caller.host;
    const { item } = this.#info.input!;
    if (isRaw && item.kind === "bytes") return bytes;
    reader.reset(bytes);
    try {
      return readUnexplained(codec, item, reader, start, end);
    } catch (error) {
      const cause = explainArchive(codec, item, reader, start, end, error);
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new RpcError("ServerDecodeError", `Cannot take an item of ${this.#input}: ${why}`, {
        cause,
      });
    } finally {
      if (end - start + reader.spent >= MIN_HELD_BYTES) loop?.onDecoded(reader.spent);
    }
  }

  get moreBytes(): number | undefined {
    return this.caller.host.loop?.moreBytes;
  }

  grant(bytes: number, more: number): void {
    const { sender, mute } = this.caller;
    if (mute) return;
    const writer = this.streams.begin();
    writeServerGrant(writer, this.id, bytes, more);
    sender.commit(writer);
    this.streams.sent();
  }

  onLeft(): void {
    // The client learns it when its credit is used up, or from the answer.
    this.#count();
  }

  // As the port of its output.

  mustWait(): boolean {
    return this.streams.gate.mustWait(this);
  }

  send(item: unknown): number {
    const { caller, id } = this;
    // A generator's state changes reach the client before its next item.
    caller.flush();
    if (caller.closing) return 0;
    const { sender } = caller;
    const schema = this.#info.items!.item;
    if (isRawItem(schema, item, sender.options.receives ?? ANYTHING)) {
      const { length } = item;
      if (!caller.admits(length)) return length;
      this.streams.look();
      if (sender.sendRaw(id, item)) return this.#onSent(length);
    }
    const writer = this.streams.begin();
    let bytes: number;
    try {
      bytes = writeServerItem(caller.host.codec, writer, id, schema, item, true);
    } catch (error) {
      sender.abandon(writer);
      throw error;
    }
    if (!caller.admits(writer.position)) {
      sender.abandon(writer);
      return bytes;
    }
    const isTaken = isShort(writer) || surelyTakes(sender.options, writer.position);
    if (isTaken) sender.commit(writer);
    else this.#commitIfTaken(sender, writer);
    return this.#onSent(bytes);
  }

  /** Count an item of so many bytes that was sent. */
  #onSent(bytes: number): number {
    this.streams.sent();
    this.caller.host.counters.itemsSent++;
    this.caller.onSent();
    this.streams.gate.sent(bytes);
    return bytes;
  }

  /** Send an item that may be too large, known once it is deflated. Until then later items and the end wait. */
  #commitIfTaken(sender: Sender, writer: Writer): void {
    this.#isAsking = true;
    sender.commit(writer, (taken, excess) => {
      this.#isAsking = false;
      if (taken) this.#outlet?.resume();
      else if (excess !== undefined) this.#onTooBig(excess);
    });
    if (this.#isAsking) this.#outlet?.pause();
  }

  /** It need not wait longer. */
  resume(): void {
    if (!this.#isAsking) this.#outlet?.resume();
  }

  /** The item is over the client's limits and was not sent, so the call cannot go on. */
  #onTooBig(excess: Excess): void {
    if (this.isOver || this.reason !== undefined) return;
    this.#excess = excess;
    const why = excessOf(excess, this.caller.sender.options);
    this.cancel(new RpcError("ServerEncodeError", `An item is too big: ${why}`));
  }

  onEnd(error: unknown, failed: "source" | "item" | undefined): void {
    const { mute } = this.caller;
    if (failed === undefined) this.#answers.onOutput(this, undefined, mute);
    else if (failed === "source") this.#answers.onThrown(this, error, mute);
    else this.#answers.onUnsent(this, error);
  }

  onStopped(error: unknown): void {
    // If the connection's end stopped the stream, there is no client to answer.
    const { closing } = this.caller;
    if (this.#excess !== undefined) this.#answers.onUnsent(this, error, this.#excess);
    else if (error === undefined || this.isReason(error)) {
      // A source that throws what its signal told it has stopped, as asked.
      this.#answers.onOutput(this, undefined, closing);
    } else this.#answers.onThrown(this, error, closing);
  }
}
