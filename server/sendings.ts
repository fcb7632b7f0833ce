/**
 * {@linkcode Sendings}: the sender options of each client.
 *
 * @module
 */
import type { Deflater } from "../wire/deflater.ts";
import { ANYTHING, type Extension, type Receives } from "../wire/handshake.ts";
import type { Limits } from "../wire/limits.ts";
import type { SenderOptions } from "../wire/sender.ts";
import type { SendTally } from "../wire/shared_message.ts";

/** Shared by all clients of a server. */
export interface SendingsOptions {
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** The limits. */
  readonly limits: Limits;
  /** The highest compression level for any client. */
  readonly maxLevel: number;
  /** Counts the bytes sent to all. */
  readonly tally: SendTally;
}

/** Creates sender options. Most clients share the same ones. */
export class Sendings {
  readonly #options: SendingsOptions;
  /** Cached `SenderOptions`, reused when equal. */
  #last: SenderOptions | undefined;

  /** Create for one server. */
  constructor(options: SendingsOptions) {
    this.#options = options;
  }

  /** The options for a client's level, largest message and extension. */
  at(asked: number, takes: Receives | undefined, extension: Extension): SenderOptions {
    const { deflater, limits, maxLevel, tally } = this.#options;
    const level = Math.min(asked, maxLevel);
    const last = this.#last;
    const receives = this.#bounded(takes);
    const isSame = last?.level === level && last.extension === extension &&
      last.receives?.maxMessageBytes === receives.maxMessageBytes &&
      last.receives.maxInflatedBytes === receives.maxInflatedBytes;
    return isSame ? last : this.#last = { deflater, level, receives, extension, limits, tally };
  }

  /** One message must not fill the queue: its peer would be closed as one that doesn't read. */
  #bounded(takes: Receives = ANYTHING): Receives {
    const maxMessageBytes = this.#options.limits.maxBufferedBytes * 2;
    return takes.maxMessageBytes <= maxMessageBytes ? takes : { ...takes, maxMessageBytes };
  }
}
