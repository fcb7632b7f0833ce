/**
 * {@linkcode protocolError}: errors for protocol violations.
 *
 * @module
 */
import { CodecError } from "../codec/errors.ts";
import type { InflateError } from "../deflate/inflate.ts";
import { PROTOCOL_BROKEN, TOO_BIG } from "./close.ts";
import type { Receives } from "./handshake.ts";
import { ProtocolError, type ProtocolErrorCode } from "./errors.ts";

/**
 * The peer sent an invalid message. The text says where and why, if the cause does. It is also sent to the peer,
 * so it excludes errors of the program's own conversions, which are a `BadValue`.
 */
export function protocolError(
  code: ProtocolErrorCode,
  what: string,
  cause?: unknown,
  advice = "",
): ProtocolError {
  if (cause instanceof ProtocolError) return cause;
  const why = cause instanceof CodecError && cause.code !== "BadValue"
    ? cause.message.replace(/^Cannot decode:? /, "")
    : code;
  const closeCode = code === "TooBig" ? TOO_BIG : PROTOCOL_BROKEN;
  return new ProtocolError(code, closeCode, `Cannot take ${what}: ${why}${advice}`, { cause });
}

/** A message has more bytes than a limit allows. */
export function tooBig(limit: string, bytes: number, cause?: unknown): ProtocolError {
  return protocolError("TooBig", `a message over ${limit}, ${bytes} bytes`, cause);
}

/** Check the size of a message of ours before it is framed, as if it did not deflate: as stored blocks. */
export function checkSize(bytes: number, limits: Receives): void {
  const check = (limit: keyof Receives, bytes: number): void => {
    if (bytes > limits[limit]) throw new RangeError(`a message of ${bytes} bytes is over ${limit}`);
  };
  check("maxInflatedBytes", bytes);
  check("maxMessageBytes", bytes + 5 * Math.ceil(bytes / 65_535));
}

/** A message is not a valid DEFLATE stream, or is too long. */
export function badDeflate(
  code: InflateError["code"],
  maxInflatedBytes: number,
  cause?: unknown,
): ProtocolError {
  return code === "TooBig"
    ? tooBig("maxInflatedBytes", maxInflatedBytes, cause)
    : protocolError("BadDeflate", `a message, ${code}`, cause);
}

/** A peer sent more of a stream than it was granted, or granted more than there can be. */
export function overCredit(what: string): ProtocolError {
  return protocolError("BadCredit", what);
}
