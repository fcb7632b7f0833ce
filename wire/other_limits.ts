/**
 * The numbers behind {@linkcode OtherLimits}, whose units and meaning are there.
 *
 * @module
 */
import type { OtherLimits } from "./limits.ts";

/** What holds where nothing else is said, but in pages, which have no use for it. */
export const DEFAULT_OTHER_LIMITS: OtherLimits = {
  maxHeldBytes: 16 << 20,
  maxTotalHeldBytes: 256 << 20,
  maxSubscriptions: 1024,
  maxWaitingBytes: 16 << 20,
  maxTotalBufferedBytes: 256 << 20,
  maxConnections: 10_000,
  maxStuckConnections: 1_000,
  maxPlainConnections: 10_000,
  maxAuthorizations: 1_000,
  idleTimeoutMs: 60_000,
};
