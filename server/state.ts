/**
 * {@linkcode ConnectionState}: the state a handler owns and its client sees.
 *
 * @module
 */
import { writeArchive } from "../codec/archive.ts";
import { encode } from "../codec/encode.ts";
import type { Writer } from "../codec/writer.ts";
import type { StateField } from "../service/types.ts";
import { finishStateChange } from "../wire/messages.ts";
import { Topic, topic } from "../wire/topic.ts";

const STATE = Symbol("state");

interface Tracked {
  readonly [STATE]: ConnectionState;
}

/** Kinds of schema whose values cannot be changed from inside. */
const PLAIN: ReadonlySet<string> = new Set(
  "bool u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 char string boxstr".split(" "),
);
/**
 * What the states of all connections of a service share.
 *
 * A plain field, whose values cannot be changed from inside, is a plain property: it has changed if
 * another value is there than was last sent. Any other is watched: an accessor notes that it was read
 * or assigned.
 */
export class StateShape {
  /** The fields, in order. */
  readonly fields: readonly StateField[];
  /** Their names. */
  readonly names: readonly string[];
  /** Of each field: whether it is plain. */
  readonly isPlain: readonly boolean[];
  /** Of each field: its default if it is plain, and else its default's archive. */
  readonly defaults: readonly unknown[];
  readonly #accessors: readonly PropertyDescriptor[];
  readonly #anyWatched: boolean;

  /** Create for a service's fields. */
  constructor(fields: readonly StateField[]) {
    this.fields = fields;
    this.names = fields.map(({ name }) => name);
    this.isPlain = fields.map(({ schema }) => PLAIN.has(schema.kind) || schema === topic);
    this.#anyWatched = this.isPlain.includes(false);
    this.defaults = fields.map(({ schema }, i) => {
      const value = schema.defaultValue();
      return this.isPlain[i] ? value : encode(schema, value);
    });
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

  /** Make what one handler reads and assigns. */
  makeObject(state: ConnectionState): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < this.names.length; i++) {
      const name = this.names[i]!;
      if (this.isPlain[i]) object[name] = this.defaults[i];
      else Object.defineProperty(object, name, this.#accessors[i]!);
    }
    if (this.#anyWatched) Object.defineProperty(object, STATE, { value: state });
    return Object.seal(object);
  }
}

/** The watched fields of one connection that were read or assigned. */
class Watched {
  readonly values: unknown[] = [];
  readonly touched: boolean[] = [];
  anyTouched = false;

  touch(index: number): void {
    this.touched[index] = this.anyTouched = true;
  }
}

/**
 * Finds what changed since it was last sent. A field that nobody touched is not archived.
 *
 * Rust: `hardlight-macros`, `connection_state`; there a guard compares the archives of all fields.
 */
export class ConnectionState {
  /** What the handler reads and assigns. It is sealed: a misspelt field throws. */
  readonly object: Readonly<Record<string, unknown>>;
  readonly #shape: StateShape;
  /** What was last sent of each field, as in {@linkcode StateShape.defaults}; absent, nothing was. */
  #known: unknown[] | undefined;
  #watched: Watched | undefined;

  /** Create with every field at its default. */
  constructor(shape: StateShape) {
    this.#shape = shape;
    this.object = shape.makeObject(this);
  }

  /** The value of a watched field, for the handler. */
  get(index: number): unknown {
    const watched = this.#watched ??= new Watched();
    if (!(index in watched.values)) {
      watched.values[index] = this.#shape.fields[index]!.schema.defaultValue();
    }
    const value = watched.values[index];
    if (typeof value === "object" && value !== null) watched.touch(index);
    return value;
  }

  /** Assign a watched field, for the handler. */
  set(index: number, value: unknown): void {
    const watched = this.#watched ??= new Watched();
    watched.values[index] = value;
    watched.touch(index);
  }

  /** Look at every field the next time: one may have been changed from inside by a kept reference. */
  touchAll(): void {
    const watched = this.#watched;
    watched?.values.forEach((_, index) => watched.touch(index));
  }

  /** The first field that may have changed; -1 if none has. */
  firstTouched(): number {
    const { names, isPlain, defaults } = this.#shape;
    const known = this.#known ?? defaults;
    for (let i = 0; i < names.length; i++) {
      const touched = isPlain[i]
        ? !isSame(this.object[names[i]!], known[i])
        : this.#watched?.touched[i] === true;
      if (touched) return i;
    }
    return -1;
  }

  /**
   * Write what has changed as a message, in field order; from now on it counts as sent. Returns false
   * if nothing has.
   *
   * @param from What {@linkcode ConnectionState.firstTouched} found.
   * @param held Whether other calls are under way, which may hold on to what they read.
   * @throws {CodecError} If a field cannot be archived. Then nothing counts as sent.
   */
  writeChange(writer: Writer, from: number, held: boolean): boolean {
    const { names, isPlain, defaults } = this.#shape;
    const known = this.#known ?? defaults;
    const watched = this.#watched;
    const places: number[] = [];
    for (let i = from; i < names.length; i++) {
      const start = writer.position;
      if (isPlain[i]) {
        const value = this.object[names[i]!];
        if (!isSame(value, known[i])) places.push(start, this.#archive(writer, i, value), i);
      } else if (watched?.touched[i] === true) {
        const length = this.#archive(writer, i, watched.values[i]);
        if (equals(known[i] as Uint8Array, writer.bytes, start, length)) writer.position = start;
        else places.push(start, length, i);
      }
    }
    if (watched?.anyTouched) settle(watched, held);
    if (places.length === 0) return false;
    this.#remember(places, writer.bytes);
    finishStateChange(writer, places);
    return true;
  }

  #archive(writer: Writer, index: number, value: unknown): number {
    const { name, schema } = this.#shape.fields[index]!;
    try {
      return writeArchive(schema, writer, value);
    } catch (error) {
      schema.accept(value, ["state", name]);
      throw error;
    }
  }

  #remember(places: readonly number[], bytes: Uint8Array): void {
    const { names, isPlain, defaults } = this.#shape;
    const known = this.#known ??= defaults.slice();
    for (let i = 0; i < places.length; i += 3) {
      const index = places[i + 2]!;
      const start = places[i]!;
      known[index] = isPlain[index]
        ? this.object[names[index]!]
        : bytes.slice(start, start + places[i + 1]!);
    }
  }
}

/** Watch on only what a call under way may hold. */
function settle(watched: Watched, held: boolean): void {
  const { values, touched } = watched;
  watched.anyTouched = false;
  for (let i = 0; i < touched.length; i++) {
    const value = values[i];
    touched[i] = held && touched[i] === true && typeof value === "object" && value !== null;
    if (touched[i]) watched.anyTouched = true;
  }
}

function isSame(value: unknown, known: unknown): boolean {
  if (Object.is(value, known)) return true;
  return value instanceof Topic && known instanceof Topic && value.equals(known);
}

function equals(data: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (data.length !== length) return false;
  for (let i = 0; i < length; i++) if (data[i] !== bytes[start + i]) return false;
  return true;
}
