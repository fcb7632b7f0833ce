/**
 * A workshop: a log to follow, a place for uploads, and work that takes long.
 *
 * @module
 */
import { bytes, type Infer, rpc, service, stream, string, struct, u32, u64 } from "../../mod.ts";

/** How far a count has come. */
export const Count = struct({ checked: u32, primes: u32 });
/** A value of {@linkcode Count}. */
export type Count = Infer<typeof Count>;

/** The service. */
export const Workshop = service({
  name: "Workshop",
  rpc: {
    /** The last lines of the log, and every line from now on. */
    tail: rpc({ last: u32 }, stream(string)),
    /** Take a file; answers how many bytes have come so far. */
    upload: rpc({ name: string, parts: stream(bytes) }, stream(u64)),
    /** Count the primes below a number; answers how far it is. */
    countPrimes: rpc({ below: u32 }, stream(Count)),
  },
});
