/**
 * What `sigterm_server.ts` serves.
 *
 * @module
 */
import { bytes, rpc, service, u32 } from "../../mod.ts";

/** A service that takes its time. */
export const Slow = service({
  rpc: { slow: rpc({ ms: u32 }, u32), flood: rpc({ count: u32 }) },
  event: bytes,
});
