/**
 * {@linkcode Peer}: a contender, seen from the client.
 *
 * @module
 */

/** One open connection of one contender. */
export interface Peer {
  /** One round trip. */
  call(): Promise<unknown>;
  /** Keep `inFlight` round trips running for some milliseconds; returns their number. */
  flood(inFlight: number, durationMs: number): Promise<number>;
  /** Close the connection. */
  close(): Promise<void>;
}

/** Flood with one loop per call in flight, as an application would. */
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
