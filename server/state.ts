/**
 * {@linkcode ConnectionState}: the state a handler owns and its client sees.
 *
 * @module
 */
import { writeArchive } from "../codec/archive.ts";
import type { Writer } from "../codec/writer.ts";
import type { StateField } from "../service/types.ts";
import type { StateUpdate } from "../wire/messages.ts";
import { giveWriter, takeWriter } from "../wire/sender.ts";
import { Topic } from "../wire/topic.ts";

const STATE = Symbol("state");

interface Tracked {
  readonly [STATE]: ConnectionState;
}

/** Property descriptors of a service's fields, shared by all its connections. */
export type StateShape = PropertyDescriptorMap;

/** Make the properties of the state object: each reads and writes through its connection's tracker. */
export function stateShape(fields: readonly StateField[]): StateShape {
  const shape: PropertyDescriptorMap = {};
  for (const { index, name } of fields) {
    shape[name] = {
      enumerable: true,
      get(this: Tracked): unknown {
        return this[STATE].read(index);
      },
      set(this: Tracked, value: unknown): void {
        this[STATE].write(index, value);
      },
    };
  }
  return shape;
}

function isMutable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Topic);
}

/** Fewer bytes than this are copied faster by a loop than by a view and `set()`. */
const MAX_LOOPED_BYTES = 64;

const NO_UPDATES: readonly StateUpdate[] = [];

/** What was last sent of a field; one object a field, which is also what is sent. */
interface Sent extends StateUpdate {
  data: Uint8Array;
  /** Whether `data` is this connection's to write over, rather than everyone's default. */
  isOwn: boolean;
  /** Whether the client has it. */
  isKnown: boolean;
}

/**
 * Finds what changed since it was last sent.
 *
 * A field is looked at if it was assigned, or if it was read and holds something that can be changed
 * from inside (an array, an object, a map): such a field is archived and compared with what was last
 * sent. All others cost nothing.
 *
 * Rust: `hardlight-macros`, `connection_state`; there a guard compares every field.
 */
export class ConnectionState {
  /** What the handler reads and assigns. It is sealed: a misspelt field throws. */
  readonly object: object;
  readonly #fields: readonly StateField[];
  readonly #values: unknown[];
  readonly #sent: readonly Sent[];
  readonly #touched: boolean[];
  #anyTouched = false;

  /** Create with every field at its default. */
  constructor(fields: readonly StateField[], shape: StateShape) {
    this.#fields = fields;
    this.#values = fields.map(({ schema }) => schema.defaultValue());
    this.#sent = fields.map(({ index, defaultArchive }) => ({
      index,
      data: defaultArchive,
      isOwn: false,
      isKnown: true,
    }));
    this.#touched = fields.map(() => false);
    const object = Object.defineProperties({}, shape);
    Object.defineProperty(object, STATE, { value: this });
    this.object = Object.seal(object);
  }

  /** The value of a field, for the handler. */
  read(index: number): unknown {
    const value = this.#values[index];
    if (isMutable(value)) this.#touch(index);
    return value;
  }

  /** Assign a field, for the handler. */
  write(index: number, value: unknown): void {
    this.#values[index] = value;
    this.#touch(index);
  }

  #touch(index: number): void {
    this.#touched[index] = true;
    this.#anyTouched = true;
  }

  /** Look at every field the next time: one may have been changed from inside by a kept reference. */
  touchAll(): void {
    for (const { index } of this.#fields) this.#touch(index);
  }

  /**
   * What has changed, in field order; from now on it counts as sent. Valid until the next call.
   *
   * @param held Whether other calls are under way, which may hold on to what they read.
   * @throws {CodecError} If a field cannot be archived. Then nothing counts as sent.
   */
  takeUpdates(held: boolean): readonly StateUpdate[] {
    if (!this.#anyTouched) return NO_UPDATES;
    const updates: Sent[] = [];
    const writer = takeWriter();
    try {
      for (let i = 0; i < this.#fields.length; i++) {
        if (this.#touched[i] && this.#archive(writer, i)) updates.push(this.#sent[i]!);
      }
    } catch (error) {
      for (const sent of updates) sent.isKnown = false;
      throw error;
    } finally {
      giveWriter(writer);
    }
    this.#anyTouched = false;
    for (let i = 0; i < this.#fields.length; i++) {
      if (!this.#touched[i]) continue;
      const keep = held && isMutable(this.#values[i]);
      this.#touched[i] = keep;
      if (keep) this.#anyTouched = true;
    }
    return updates;
  }

  /** Archive a field; says whether it is not what was last sent, and keeps it as that. */
  #archive(writer: Writer, index: number): boolean {
    const { name, schema } = this.#fields[index]!;
    const start = writer.position;
    try {
      const length = writeArchive(schema, writer, this.#values[index]);
      const sent = this.#sent[index]!;
      const { bytes } = writer;
      if (sent.isKnown && equals(sent.data, bytes, start, length)) return false;
      if (sent.isOwn && sent.data.length === length) {
        if (length > MAX_LOOPED_BYTES) sent.data.set(bytes.subarray(start, start + length));
        else for (let i = 0; i < length; i++) sent.data[i] = bytes[start + i]!;
      } else {
        sent.data = bytes.slice(start, start + length);
        sent.isOwn = true;
      }
      sent.isKnown = true;
      return true;
    } catch (error) {
      schema.accept(this.#values[index], ["state", name]);
      throw error;
    } finally {
      writer.position = start;
    }
  }
}

function equals(data: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (data.length !== length) return false;
  for (let i = 0; i < length; i++) if (data[i] !== bytes[start + i]) return false;
  return true;
}
