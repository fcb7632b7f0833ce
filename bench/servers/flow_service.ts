/**
 * The service of `streams.ts` and its source, without anything that a page lacks.
 *
 * @module
 */
import { bytes, f64, rpc, service, stream, u32, u64 } from "../../mod.ts";

/** Items of bytes, down and up. */
export const Flow = service({
  name: "Flow",
  rpc: {
    /** A number of items of a number of bytes. */
    down: rpc({ items: u32, itemBytes: u32 }, stream(bytes)),
    /** Read items; answers their number. */
    up: rpc({ parts: stream(bytes) }, u32),
    /** Something else meanwhile. */
    get: rpc({}, u32),
    /** Read items, one in so many microseconds; answers their number. */
    slow: rpc({ itemUs: f64, parts: stream(bytes) }, u32),
    /** Resident memory of the server. */
    memory: rpc({}, u64),
    /** Used bytes of its heap. */
    heap: rpc({}, u64),
  },
});

/** The source. */
export async function* itemsOf(items: number, itemBytes: number): AsyncGenerator<Uint8Array> {
  const item = new Uint8Array(itemBytes).fill(7);
  for (let i = 0; i < items; i++) yield item;
}
