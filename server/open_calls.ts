/**
 * {@linkcode OpenCalls}: the calls in flight of one connection.
 *
 * @module
 */
import { RpcError } from "../wire/errors.ts";
import { MAX_CALLS_IN_FLIGHT } from "../wire/page_limits.ts";
import type { Sender } from "../wire/sender.ts";
import { ConnectionStreams, type StreamsHost } from "./connection_streams.ts";

/** State of an id: a call is in flight. */
const TAKEN = 1;
/** State of an id: a cancelled call is still in flight. */
const CANCELLED = 2;

/** Those of connections without calls in flight: most connections are idle. */
const spare: OpenCalls[] = [];
const MAX_SPARE = 64;

/** A call that must be notified. */
export interface ListeningCall {
  /** Its id. */
  readonly id: number;
  /** It is cancelled; by default because its peer has. */
  cancel(reason?: unknown): void;
}

/** The calls in flight of one connection, which has this only while there are any. */
export class OpenCalls {
  readonly #ids = new Uint8Array(MAX_CALLS_IN_FLIGHT);
  /** The calls that must be notified, of a cancel for example. */
  #listening: Map<number, ListeningCall> | undefined;
  #streams: ConnectionStreams | undefined;
  #size = 0;

  /** Without calls, for a connection's first. */
  static unused(): OpenCalls {
    return spare.pop() ?? new OpenCalls();
  }

  /** Calls in flight. */
  get size(): number {
    return this.#size;
  }

  /** Streaming calls among them. */
  get openStreams(): number {
    return this.#streams?.open ?? 0;
  }

  /** Take an id. Returns false if it is in use. */
  take(id: number): boolean {
    if (this.#ids[id] !== 0) return false;
    this.#ids[id] = TAKEN;
    this.#size++;
    return true;
  }

  /** A call is over: release its id. After the last, which returns true, this is for another connection. */
  free(id: number): boolean {
    this.#ids[id] = 0;
    if (--this.#size > 0) return false;
    if (spare.length < MAX_SPARE) spare.push(this);
    return true;
  }

  /** Whether some call must be notified of the connection's end. */
  get areHeard(): boolean {
    return this.#listening !== undefined;
  }

  /** The call of an id, if it must be notified. */
  get(id: number): ListeningCall | undefined {
    return this.#listening?.get(id);
  }

  /** Notify a call until it is over. */
  listen(call: ListeningCall): void {
    (this.#listening ??= new Map()).set(call.id, call);
  }

  /** Stop notifying a call. */
  unlisten(call: ListeningCall): void {
    const listening = this.#listening;
    if (listening?.get(call.id) !== call) return;
    listening.delete(call.id);
    if (listening.size === 0) this.#listening = undefined;
  }

  /** A streaming call begins. Returns what all of them share. */
  addStream(sender: Sender, host: StreamsHost): ConnectionStreams {
    const streams = this.#streams ??= new ConnectionStreams(sender, host);
    streams.open++;
    return streams;
  }

  /** A streaming call is over. */
  deleteStream(streams: ConnectionStreams): void {
    if (--streams.open === 0 && this.#streams === streams) this.#streams = undefined;
  }

  /** The peer has cancelled a call. Returns whether it was in flight and not yet cancelled. */
  cancel(id: number): boolean {
    if (this.#ids[id] !== TAKEN) return false;
    this.#ids[id] = CANCELLED;
    this.get(id)?.cancel();
    return true;
  }

  /** Whether a call in flight was cancelled. */
  isCancelled(id: number): boolean {
    return this.#ids[id] === CANCELLED;
  }

  /** The connection has ended, for this reason. */
  end(reason: unknown): void {
    for (const call of this.#listening?.values() ?? []) call.cancel(reason);
    this.#streams?.gate.stop();
  }
}

/** The reason with which calls are cancelled when their connection has ended. */
export function connectionLost(): RpcError {
  return new RpcError("ConnectionLost", "The connection has ended");
}
