/**
 * A workshop: a log to follow, uploads, and slow work.
 *
 * @module
 */
import { bytes, type Infer, rpc, service, stream, string, struct, u32, u64 } from "../../mod.ts";

/** The progress of a count. */
export const Count = struct({ checked: u32, primes: u32 });
/** A value of {@linkcode Count}. */
export type Count = Infer<typeof Count>;

/** The service. */
export const Workshop = service({
  name: "Workshop",
  rpc: {
    /** The last lines of the log, and every line from now on. */
    tail: rpc({ last: u32 }, stream(string)),
    /** Upload a file; answers the number of bytes received so far. */
    upload: rpc({ name: string, parts: stream(bytes) }, stream(u64)),
    /** Count the primes below a number; answers its progress. */
    countPrimes: rpc({ below: u32 }, stream(Count)),
  },
});
