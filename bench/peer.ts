/**
 * {@linkcode Peer}: what is measured, seen from the client.
 *
 * @module
 */

/** One open connection of one contender. */
export interface Peer {
  /** One round trip. */
  call(): Promise<unknown>;
  /** Keep `inFlight` round trips under way for some milliseconds; returns how many there were. */
  flood(inFlight: number, durationMs: number): Promise<number>;
  /** Close the connection. */
  close(): Promise<void>;
}

/** Flood by as many loops as there are to be calls in flight, as an application would. */
export async function floodWith(
  call: () => Promise<unknown>,
  inFlight: number,
  durationMs: number,
): Promise<number> {
  let count = 0;
  const end = performance.now() + durationMs;
  const loop = async (): Promise<void> => {
    do {
      await call();
      count++;
    } while (performance.now() < end);
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return count;
}
