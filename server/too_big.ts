/**
 * {@linkcode tooBig} and {@linkcode stateTooBig}: messages too large for a client; {@linkcode limitError} and
 * {@linkcode WholeMessage}: messages of a client that exceed a limit.
 *
 * @module
 */
import type { StateField } from "../service/types.ts";
import { CloseCode } from "../wire/close.ts";
import { ProtocolError } from "../wire/errors.ts";
import { ANYTHING } from "../wire/handshake.ts";
import { MAX_BATCH_BYTES } from "../wire/batch.ts";
import type { ArchiveListener } from "../wire/receiver.ts";
import type { Excess, SenderOptions } from "../wire/sending.ts";
import type { CloseInfo } from "../wire/transport.ts";

/** Why a message was not sent: the bound it is over, its client's or this server's own. */
export function excessOf(
  { limit, bytes }: Excess,
  { receives = ANYTHING, limits }: SenderOptions,
): string {
  const max = receives[limit];
  const isInflated = limit === "maxInflatedBytes";
  const isOurs = !isInflated && max === 2 * (limits?.maxBufferedBytes ?? Infinity);
  const whose = isOurs ? "twice the server's maxBufferedBytes" : `the client's ${limit}`;
  const how = isInflated ? "before deflating" : "on the wire";
  return `expected at most ${max} bytes ${how}, by ${whose}, got ${bytes}`;
}

/** A message was not sent because it is larger than the client accepts. */
export function tooBig(what: string, excess: Excess, options: SenderOptions): RangeError {
  return new RangeError(`${what} is too big: ${excessOf(excess, options)}`);
}

/** A state change was not sent. Names its largest field, given by start, length and index. */
export function stateTooBig(
  places: readonly number[],
  fields: readonly StateField[],
  excess: Excess,
  options: SenderOptions,
): { readonly field: string; readonly error: RangeError } {
  let largest = 0;
  for (let i = 3; i < places.length; i += 3) {
    if (places[i + 1]! > places[largest + 1]!) largest = i;
  }
  const field = `state.${fields[places[largest + 2]!]![0]}`;
  const bytes = places[largest + 1]!;
  const what = `A change of the state, of which ${field} has ${bytes} bytes,`;
  return { field, error: tooBig(what, excess, options) };
}

/** The error of a transport that ended because of a limit, if it did. */
export function limitError({ code, reason, byUs }: CloseInfo): ProtocolError | undefined {
  const isLimit = code === CloseCode.TooBig || code === CloseCode.SlowConsumer;
  return byUs && isLimit ? new ProtocolError("TooBig", code, reason) : undefined;
}

/** The listener for one message of a peer that may send several in one, if this one is too large for that. */
export class WholeMessage implements ArchiveListener {
  readonly #listener: ArchiveListener;

  /** Create for the listener of the connection. */
  constructor(listener: ArchiveListener) {
    this.#listener = listener;
  }

  onArchive(bytes: Uint8Array, start: number, end: number, isShort: boolean): void {
    this.#listener.onArchive(bytes, start, end, isShort);
  }

  onProtocolError(error: ProtocolError): void {
    const { code, closeCode, message } = error;
    const limit = `: several in one have at most ${MAX_BATCH_BYTES} bytes`;
    this.#listener.onProtocolError(
      code === "BadDeflate"
        ? new ProtocolError(code, closeCode, message + limit, { cause: error.cause })
        : error,
    );
  }
}
