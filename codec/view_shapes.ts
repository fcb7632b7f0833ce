/**
 * Views of lists, and of what has named or numbered fields: structs, tuples, variants and results.
 *
 * @module
 */
import { type Access, Place, type Step, type ViewReader, type Whole } from "./view_place.ts";

/** The position of the elements. */
export interface Elements {
  /** Position of the first. */
  readonly start: number;
  /** How many. */
  readonly length: number;
  /** Bytes of each element. */
  readonly size: number;
  /** The reader of an element. */
  readonly access: Access;
}

/** A view on a vec, a boxed slice or an array. */
export class ListView extends Place {
  readonly #elements: Elements;

  constructor(
    whole: Whole,
    reader: ViewReader,
    at: number,
    up: Place | undefined,
    step: Step,
    elements: Elements,
  ) {
    super(whole, reader, at, up, step);
    this.#elements = elements;
  }

  get length(): number {
    return this.#elements.length;
  }

  at(index: number): unknown {
    const { start, length, size, access } = this.#elements;
    const whole = Math.trunc(index) || 0;
    const i = whole < 0 ? whole + length : whole;
    if (i < 0 || i >= length) return undefined;
    return Place.see(this, access, start + i * size, i);
  }

  *[Symbol.iterator](): Generator<unknown, void, void> {
    const { start, length, size, access } = this.#elements;
    for (let i = 0; i < length; i++) yield Place.see(this, access, start + i * size, i);
  }
}

/** One field of a view. */
export interface ViewField {
  /** Its name, or its number. */
  readonly key: string | number;
  /** Its reader. */
  readonly access: Access;
  /** Where, from the view's position. */
  readonly offset: number;
}

/** Creates the views of one type. */
export type PlaceClass = new (
  reader: ViewReader,
  at: number,
  up: Place | undefined,
  step: Step,
) => Place;

function makeClass(whole: Whole): PlaceClass {
  return class RecordView extends Place {
    constructor(reader: ViewReader, at: number, up: Place | undefined, step: Step) {
      super(whole, reader, at, up, step);
    }
  };
}

function define(target: PlaceClass, fields: readonly ViewField[]): void {
  for (const { key, access, offset } of fields) {
    Object.defineProperty(target.prototype, key, {
      get: Place.getter(access, offset, key),
      enumerable: true,
      configurable: true,
    });
  }
}

/** A class with one getter per field. `constants` are the same in all its views. */
export function recordClass(
  whole: Whole,
  fields: readonly ViewField[],
  constants: Readonly<Record<string, unknown>> = {},
): PlaceClass {
  const made = makeClass(whole);
  for (const [key, value] of Object.entries(constants)) {
    Object.defineProperty(made.prototype, key, { value, enumerable: true });
  }
  define(made, fields);
  return made;
}

/** A class with numbered getters, `length` and iteration. */
export function tupleClass(whole: Whole, fields: readonly ViewField[]): PlaceClass {
  const made = makeClass(whole);
  define(made, fields);
  const { length } = fields;
  Object.defineProperty(made.prototype, "length", { value: length });
  Object.defineProperty(made.prototype, Symbol.iterator, {
    *value(this: Readonly<Record<number, unknown>>) {
      for (let i = 0; i < length; i++) yield this[i];
    },
  });
  return made;
}
