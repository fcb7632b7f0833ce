/**
 * The default values of {@linkcode PageLimits}, which documents units and meaning, and fixed limits.
 *
 * It imports nothing, so that a bundler inlines the fixed limits.
 *
 * @module
 */
import type { PageLimits } from "./limits.ts";

/** Ids of one connection. Rust: the `u8` of `RPCRequest`. */
export const MAX_CALLS_IN_FLIGHT = 256;

/**
 * Most abandoned calls that hold their id. One more closes the connection, because new calls would soon find no id.
 * A server with `x1` answers cancelled calls, so there the limit is all ids, for at most `callTimeoutMs`.
 */
export const MAX_ABANDONED_CALLS = 128;

/** Longest delay before the first attempt, in milliseconds; it doubles from there. */
export const FIRST_BACKOFF_MS = 100;

/** Longest delay before any attempt, in milliseconds. */
export const MAX_BACKOFF_MS = 30_000;

/** Milliseconds after which a used connection counts as stable. */
export const SETTLED_MS = 5000;

/** The default limits, also of pages. */
export const DEFAULT_PAGE_LIMITS: PageLimits = {
  maxMessageBytes: 2 << 20,
  maxInflatedBytes: 2 << 20,
  maxDepth: 64,
  maxDecodedBytes: 8 << 20,
  maxTopicBytes: 1024,
  maxBufferedBytes: 16 << 20,
  maxQueuedEvents: 16_384,
  maxQueuedEventBytes: 16 << 20,
  handshakeTimeoutMs: 10_000,
  callTimeoutMs: 30_000,
  closeTimeoutMs: 5_000,
};
