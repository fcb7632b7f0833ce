/**
 * The numbers behind those of {@linkcode Limits} that clients do not have.
 *
 * @module
 */
import type { ServerLimits } from "./limits.ts";

/** What holds besides on servers. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  maxHeldBytes: 16 << 20,
  maxSubscriptions: 1024,
  maxConnections: 10_000,
  maxPlainConnections: 10_000,
  maxAuthorizations: 1_000,
};
