/**
 * {@linkcode ConnectionState}: the state a handler owns and its client sees.
 *
 * @module
 */
import { writeArchive } from "../codec/archive.ts";
import type { StateField } from "../service/types.ts";
import type { StateUpdate } from "../wire/messages.ts";
import { giveWriter, takeWriter } from "../wire/sender.ts";
import { Topic, topic } from "../wire/topic.ts";

const STATE = Symbol("state");

interface Tracked {
  readonly [STATE]: ConnectionState;
}

/** Kinds of schema whose values cannot be changed from inside. */
const PLAIN: ReadonlySet<string> = new Set(
  "bool u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 char string boxstr".split(" "),
);
const NO_UPDATES: readonly StateUpdate[] = [];
/** So many bytes are written over by a loop, which is faster than a new array. */
const MAX_LOOPED_BYTES = 64;

interface Update extends StateUpdate {
  data: Uint8Array;
}

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
  /** Of each field: whether it is plain. */
  readonly isPlain: readonly boolean[];
  /** Of each field: its default if it is plain, and else its default's archive. */
  readonly defaults: readonly unknown[];
  /** Of each field: what was last sent of it, on any connection. */
  readonly updates: readonly Update[];
  /** What is sent, until the next time. */
  readonly changed: Update[] = [];
  readonly #accessors: readonly PropertyDescriptor[];
  readonly #anyWatched: boolean;

  /** Create for a service's fields. */
  constructor(fields: readonly StateField[]) {
    this.fields = fields;
    this.isPlain = fields.map(({ schema }) => PLAIN.has(schema.kind) || schema === topic);
    this.#anyWatched = this.isPlain.includes(false);
    this.defaults = fields.map(({ schema, defaultArchive }, i) =>
      this.isPlain[i] ? schema.defaultValue() : defaultArchive
    );
    this.updates = fields.map(({ index }) => ({ index, data: new Uint8Array(0) }));
    this.#accessors = fields.map(({ index }) => ({
      enumerable: true,
      get(this: Tracked): unknown {
        return this[STATE].read(index);
      },
      set(this: Tracked, value: unknown): void {
        this[STATE].write(index, value);
      },
    }));
  }

  /** Make what one handler reads and assigns. */
  makeObject(state: ConnectionState): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (let i = 0; i < this.fields.length; i++) {
      const { name } = this.fields[i]!;
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
  read(index: number): unknown {
    const watched = this.#watched ??= new Watched();
    if (!(index in watched.values)) {
      watched.values[index] = this.#shape.fields[index]!.schema.defaultValue();
    }
    const value = watched.values[index];
    if (typeof value === "object" && value !== null) watched.touch(index);
    return value;
  }

  /** Assign a watched field, for the handler. */
  write(index: number, value: unknown): void {
    const watched = this.#watched ??= new Watched();
    watched.values[index] = value;
    watched.touch(index);
  }

  /** Look at every field the next time: one may have been changed from inside by a kept reference. */
  touchAll(): void {
    const watched = this.#watched;
    watched?.values.forEach((_, index) => watched.touch(index));
  }

  /**
   * What has changed, in field order; from now on it counts as sent. Valid until any connection of
   * the service asks.
   *
   * @param held Whether other calls are under way, which may hold on to what they read.
   * @throws {CodecError} If a field cannot be archived. Then nothing counts as sent.
   */
  takeUpdates(held: boolean): readonly StateUpdate[] {
    const { fields, isPlain, defaults, updates, changed } = this.#shape;
    const known = this.#known ?? defaults;
    const watched = this.#watched;
    changed.length = 0;
    for (let i = 0; i < fields.length; i++) {
      if (isPlain[i]) {
        const value = this.object[fields[i]!.name];
        if (isSame(value, known[i])) continue;
        this.#archive(i, value, undefined);
      } else {
        if (watched === undefined || watched.touched[i] !== true) continue;
        if (!this.#archive(i, watched.values[i], known[i] as Uint8Array)) continue;
      }
      changed.push(updates[i]!);
    }
    if (watched?.anyTouched) settle(watched, held);
    if (changed.length === 0) return NO_UPDATES;
    this.#remember(changed);
    return changed;
  }

  /** Archive a field; says whether it is something else than `known`. */
  #archive(index: number, value: unknown, known: Uint8Array | undefined): boolean {
    const { name, schema } = this.#shape.fields[index]!;
    const update = this.#shape.updates[index]!;
    const writer = takeWriter();
    try {
      const start = writer.position;
      const length = writeArchive(schema, writer, value);
      const { bytes } = writer;
      const { data } = update;
      if (known !== undefined) {
        if (equals(known, bytes, start, length)) return false;
        // It becomes what this connection knows.
        update.data = bytes.slice(start, start + length);
      } else if (length > MAX_LOOPED_BYTES || data.length !== length) {
        update.data = bytes.slice(start, start + length);
      } else for (let i = 0; i < length; i++) data[i] = bytes[start + i]!;
      return true;
    } catch (error) {
      schema.accept(value, ["state", name]);
      throw error;
    } finally {
      giveWriter(writer);
    }
  }

  #remember(changed: readonly Update[]): void {
    const { fields, isPlain, defaults, updates } = this.#shape;
    const known = this.#known ??= defaults.slice();
    for (const { index } of changed) {
      known[index] = isPlain[index] ? this.object[fields[index]!.name] : updates[index]!.data;
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
