/**
 * {@linkcode SharedMessage}: one message for many connections, and the framing of any message.
 *
 * @module
 */
import { Writer } from "../codec/writer.ts";
import {
  MAX_STORED_BYTES,
  STORED_HEADER_BYTES,
  storedSize,
  storeInPlace,
  writeStoredHeader,
} from "../deflate/stored.ts";
import { isPlainNoise, sample } from "../deflate/compressible.ts";
import {
  CODES_ONLY,
  type DeflateOwner,
  type Deflater,
  IF_COMPRESSIBLE,
  MIN_CODES_BYTES,
  MIN_DEFLATED_BYTES,
  UNLESS_NOISE,
} from "./deflater.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { beginRoom, isShort } from "./short_message.ts";
import type { Shared } from "./transport.ts";

const MAX_KEPT_WRITER_BYTES = 5 << 18;
const MAX_KEPT_WRITERS = 8;

/** Views of fewer bytes than this are kept. */
const MAX_KEPT_VIEW_BYTES = 128;

/** A writer that keeps views on its first bytes, by where they end: one costs more than a small message. */
class MessageWriter extends Writer {
  #views: Uint8Array<ArrayBuffer>[] = [];
  #shortViews: Uint8Array<ArrayBuffer>[] = [];
  #viewed: Uint8Array = this.bytes;

  override written(): Uint8Array<ArrayBuffer> {
    if (this.#viewed !== this.bytes) {
      this.#viewed = this.bytes;
      this.#views = [];
      this.#shortViews = [];
    }
    const { position } = this;
    if (isShort(this)) {
      return this.#shortViews[position] ??= this.bytes.subarray(1, position);
    }
    return position < MAX_KEPT_VIEW_BYTES
      ? this.#views[position] ??= super.written()
      : super.written();
  }
}

const writers: Writer[] = [];

/** Take a writer positioned for an archive, behind room for a stored block's header. */
export function takeWriter(maxDepth: number = DEFAULT_LIMITS.maxDepth): Writer {
  const writer = writers.pop() ?? new MessageWriter(1024);
  writer.maxDepth = maxDepth;
  beginRoom(writer);
  return writer;
}

/** Return a writer. One that is not returned becomes garbage. */
export function giveWriter(writer: Writer): void {
  if (writer.bytes.length <= MAX_KEPT_WRITER_BYTES && writers.length < MAX_KEPT_WRITERS) {
    writers.push(writer);
  }
}

/** A message for the transport: at once, or when it was deflated. */
export type Framed = Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;

function isStored(writer: Writer, level: number): boolean {
  const length = writer.position - STORED_HEADER_BYTES;
  return length < MIN_DEFLATED_BYTES || (level === 0 && length <= MAX_STORED_BYTES);
}

/**
 * The writer's archive as one deflate stream. Valid until the writer is returned or the deflater is used. The archive
 * itself is no more, unless it `isKept`.
 *
 * @param level 0 to 9, or {@linkcode IF_COMPRESSIBLE} or {@linkcode UNLESS_NOISE} and one of these.
 */
export function frame(
  writer: Writer,
  deflater: Deflater,
  level: number,
  owner?: DeflateOwner,
  isKept = false,
): Framed {
  if (isShort(writer)) return writer.written();
  if (isStored(writer, level)) return stored(writer);
  const archive = writer.bytes.subarray(STORED_HEADER_BYTES, writer.position);
  const spent = levelOf(archive, level);
  if (spent === 0 && (!isKept || isStored(writer, 0))) return stored(writer);
  return deflater.deflate(archive, spent, owner);
}

/** The level for an archive, if need be by a sample of it. */
export function levelOf(archive: Uint8Array, level: number): number {
  if (level < IF_COMPRESSIBLE) return level;
  if (level >= UNLESS_NOISE) return isPlainNoise(archive) ? 0 : level - UNLESS_NOISE;
  const sampled = sample(archive);
  if (sampled === "repeats") return level - IF_COMPRESSIBLE;
  return sampled === "letters" && archive.length > MIN_CODES_BYTES ? CODES_ONLY : 0;
}

function stored(writer: Writer): Uint8Array<ArrayBuffer> {
  const length = writer.position - STORED_HEADER_BYTES;
  if (length <= MAX_STORED_BYTES) writeStoredHeader(writer.bytes, 0, length);
  else {
    writer.ensure(storedSize(length) - writer.position);
    writer.position = storeInPlace(writer.bytes, length);
  }
  return writer.written();
}

/** Counts the bytes sent by all connections of a server, as far as they may be queued. */
export class SendTally {
  /** Bytes copied by transports so far, plus those of shared messages, once each. */
  sentBytes = 0;
  /** Bytes of shared messages still held. */
  sharedBytes = 0;
}

/**
 * A message for many connections, deflated at most once per level.
 *
 * It owns the writer until {@linkcode SharedMessage.done} returns it.
 */
export class SharedMessage implements Shared {
  readonly #writer: Writer;
  readonly #deflater: Deflater;
  readonly #tally: SendTally | undefined;
  #holders = 0;
  readonly #framed: (Framed | undefined)[] = [];
  /** Bytes of the archive. */
  readonly length: number;

  /** Take over a writer from {@linkcode takeWriter} that holds one archive. */
  constructor(writer: Writer, deflater: Deflater, tally?: SendTally) {
    this.#writer = writer;
    this.#deflater = deflater;
    this.#tally = tally;
    this.length = writer.position - STORED_HEADER_BYTES;
  }

  /** The message at a level of {@linkcode frame}, for {@linkcode Sender.sendShared}. */
  at(level: number): Framed {
    const slot = isStored(this.#writer, level) ? 0 : level;
    return this.#framed[slot] ??= this.#frame(slot);
  }

  #frame(level: number): Framed {
    const framed = frame(this.#writer, this.#deflater, level, undefined, true);
    // One copy, so that no transport has to make one of its own.
    return framed instanceof Promise ? framed : framed.slice();
  }

  /** Number of holders. */
  get holders(): number {
    return this.#holders;
  }

  hold(): void {
    if (this.#holders++ > 0 || this.#tally === undefined) return;
    this.#tally.sentBytes += this.length;
    this.#tally.sharedBytes += this.length;
  }

  release(): void {
    if (--this.#holders === 0 && this.#tally !== undefined) this.#tally.sharedBytes -= this.length;
  }

  /** The message was passed to every connection. */
  done(): void {
    const pending = this.#framed.filter((framed) => framed instanceof Promise);
    if (pending.length === 0) giveWriter(this.#writer);
    else void Promise.allSettled(pending).then(() => giveWriter(this.#writer));
  }
}
