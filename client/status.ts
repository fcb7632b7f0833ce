/**
 * {@linkcode ClientStatus}.
 *
 * @module
 */

/** Whether a client can call, and why not. */
export interface ClientStatus {
  /**
   * `connecting` at first, `open` when calls can be made, `reconnecting` when the connection has ended
   * and another is being made, `closed` for good.
   */
  readonly state: "connecting" | "open" | "reconnecting" | "closed";
  /** Why the last connection or attempt ended; absent while all is well and after `close()`. */
  readonly cause?: Error;
}
