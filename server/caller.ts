/**
 * {@linkcode Caller}: a connection, as its calls know it.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import type { ProtocolError } from "../wire/errors.ts";
import type { Sender } from "../wire/sender.ts";
import type { Excess } from "../wire/sending.ts";
import type { CallGuard } from "./call_guard.ts";
import type { ErrorContext } from "./error_reports.ts";
import type { OpenCalls } from "./open_calls.ts";
import type { CallsHost } from "./server_parts.ts";

/** A connection, as its calls know it: they read it and ask it, and nothing but itself changes its fields. */
export interface Caller {
  /** Its number on this server. */
  readonly id: number;
  /** What all connections of its server share. */
  readonly host: CallsHost;
  /** Sends its messages. */
  readonly sender: Sender;
  /** Its handlers. */
  readonly target: unknown;
  /** Its calls in flight, if there are any. */
  readonly calls: OpenCalls | undefined;
  /** The bounds of its calls, if one needed any. */
  readonly guard: CallGuard | undefined;
  /** Whether it is ending: later results are dropped. */
  readonly closing: boolean;
  /** Whether all answers are dropped, also those of handlers that settled before the end began. */
  readonly mute: boolean;
  /** The reason with which calls of its client have failed, because it has ended; absent before. */
  readonly lost: unknown;
  /** Take the id of a call. Returns false if it is in use. */
  take(id: number): boolean;
  /** A call is over: release its id. */
  free(id: number): void;
  /** The bounds of its calls. */
  guarded(): CallGuard;
  /** A call's handler has settled: release its arguments, even after the end. */
  letGo(id: number): void;
  /** Send state changes. Throws `CodecError` afterwards if a field does not encode. */
  flush(): void;
  /** Whether so many bytes may be sent. If not, the connection is ending. */
  admits(bytes: number): boolean;
  /**
   * Send the archive in a writer, if so many bytes may be sent; returns whether. `onExcess` is told if it is not sent
   * because the peer does not accept it, and returns whether what waits behind it may not be sent either.
   */
  send(writer: Writer, onExcess: (excess: Excess) => boolean | void): boolean;
  /** A message other than an answer was sent. */
  onSent(): void;
  /** An answer was sent, and its call is over. */
  onAnswered(): void;
  /** Its client broke the protocol. */
  onProtocolError(error: ProtocolError): void;
  /** Where an error belongs. */
  at(where: string, method?: string): ErrorContext;
}
