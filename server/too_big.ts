/**
 * {@linkcode tooBig}: what a client would not take.
 *
 * @module
 */

/** Something was not sent, because its client says in `hl-max` that it is too large for it. */
export function tooBig(what: string): RangeError {
  return new RangeError(`${what} is larger than its client takes: see maxMessageBytes`);
}
