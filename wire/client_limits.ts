/**
 * The numbers behind {@linkcode ClientLimits}, whose units and meaning are there.
 *
 * @module
 */
import type { ClientLimits } from "./limits.ts";

/** What holds on clients where nothing else is said. */
export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  maxMessageBytes: 2 << 20,
  maxInflatedBytes: 2 << 20,
  maxDepth: 64,
  maxDecodedBytes: 8 << 20,
  maxTopicBytes: 1024,
  maxWaitingBytes: 16 << 20,
  maxBufferedBytes: 16 << 20,
  maxQueuedEvents: 16_384,
  maxQueuedEventBytes: 16 << 20,
  handshakeTimeoutMs: 10_000,
  callTimeoutMs: 30_000,
  closeTimeoutMs: 5_000,
  idleTimeoutMs: 60_000,
};
