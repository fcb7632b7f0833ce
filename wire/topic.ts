/**
 * {@linkcode Topic}: the name of a stream of events.
 *
 * @module
 */
import { bool, bytes, type Schema } from "../codec/declare.ts";
import { fieldsAt } from "../codec/struct.ts";
import type { Reader } from "../codec/reader.ts";
import type { AnySchema, Composite } from "../codec/schema.ts";
import { fromUtf8, toUtf8 } from "../codec/utf8.ts";
import { briefly, type Writer } from "../codec/writer.ts";

/** Key of a topic's bytes, shared by every copy of this module in a process. */
const TOPIC = Symbol.for("hardlight.Topic");

/**
 * The name of a stream of events: text or bytes.
 *
 * A text topic and a byte topic with equal bytes are different topics. A topic never changes.
 *
 * Rust: `server.rs`, `Topic`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { Topic } from "@hardlight/hardlight";
 *
 * assert.equal(Topic.from("lobby").equals(Topic.from("lobby")), true);
 * assert.equal(Topic.from("a").equals(Topic.from(Uint8Array.of(97))), false); // text is not bytes
 * ```
 */
export class Topic {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  /** Whether the topic was made from text. */
  readonly isString: boolean;
  #key: string | undefined;

  static {
    Object.defineProperty(this.prototype, TOPIC, {
      get(this: Topic) {
        return this.#bytes;
      },
    });
  }

  private constructor(bytes: Uint8Array<ArrayBuffer>, isString: boolean, key?: string) {
    this.#bytes = bytes;
    this.isString = isString;
    this.#key = key;
  }

  /**
   * The topic of a text or of a copy of some bytes.
   *
   * @throws {TypeError} If the text has a lone surrogate, which UTF-8 cannot carry.
   */
  static from(value: string | Uint8Array): Topic {
    if (typeof value !== "string") return new Topic(new Uint8Array(value), false);
    if (!value.isWellFormed()) {
      throw new TypeError("A topic has no lone surrogate");
    }
    return new Topic(toUtf8(value), true, `s${value}`);
  }

  /** The topic with these bytes, as on the wire, which nobody changes: they are not copied. */
  static fromWire(bytes: Uint8Array<ArrayBuffer>, isString: boolean): Topic {
    return new Topic(bytes, isString);
  }

  /** A copy of the bytes. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice();
  }

  /**
   * A string that is equal for equal topics only: a key for maps.
   *
   * Text is `s` and the text; bytes are `b` and one character a byte.
   */
  get key(): string {
    return this.#key ??= keyOf(this.#bytes, this.isString);
  }

  /** Whether both are the same topic. */
  equals(other: Topic): boolean {
    return this.key === other.key;
  }

  /** The bytes as text; `""` if they are not UTF-8 (Rust: `as_string`). */
  toString(): string {
    return fromUtf8(this.#bytes) ?? "";
  }

  /** Text as it is, bytes as an array of numbers. */
  toJSON(): string | number[] {
    return this.isString ? `${this}` : [...this.#bytes];
  }
}

function keyOf(bytes: Uint8Array, isString: boolean): string {
  const text = isString ? fromUtf8(bytes) : undefined;
  if (text !== undefined) return `s${text}`;
  // A peer may send invalid UTF-8 as text; such a topic equals no text.
  return bytes.reduce((key, byte) => key + String.fromCharCode(byte), isString ? "x" : "b");
}

/** Whether it is a topic of any copy of this module. Never throws, even if a proxy does. */
export function isTopic(value: unknown): value is Topic {
  try {
    return TOPIC in Object(value);
  } catch {
    return false;
  }
}

function own(value: unknown): Topic {
  if (isTopic(value)) return value;
  throw new TypeError(`Cannot use a topic: expected a Topic, got ${briefly(value)}`);
}

/** The bytes themselves of a topic, to be read and not written. */
export function bytesOf(topic: Topic): Uint8Array<ArrayBuffer> {
  return (topic as Topic & { readonly [TOPIC]: Uint8Array<ArrayBuffer> })[TOPIC];
}

/**
 * The {@linkcode Topic.key} of a topic or of a text that names one.
 *
 * @throws {TypeError} If it is neither.
 */
export function topicKey(value: Topic | string): string {
  return typeof value === "string" ? `s${value}` : own(value).key;
}

/** A topic from a topic or its text. */
export function toTopic(value: Topic | string): Topic {
  return typeof value === "string" ? Topic.from(value) : own(value);
}

/**
 * Reject a topic with too many bytes, before its key is made.
 *
 * @throws {RangeError} If it has more than `maxTopicBytes`.
 */
export function checkTopicBytes(value: Topic | string, maxTopicBytes: number): void {
  if (typeof value !== "string") {
    const { length } = bytesOf(own(value));
    if (length > maxTopicBytes) throw topicTooBig(length, maxTopicBytes);
    return;
  }
  // Each code unit of a string takes one to three bytes.
  if (3 * value.length <= maxTopicBytes) return;
  if (value.length > maxTopicBytes) throw topicTooBig(value.length, maxTopicBytes, "characters");
  const { length } = toUtf8(value);
  if (length > maxTopicBytes) throw topicTooBig(length, maxTopicBytes);
}

/** A topic has too many bytes. */
function topicTooBig(size: number, maxTopicBytes: number, unit = "bytes"): RangeError {
  return new RangeError(
    `Cannot use a topic of ${size} ${unit}: expected at most ${maxTopicBytes} bytes, by maxTopicBytes`,
  );
}

interface TopicFields {
  readonly inner: Uint8Array<ArrayBuffer>;
  readonly is_string: boolean;
}

/** `convert(struct({ inner: bytes, is_string: bool }), …)`, without the general struct layout. */
function makeSchema(): Schema<Topic> {
  const layout = {
    size: 12,
    align: 4,
    niche: [254, 8, 1] as const,
    text: () => "struct{inner:vec<u8>,is_string:bool}",
  };
  const item: Composite = {
    ...fieldsAt({ inner: bytes, is_string: bool }, () => [0, 8]),
    ...layout,
    kind: "struct",
  };
  const conversion = {
    expected: "a Topic",
    decode: ({ inner, is_string }: TopicFields): Topic => Topic.fromWire(inner, is_string),
    encode: (value: Topic): TopicFields => ({ inner: bytesOf(value), is_string: value.isString }),
  };
  return {
    ...layout,
    kind: "convert",
    item,
    conversion,
    write(writer: Writer, at: number, value: Topic) {
      // What a proxy throws is caught around all writing.
      if (!(TOPIC in Object(value))) writer.refuse(conversion.expected, value);
      item.write(writer, at, conversion.encode(value));
    },
    read: (reader: Reader, at: number) =>
      Topic.fromWire(
        bytes.read(reader, at) as Uint8Array<ArrayBuffer>,
        bool.read(reader, at + 8),
      ),
  } as AnySchema as Schema<Topic>;
}

/**
 * The schema of a {@linkcode Topic}.
 *
 * | offset | bytes | field                             |
 * | -----: | ----: | --------------------------------- |
 * |      0 |     8 | `inner`: pointer and byte count   |
 * |      8 |     1 | `is_string`: 0 or 1               |
 *
 * The default is the empty byte topic. Rust: `server.rs`, `Topic`.
 */
export const topic: Schema<Topic> = /* @__PURE__ */ makeSchema();
