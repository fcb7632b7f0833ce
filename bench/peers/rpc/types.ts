/**
 * What is measured: one way to call a function over the network.
 *
 * @module
 */

/** A way to call, as its own documentation sets it up. */
export interface RpcPeer {
  /** Listen on a free port of this process; gives the port. */
  serve(): Promise<number>;
  /** Connect to it. */
  open(port: number): Promise<RpcClient>;
}

/** A connected client. */
export interface RpcClient {
  /** `add({ amount })`, which is answered with `amount + 1`. */
  add(amount: number): Promise<number>;
  /** Keep so many under way; absent where loops that await `add` do it. Gives how many there were. */
  flood?(inFlight: number, durationMs: number): Promise<number>;
  /** Hang up. */
  close(): unknown;
}

/** Where all of them listen. */
export const HOST = "127.0.0.1";
