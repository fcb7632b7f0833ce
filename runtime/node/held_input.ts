/**
 * {@linkcode HeldInput}: input that a socket received while others had their turn.
 *
 * @module
 */
import type { CloseInfo } from "../../wire/transport.ts";
import { type Waiter, waitForTurn } from "../turn.ts";

/** The reader of held input. */
export interface InputOwner extends Pick<Waiter, "isLight"> {
  /** Read bytes. Returns how many: fewer when the turn is over. Never throws. */
  readInput(bytes: Uint8Array): number;
  /** Whether messages already read are still pending: they come before further bytes. */
  readonly hasUnheard: boolean;
  /** Everything is read. `end` tells how the socket ended meanwhile, if it did. */
  onInputRead(end: CloseInfo | undefined): void;
}

/**
 * The rest of a read, and what the system had read before the socket was paused: about 64 KiB. The socket's
 * end is reported after them.
 */
export class HeldInput implements Waiter {
  readonly #owner: InputOwner;
  readonly #chunks: Uint8Array[] = [];
  #end: CloseInfo | undefined;

  /** Create, and wait for a turn. */
  constructor(owner: InputOwner) {
    this.#owner = owner;
    waitForTurn(this);
  }

  get isLight(): boolean {
    return this.#owner.isLight;
  }

  /** Keep a copy of received bytes. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(new Uint8Array(chunk));
  }

  /** The socket has ended. */
  finish(end: CloseInfo): void {
    this.#end ??= end;
  }

  /** Drop the input: it will not be read. */
  drop(): void {
    this.#chunks.length = 0;
  }

  goOn(): boolean {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return false;
    const read = this.#owner.readInput(chunk);
    if (read < chunk.length || this.#owner.hasUnheard) this.#chunks.unshift(chunk.subarray(read));
    if (this.#chunks.length > 0) return true;
    this.#owner.onInputRead(this.#end);
    return false;
  }
}
