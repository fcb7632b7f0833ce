/**
 * {@linkcode protocolError}: what a peer has done wrong, in words.
 *
 * @module
 */
import { CodecError } from "../codec/errors.ts";
import type { InflateError } from "../deflate/inflate.ts";
import { PROTOCOL_BROKEN, TOO_BIG } from "./close.ts";
import { ProtocolError, type ProtocolErrorCode } from "./errors.ts";

/**
 * A peer sent what this side cannot take. The text says where in it and why, if the cause does. It goes to
 * the peer as well: so not what a conversion of the program's threw, which is a `BadValue`.
 */
export function protocolError(
  code: ProtocolErrorCode,
  what: string,
  cause?: unknown,
  advice = "",
): ProtocolError {
  const why = cause instanceof CodecError && cause.code !== "BadValue"
    ? cause.message.replace(/^Cannot decode (?:the archive: )?/, "")
    : code;
  const closeCode = code === "TooBig" ? TOO_BIG : PROTOCOL_BROKEN;
  return new ProtocolError(code, closeCode, `Cannot take ${what}: ${why}${advice}`, { cause });
}

/** A message has more bytes than a limit allows. */
export function tooBig(limit: string, bytes: number, cause?: unknown): ProtocolError {
  return protocolError("TooBig", `a message over ${limit}, ${bytes} bytes`, cause);
}

/** A message is no DEFLATE stream, or too long a one. */
export function badDeflate(
  code: InflateError["code"],
  maxInflatedBytes: number,
  cause?: unknown,
): ProtocolError {
  return code === "TooBig"
    ? tooBig("maxInflatedBytes", maxInflatedBytes, cause)
    : protocolError("BadDeflate", `a message, ${code}`, cause);
}

/** What went wrong with a message, as a {@linkcode ProtocolError} that keeps the cause. */
export function toProtocolError(cause: unknown): ProtocolError {
  return cause instanceof ProtocolError ? cause : protocolError("BadMessage", "a message", cause);
}
