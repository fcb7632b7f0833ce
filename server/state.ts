/**
 * {@linkcode ConnectionState}: the state a handler owns and its client sees.
 *
 * @module
 */
import { writeArchive } from "../codec/archive.ts";
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

const NO_UPDATES: readonly StateUpdate[] = [];

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
  readonly #sent: Uint8Array[];
  readonly #touched: boolean[];
  #anyTouched = false;

  /** Create with every field at its default. */
  constructor(fields: readonly StateField[], shape: StateShape) {
    this.#fields = fields;
    this.#values = fields.map(({ schema }) => schema.defaultValue());
    this.#sent = fields.map(({ defaultArchive }) => defaultArchive);
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
   * What has changed, in field order; from now on it counts as sent.
   *
   * @param held Whether other calls are under way, which may hold on to what they read.
   * @throws {CodecError} If a field cannot be archived. Then nothing counts as sent.
   */
  takeUpdates(held: boolean): readonly StateUpdate[] {
    if (!this.#anyTouched) return NO_UPDATES;
    let updates: StateUpdate[] | undefined;
    for (const field of this.#fields) {
      if (!this.#touched[field.index]) continue;
      const data = this.#changed(field);
      if (data !== undefined) (updates ??= []).push({ index: field.index, data });
    }
    this.#anyTouched = false;
    for (const { index } of this.#fields) {
      const keep = held && this.#touched[index]! && isMutable(this.#values[index]);
      this.#touched[index] = keep;
      if (keep) this.#anyTouched = true;
    }
    if (updates === undefined) return NO_UPDATES;
    for (const { index, data } of updates) this.#sent[index] = data;
    return updates;
  }

  /** The field's archive, if it is not what was last sent. */
  #changed({ index, name, schema }: StateField): Uint8Array | undefined {
    const writer = takeWriter();
    const start = writer.position;
    try {
      writeArchive(schema, writer, this.#values[index]);
      const archive = writer.bytes.subarray(start, writer.position);
      return equalBytes(archive, this.#sent[index]!) ? undefined : archive.slice();
    } catch (error) {
      schema.accept(this.#values[index], ["state", name]);
      throw error;
    } finally {
      giveWriter(writer);
    }
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
