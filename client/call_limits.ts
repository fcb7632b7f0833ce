/**
 * What bounds the calls of one connection.
 *
 * @module
 */

/** Ids of one connection. Rust: the `u8` of `RPCRequest`. */
export const MAX_CALLS_IN_FLIGHT = 256;

/**
 * Calls that may have been given up and still hold their id. One more, and the connection is closed:
 * new calls would soon find no id. A server that is told of it (`x1`) answers them, so there they may be any.
 */
export const MAX_ABANDONED_CALLS = 128;

/** Calls that may wait for an id. One more fails with `TooManyCallsInFlight`. */
export const MAX_QUEUED_CALLS = 1024;
