/**
 * {@linkcode InflateError}.
 *
 * @module
 */

/** Why a stream could not be inflated. */
export type InflateErrorCode = "Truncated" | "Corrupt" | "TrailingBytes" | "TooBig";

/** A stream that is not exactly one raw DEFLATE stream within the limit. */
export class InflateError extends Error {
  /** Which rule was broken. */
  readonly code: InflateErrorCode;
  /** Create with a code and words for a person. */
  constructor(code: InflateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InflateError";
    this.code = code;
  }
}
