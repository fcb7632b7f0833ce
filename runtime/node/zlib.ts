/**
 * The {@linkcode Deflater} of Deno, Bun and Node: our own code for small messages, `node:zlib` for
 * large ones.
 *
 * | deflate | by |
 * | --- | --- |
 * | level 0 | stored |
 * | up to `MAX_OWN_DEFLATE_BYTES`, or `MAX_OWN_CHEAP_BYTES` at the cheapest level | fixed Huffman codes, about the size of zlib's level 1 |
 * | more | zlib at the level asked for |
 * | more, `CODES_ONLY` | zlib without a search for repeats |
 * | `LARGE_BYTES` and more | the same, with level 5 in place of 6 |
 * | `MIN_ASYNC_DEFLATE_BYTES` and more | the same on another thread, `MAX_THREADS` at a time: a promise |
 * | the same, behind `MAX_WAITING` others, or `MAX_WAITING_EACH` of its own connection | stored |
 * | the same, for many connections, or for one that may not have so much waiting | level 1, at once |
 *
 * | inflate | by |
 * | --- | --- |
 * | one stored block | a view |
 * | stored blocks | our own decoder |
 * | up to `MAX_OWN_INFLATE_BYTES` of stream | our own decoder |
 * | more | zlib, bounded; it tells how many bytes it read |
 *
 * The thresholds are where the two meet in `bench/deflate.ts` (`deno run -A bench/deflate.ts`, and
 * the same with `bun`).
 *
 * @module
 */
import { inflate, inflatedBytes, InflateError, inflateFirst } from "../../deflate/inflate.ts";
import { deflateStored, STORED_HEADER_BYTES, storedSize } from "../../deflate/stored.ts";
import {
  CHEAPEST_LEVEL,
  CODES_ONLY,
  type DeflateOwner,
  type Deflater,
  type InflatedFirst,
} from "../../wire/deflater.ts";
import { SmallDeflater } from "../streams.ts";

/** Most bytes that are deflated by our own code. */
export const MAX_OWN_DEFLATE_BYTES = 4096;

/** The same at the cheapest level. */
export const MAX_OWN_CHEAP_BYTES = 32_768;

/**
 * Bytes from which level 6 is zlib's level 5: within 2 % of its size, and bounded. The worst text for
 * level 6, four letters at random, takes 64 ms a MiB; level 5 takes 16 ms of the worst there is.
 */
export const LARGE_BYTES = 65_536;
const LARGE_LEVEL = 5;

/** Messages of at least this many bytes are deflated on another thread. */
export const MIN_ASYNC_DEFLATE_BYTES = 1_048_576;

/** Most messages deflated on other threads at once: half of the pool, which file operations share. */
export const MAX_THREADS = 2;

/** Most messages that wait for such a thread. Further ones are stored at once, so that no peer blocks others. */
export const MAX_WAITING = 8;
/** Most waiting messages of one connection. */
export const MAX_WAITING_EACH = 4;

/**
 * Longest stream, in bytes, that is inflated by our own code. zlib's own time is less from some 3 KiB on, but not with
 * that of the memory it needs each time.
 */
export const MAX_OWN_INFLATE_BYTES = 12_288;

/** zlib's output chunk, in bytes: larger chunks take fewer calls. */
const MIN_CHUNK_BYTES = 16 * 1024;
const MAX_CHUNK_BYTES = 256 * 1024;

/** zlib's strategy of codes without a search for repeats, `Z_HUFFMAN_ONLY`. */
const HUFFMAN_ONLY = 2;

/** Options of deflating. */
interface DeflateOptions {
  readonly level: number;
  readonly strategy: number;
  readonly chunkSize: number;
}

/** The part of `node:zlib` that is used. */
interface Zlib {
  deflateRawSync(
    bytes: Uint8Array,
    options: DeflateOptions,
  ): Uint8Array<ArrayBuffer>;
  deflateRaw(
    bytes: Uint8Array,
    options: DeflateOptions,
    done: (error: Error | null, result: Uint8Array<ArrayBuffer>) => void,
  ): void;
  inflateRawSync(
    bytes: Uint8Array,
    options: { chunkSize: number; maxOutputLength: number; info: true },
  ): { buffer: Uint8Array; engine: { bytesWritten: number } };
}

interface Process {
  getBuiltinModule?(id: string): unknown;
}

/** Loads a built-in module without an import, which a bundler for browsers could not resolve. */
function builtinModules(): ((id: string) => unknown) | undefined {
  const { process } = globalThis as { process?: Process };
  return process?.getBuiltinModule;
}

function toInflateError(error: unknown): InflateError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const options = { cause: error };
  if (code === "ERR_BUFFER_TOO_LARGE") {
    return new InflateError("TooBig", "Cannot inflate: too many bytes", options);
  }
  return code === "Z_BUF_ERROR"
    ? new InflateError("Truncated", "Cannot inflate: the stream ends too early", options)
    : new InflateError("Corrupt", "Cannot inflate: zlib refused the stream", options);
}

/** Whether a valid stream has only stored blocks. */
function isStored(bytes: Uint8Array): boolean {
  for (let at = 0;;) {
    const head = bytes[at];
    if (head === undefined || (head & 6) !== 0) return false;
    if ((head & 1) !== 0) return true;
    at += STORED_HEADER_BYTES + (bytes[at + 1] ?? 0) + ((bytes[at + 2] ?? 0) << 8);
  }
}

/** Falls back to stored blocks if zlib's output is larger: its level 1 adds 5 % to noise. */
function notLarger(deflated: Uint8Array<ArrayBuffer>, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const size = storedSize(bytes.length);
  if (deflated.length <= size) return deflated;
  const stored = new Uint8Array(size);
  deflateStored(bytes, stored);
  return stored;
}

/** A message that waits for a thread. */
interface Waiting {
  readonly owner: DeflateOwner | undefined;
  start(done: () => void): void;
  drop(): void;
}

class ZlibDeflater implements Deflater {
  readonly #small = new SmallDeflater();
  #zlib: Zlib | undefined;
  #hasLoaded = false;
  /** Messages on other threads. */
  #running = 0;
  /** Messages that wait for a thread. */
  #waiting: Waiting[] = [];
  /** Connections with a message on another thread: at most one each. */
  readonly #busy = new Set<DeflateOwner>();

  /** Loaded on first use, which takes 3 ms. Without `node:zlib` our own code does everything. */
  #load(): Zlib | undefined {
    if (!this.#hasLoaded) {
      this.#hasLoaded = true;
      this.#zlib = builtinModules()?.("node:zlib") as Zlib | undefined;
    }
    return this.#zlib;
  }

  deflate(
    bytes: Uint8Array<ArrayBuffer>,
    level: number,
    owner?: DeflateOwner,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    const mostOwn = level === CHEAPEST_LEVEL ? MAX_OWN_CHEAP_BYTES : MAX_OWN_DEFLATE_BYTES;
    if (level === 0 || bytes.length <= mostOwn) {
      return this.#small.deflate(bytes, level);
    }
    const zlib = this.#load();
    if (zlib === undefined) return this.#small.deflate(bytes, level);
    const spent = level === CODES_ONLY
      ? { level: 1, strategy: HUFFMAN_ONLY }
      : { level: level === 6 && bytes.length >= LARGE_BYTES ? LARGE_LEVEL : level, strategy: 0 };
    const atOnce = (options: typeof spent): Uint8Array<ArrayBuffer> => {
      const chunkSize = Math.min(bytes.length, MIN_CHUNK_BYTES);
      return notLarger(zlib.deflateRawSync(bytes, { ...options, chunkSize }), bytes);
    };
    if (bytes.length < MIN_ASYNC_DEFLATE_BYTES) return atOnce(spent);
    if (owner?.mayWait(bytes.length) === false) return atOnce({ ...spent, level: 1 });
    if (this.#waiting.length >= MAX_WAITING) this.#dropUnwanted();
    if (this.#waiting.length >= MAX_WAITING || this.#waitingOf(owner) >= MAX_WAITING_EACH) {
      return owner === undefined ? atOnce({ ...spent, level: 1 }) : this.#small.deflate(bytes, 0);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        owner,
        start(done) {
          const options = { ...spent, chunkSize: MAX_CHUNK_BYTES };
          zlib.deflateRaw(bytes, options, (error, result) => {
            done();
            if (error) reject(error);
            else resolve(notLarger(result, bytes));
          });
        },
        drop: () => reject(new Error("Cannot deflate: the connection has ended")),
      });
      this.#startWaiting();
    });
  }

  #waitingOf(owner: DeflateOwner | undefined): number {
    if (owner === undefined) return 0;
    return this.#waiting.filter((waiting) => waiting.owner === owner).length;
  }

  #dropUnwanted(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ owner }) => owner?.wanted !== false);
    for (const { owner, drop } of waiting) if (owner?.wanted === false) drop();
  }

  #startWaiting(): void {
    this.#dropUnwanted();
    while (this.#running < MAX_THREADS) {
      const next = this.#waiting.findIndex(({ owner }) => !owner || !this.#busy.has(owner));
      const [waiting] = next === -1 ? [] : this.#waiting.splice(next, 1);
      if (waiting === undefined) return;
      const { owner } = waiting;
      this.#running++;
      if (owner !== undefined) this.#busy.add(owner);
      waiting.start(() => {
        this.#running--;
        if (owner !== undefined) this.#busy.delete(owner);
        this.#startWaiting();
      });
    }
  }

  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
    const found = this.#inflate(bytes, maxBytes);
    if (found === undefined) return inflate(bytes, maxBytes);
    // zlib stops at the final block and ignores trailing bytes.
    if (found[1] < bytes.length) {
      throw new InflateError("TrailingBytes", "Cannot inflate: bytes follow the final block");
    }
    return found[0];
  }

  inflateFirst(bytes: Uint8Array, maxBytes: number): InflatedFirst {
    return this.#inflate(bytes, maxBytes) ?? [inflateFirst(bytes, maxBytes), inflatedBytes()];
  }

  /** By zlib, where it is faster. */
  #inflate(bytes: Uint8Array, maxBytes: number): InflatedFirst | undefined {
    // Stored blocks never need zlib, and zlib accepts no limit of 0.
    if (bytes.length <= MAX_OWN_INFLATE_BYTES || isStored(bytes) || maxBytes < 1) return undefined;
    const zlib = this.#load();
    if (zlib === undefined) return undefined;
    let result;
    try {
      result = zlib.inflateRawSync(bytes, {
        chunkSize: Math.max(MIN_CHUNK_BYTES, Math.min(8 * bytes.length, MAX_CHUNK_BYTES)),
        maxOutputLength: maxBytes,
        info: true,
      });
    } catch (error) {
      throw toInflateError(error);
    }
    // A Buffer would end up in users' values, and its methods differ from Uint8Array's.
    const { buffer, byteOffset, length } = result.buffer;
    return [new Uint8Array(buffer, byteOffset, length), result.engine.bytesWritten];
  }
}

/** A {@linkcode Deflater} on `node:zlib`, or `undefined` if the runtime lacks it. */
export function createZlibDeflater(): Deflater | undefined {
  return builtinModules() && new ZlibDeflater();
}
