/**
 * {@linkcode Sendings}: how is sent to each client.
 *
 * @module
 */
import type { Deflater } from "../wire/deflater.ts";
import { ANYTHING, type Extension, type Receives } from "../wire/handshake.ts";
import type { Limits } from "../wire/limits.ts";
import type { SenderOptions } from "../wire/sender.ts";
import type { SendTally } from "../wire/shared_message.ts";

/** What all clients of a server have in common. */
export interface SendingsOptions {
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** What bounds them. */
  readonly limits: Limits;
  /** The most that is spent on deflating for a client. */
  readonly maxLevel: number;
  /** Counts what all are sent. */
  readonly tally: SendTally;
}

/** Makes the options of senders: most clients are alike, and share theirs. */
export class Sendings {
  readonly #options: SendingsOptions;
  /** Those of the client that came last. */
  #last: SenderOptions | undefined;

  /** Create for one server. */
  constructor(options: SendingsOptions) {
    this.#options = options;
  }

  /** Those for a client that asked for a level, takes so much, and has agreed on an extension. */
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

  /** One message must not fill the queue by itself: its peer would be closed as one that does not read. */
  #bounded(takes: Receives = ANYTHING): Receives {
    const maxMessageBytes = this.#options.limits.maxBufferedBytes * 2;
    return takes.maxMessageBytes <= maxMessageBytes ? takes : { ...takes, maxMessageBytes };
  }
}
