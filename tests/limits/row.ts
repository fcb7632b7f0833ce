/**
 * {@linkcode Row}: one limit, and what happens at it and beyond.
 *
 * @module
 */

/** What came of using so much of something: an output, an error's code, a close code. */
export type Outcome = number | string;

/** One limit. */
export interface Row {
  /** Its value, where it can be set; else the fixed one. */
  readonly limit: number;
  /** What it allows, in the limit's unit. Default: `limit`. Of a time, a millisecond less. */
  readonly within?: number;
  /** What it does not. Default: one more. */
  readonly beyond?: number;
  /** What comes of what is allowed, and of what is not. */
  readonly expected: readonly [within: Outcome, beyond: Outcome];
  /** Use so much with the limit set. */
  run(limit: number, used: number): Promise<Outcome>;
}
