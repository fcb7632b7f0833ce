/**
 * Views with named or numbered fields: structs, tuples, variants and results.
 *
 * @module
 */
import { type Access, Place, type Step, type ViewReader, type Whole } from "./view_place.ts";

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
