/**
 * {@linkcode InflateError}.
 *
 * @module
 */

/** Why a stream could not be inflated. */
export type InflateErrorCode = "Truncated" | "Corrupt" | "TrailingBytes" | "TooBig";

/** A stream that is not exactly one raw DEFLATE stream within the limit. */
export class InflateError extends Error {
  /** The violated rule. */
  readonly code: InflateErrorCode;
  /** Create with a code and a message. */
  constructor(code: InflateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InflateError";
    this.code = code;
  }
}

/** The error of a stream that breaks a rule of the format. */
export function corrupt(what: string): InflateError {
  return new InflateError("Corrupt", `Cannot inflate: ${what}`);
}
