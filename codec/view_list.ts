/**
 * {@linkcode ListView}: elements of the same type, back to back.
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
  readonly #reader: ViewReader;
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
    this.#reader = reader;
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
    return access(this.#reader, start + i * size, this, i);
  }

  *[Symbol.iterator](): Generator<unknown, void, void> {
    const { start, length, size, access } = this.#elements;
    for (let i = 0; i < length; i++) yield access(this.#reader, start + i * size, this, i);
  }
}
