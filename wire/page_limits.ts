/**
 * The numbers behind {@linkcode PageLimits}, whose units and meaning are there.
 *
 * @module
 */
import type { PageLimits } from "./limits.ts";

/** What holds where nothing else is said, in pages as well. */
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
