/**
 * {@linkcode ConnectionState}: the state that a handler changes and its client mirrors.
 *
 * @module
 */
import { type Codec, writeArchive } from "../codec/archive.ts";
import { accept } from "../codec/explain.ts";
import { defaultOf } from "../codec/default.ts";
import { CodecError } from "../codec/errors.ts";
import type { AnySchema } from "../codec/schema.ts";
import { Writer } from "../codec/writer.ts";
import type { StateField } from "../service/types.ts";
import { finishStateChange } from "../wire/server_message_writer.ts";
import { isTopic } from "../wire/topic.ts";
import type { Caller } from "./caller.ts";
import { stateTooBig } from "./too_big.ts";

const STATE = Symbol("state");
/** Marks a field with its default that was neither read nor assigned. */
const UNTOUCHED = Symbol("untouched");

/** A connection, as its state knows it. */
export interface StateOwner extends Pick<Caller, "sender" | "send" | "onSent"> {
  /** A change was not sent, as this field is larger than its client accepts. */
  onStateTooBig(field: string, error: RangeError): void;
}

interface Tracked {
  readonly [STATE]: ConnectionState;
}

/** Shared by the states of all connections of a service. */
export class StateShape {
  /** The fields, in order. */
  readonly fields: readonly StateField[];
  /** Each field's place, for error messages. */
  readonly paths: readonly (readonly string[])[];
  /** Each field's default, or {@linkcode UNTOUCHED} if the default is mutable. */
  readonly values: readonly unknown[];
  /** Each field's default, or its archive if the default is mutable. */
  readonly sent: readonly unknown[];
  readonly #accessors: readonly PropertyDescriptor[];

  /** The codec for fields. */
  readonly codec: Codec;

  /** Create for a service's fields. */
  constructor(fields: readonly StateField[], codec: Codec) {
    this.fields = fields;
    this.codec = codec;
    this.paths = fields.map(([name]) => ["state", name]);
    const defaults = fields.map(([, schema]) => defaultOf(schema));
    this.values = defaults.map((value) => isFixed(value) ? value : UNTOUCHED);
    this.sent = fields.map(([, schema], i) =>
      isFixed(defaults[i]) ? defaults[i] : archiveOf(codec, schema, defaults[i])
    );
    this.#accessors = fields.map((_field, index) => ({
      enumerable: true,
      get(this: Tracked): unknown {
        return this[STATE].get(index);
      },
      set(this: Tracked, value: unknown): void {
        this[STATE].set(index, value);
      },
    }));
  }

  /**
   * Create the object that one handler reads and assigns. Its accessors are shared; it holds no values. It is
   * sealed: assigning a misspelt field throws.
   */
  makeObject(state: ConnectionState): Readonly<Record<string, unknown>> {
    const object: Record<string, unknown> = {};
    this.fields.forEach(([name], index) =>
      Object.defineProperty(object, name, this.#accessors[index]!)
    );
    return Object.preventExtensions(Object.defineProperty(object, STATE, { value: state }));
  }
}

/**
 * Finds what changed since it was last sent.
 *
 * Immutable values are validated on assignment and compared with the last sent value. Mutable values can change
 * at any time while they are a field's value: after the first read or assignment, each flush archives them and
 * compares the bytes. Untouched fields cost nothing.
 *
 * Rust: `hardlight-macros`, `connection_state`, where a guard compares the archives of all fields.
 */
export class ConnectionState {
  readonly #shape: StateShape;
  /** The fields, as in {@linkcode StateShape.values}; absent, all are at their defaults. */
  #values: unknown[] | undefined;
  /** Each field's last sent value, as in {@linkcode StateShape.sent}; absent if nothing was sent. */
  #sent: unknown[] | undefined;
  /** Fields that fail to encode and were reported. */
  #broken: Set<number> | undefined;

  /** Create with every field at its default. */
  constructor(shape: StateShape) {
    this.#shape = shape;
  }

  /** The value of a field, for the handler. */
  get(index: number): unknown {
    const value = (this.#values ?? this.#shape.values)[index];
    if (value !== UNTOUCHED) return value;
    this.#values ??= this.#shape.values.slice();
    return this.#values[index] = defaultOf(this.#shape.fields[index]![1]);
  }

  /** Assign a field, for the handler. Throws `CodecError` for an invalid primitive value. */
  set(index: number, value: unknown): void {
    const { fields, paths, values } = this.#shape;
    if (isFixed(value)) accept(fields[index]![1], value, paths[index]);
    this.#broken?.delete(index);
    (this.#values ??= values.slice())[index] = value;
  }

  /** The first field that may have changed; -1 if none has. */
  firstTouched(): number {
    const values = this.#values;
    if (values === undefined) return -1;
    const sent = this.#sent ?? this.#shape.sent;
    for (let i = 0; i < values.length; i++) {
      if (mayDiffer(values[i], sent[i])) return i;
    }
    return -1;
  }

  /**
   * Write the changes as a message, in field order. From then on they count as sent.
   *
   * A field that fails to encode stays as last sent, and is reported once until it is assigned or encodes again.
   * The others are still written.
   *
   * @param from The result of {@linkcode ConnectionState.firstTouched}.
   * @param places Receives start, length and index of each written field.
   * @returns The error of the first field that newly fails to encode.
   */
  writeChange(writer: Writer, from: number, places: number[]): CodecError | undefined {
    const { fields, codec } = this.#shape;
    const values = this.#values ?? this.#shape.values;
    let failure: CodecError | undefined;
    for (let i = from; i < fields.length; i++) {
      const sent = (this.#sent ?? this.#shape.sent)[i];
      const value = values[i];
      if (!mayDiffer(value, sent)) continue;
      const start = writer.position;
      let length: number;
      try {
        length = writeArchive(codec, fields[i]![1], writer, value);
      } catch (cause) {
        const error = this.#fail(i, value, cause);
        failure ??= error;
        continue;
      }
      this.#broken?.delete(i);
      if (sent instanceof Uint8Array && equals(sent, writer.bytes, start, length)) {
        writer.position = start;
        continue;
      }
      places.push(start, length, i);
      const known = this.#sent ??= this.#shape.sent.slice();
      known[i] = isFixed(value) ? value : writer.bytes.slice(start, start + length);
    }
    if (places.length > 0) finishStateChange(writer, places);
    return failure;
  }

  /**
   * Send the changes, as written by {@linkcode ConnectionState.writeChange}.
   *
   * @returns The error of the first field that newly fails to encode.
   */
  send(owner: StateOwner, from: number): CodecError | undefined {
    const { sender } = owner;
    const writer = sender.begin();
    const places: number[] = [];
    const failure = this.writeChange(writer, from, places);
    if (places.length === 0) sender.abandon(writer);
    else {
      owner.send(writer, (excess) => {
        const { field, error } = stateTooBig(places, this.#shape.fields, excess, sender.options);
        owner.onStateTooBig(field, error);
        return true;
      });
    }
    owner.onSent();
    return failure;
  }

  /** The error of a field that fails to encode, unless already reported. */
  #fail(index: number, value: unknown, cause: unknown): CodecError | undefined {
    const broken = this.#broken ??= new Set();
    if (broken.has(index)) return undefined;
    broken.add(index);
    const { fields, paths } = this.#shape;
    const [name, schema] = fields[index]!;
    let error = cause;
    try {
      accept(schema, value, paths[index]);
    } catch (found) {
      error = found;
    }
    if (error instanceof CodecError) return error;
    const words = error instanceof Error ? error.message : String(error);
    return new CodecError("BadValue", `Cannot encode state.${name}: ${words}`, `state.${name}`);
  }
}

function archiveOf(codec: Codec, schema: AnySchema, value: unknown): Uint8Array {
  const writer = new Writer();
  writeArchive(codec, schema, writer, value);
  return writer.written().slice();
}

/** Whether a value is immutable. */
function isFixed(value: unknown): boolean {
  return typeof value !== "object" || value === null || isTopic(value);
}

/** Whether a field may differ from its last sent value, as far as known without archiving it. */
function mayDiffer(value: unknown, sent: unknown): boolean {
  if (Object.is(value, sent) || value === UNTOUCHED) return false;
  if (typeof value !== "object") return true;
  try {
    return !(isTopic(value) && isTopic(sent) && value.key === sent.key);
  } catch {
    // Archiving it reports the error.
    return true;
  }
}

function equals(data: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (data.length !== length) return false;
  for (let i = 0; i < length; i++) if (data[i] !== bytes[start + i]) return false;
  return true;
}
