/**
 * {@linkcode ConnectionState}: the state a handler owns and its client sees.
 *
 * @module
 */
import { accept, type Codec, writeArchive } from "../codec/archive.ts";
import { defaultOf } from "../codec/default.ts";
import { CodecError } from "../codec/errors.ts";
import type { AnySchema } from "../codec/schema.ts";
import { Writer } from "../codec/writer.ts";
import type { StateField } from "../service/types.ts";
import { finishStateChange } from "../wire/messages.ts";
import { type Sender, surelyTakes } from "../wire/sender.ts";
import { isTopic } from "../wire/topic.ts";

const STATE = Symbol("state");
/** Stands for the default of a field that nobody has been given and nobody has assigned. */
const UNTOUCHED = Symbol("untouched");

interface Tracked {
  readonly [STATE]: ConnectionState;
}

/** What the states of all connections of a service share. */
export class StateShape {
  /** The fields, in order. */
  readonly fields: readonly StateField[];
  /** Where each field is, for messages. */
  readonly paths: readonly (readonly string[])[];
  /** Of each field: its default, or {@linkcode UNTOUCHED} where that can be changed from inside. */
  readonly values: readonly unknown[];
  /** Of each field: its default, or that one's archive where it can be changed from inside. */
  readonly sent: readonly unknown[];
  readonly #accessors: readonly PropertyDescriptor[];

  /** How fields are archived. */
  readonly codec: Codec;

  /** Create for a service's fields. */
  constructor(fields: readonly StateField[], codec: Codec) {
    this.fields = fields;
    this.codec = codec;
    this.paths = fields.map(({ name }) => ["state", name]);
    const defaults = fields.map(({ schema }) => defaultOf(schema));
    this.values = defaults.map((value) => isFixed(value) ? value : UNTOUCHED);
    this.sent = fields.map(({ schema }, i) =>
      isFixed(defaults[i]) ? defaults[i] : archiveOf(codec, schema, defaults[i])
    );
    this.#accessors = fields.map(({ index }) => ({
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
   * Make what one handler reads and assigns. Its accessors are everybody's: it holds no values. It is
   * sealed: a misspelt field throws.
   */
  makeObject(state: ConnectionState): Readonly<Record<string, unknown>> {
    const object: Record<string, unknown> = {};
    for (const { name, index } of this.fields) {
      Object.defineProperty(object, name, this.#accessors[index]!);
    }
    return Object.preventExtensions(Object.defineProperty(object, STATE, { value: state }));
  }
}

/** Whose state it is. */
export interface StateOwner {
  /** A change is larger than its client takes: `places` as in {@linkcode ConnectionState.writeChange}. */
  onChangeTooBig(places: readonly number[]): void;
  /** Whether so many bytes may be sent. Where not, the connection has been ended. */
  admits(bytes: number): boolean;
}

/**
 * Finds what changed since it was last sent.
 *
 * A value that cannot be changed from inside is checked as it is assigned, and has changed if it is
 * another than was last sent. Any other may be changed by whoever holds it, for as long as it is the
 * field's: once it was handed out or assigned, each flush archives it and compares. A field that nobody
 * touched costs nothing.
 *
 * Rust: `hardlight-macros`, `connection_state`; there a guard compares the archives of all fields.
 */
export class ConnectionState {
  readonly #shape: StateShape;
  /** The fields, as in {@linkcode StateShape.values}; absent, all are at their defaults. */
  #values: unknown[] | undefined;
  /** What was last sent of each field, as in {@linkcode StateShape.sent}; absent, nothing was. */
  #sent: unknown[] | undefined;
  /** Fields that do not encode, and of which somebody has been told. */
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
    return this.#values[index] = defaultOf(this.#shape.fields[index]!.schema);
  }

  /** Assign a field, for the handler. Throws `CodecError` for a value that is no object and does not fit. */
  set(index: number, value: unknown): void {
    const { fields, paths, values } = this.#shape;
    if (isFixed(value)) accept(fields[index]!.schema, value, paths[index]);
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
   * Write what has changed as a message, in field order; from now on it counts as sent.
   *
   * A field that does not encode is left as it was last sent, and told of once until it is assigned
   * anew or encodes again. The others are written all the same.
   *
   * @param from What {@linkcode ConnectionState.firstTouched} found.
   * @param places Is given start, length and index of each field that was written.
   * @returns What is wrong with the first field that is newly found not to encode.
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
        length = writeArchive(codec, fields[i]!.schema, writer, value);
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
   * Send what has changed, as {@linkcode ConnectionState.writeChange} has it.
   *
   * @returns What is wrong with the first field that is newly found not to encode.
   */
  send(sender: Sender, from: number, owner: StateOwner): CodecError | undefined {
    const writer = sender.begin();
    const places: number[] = [];
    const failure = this.writeChange(writer, from, places);
    if (places.length === 0 || !owner.admits(writer.position)) sender.abandon(writer);
    else if (surelyTakes(sender.options, writer.position)) sender.commit(writer);
    else {
      sender.commit(writer, (taken) => {
        if (!taken) owner.onChangeTooBig(places);
      });
    }
    return failure;
  }

  /** What to tell of a field that does not encode, unless that was told. */
  #fail(index: number, value: unknown, cause: unknown): CodecError | undefined {
    const broken = this.#broken ??= new Set();
    if (broken.has(index)) return undefined;
    broken.add(index);
    const { fields, paths } = this.#shape;
    const { name, schema } = fields[index]!;
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

/** Whether nobody can change a value from inside. */
function isFixed(value: unknown): boolean {
  return typeof value !== "object" || value === null || isTopic(value);
}

/** Whether a field may differ from what was last sent of it, as far as can be told without its archive. */
function mayDiffer(value: unknown, sent: unknown): boolean {
  if (Object.is(value, sent) || value === UNTOUCHED) return false;
  try {
    return !(isTopic(value) && isTopic(sent) && value.key === sent.key);
  } catch {
    // Where it is archived it is found out what is wrong with it.
    return true;
  }
}

function equals(data: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (data.length !== length) return false;
  for (let i = 0; i < length; i++) if (data[i] !== bytes[start + i]) return false;
  return true;
}
