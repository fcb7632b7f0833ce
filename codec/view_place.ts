/**
 * {@linkcode Place}: a view's position and path in an archive.
 *
 * @module
 */
import { readUtf8Fast } from "./utf8_buffer.ts";
import { CodecError, type CodecErrorCode } from "./errors.ts";
import { WORDS } from "./explain.ts";
import { spend } from "./parts.ts";
import { type DecodeLimits, Reader } from "./reader.ts";
import type { AnySchema } from "./schema.ts";

/** One step of a path; a function is called when the path is shown. */
export type Step = string | number | (() => string);

/** Returns the value at a position: a view or a decoded value. */
export type Access = (
  reader: ViewReader,
  at: number,
  up: Place | undefined,
  step: Step,
) => unknown;

/** The decoded value of a view. */
export interface Whole {
  /** The schema of the object at the view's position. */
  readonly schema: AnySchema;
  /** The part of its value that the view shows; all of it if absent. */
  readonly part?: string;
}

/** A reader shared by all views of one archive. */
export class ViewReader extends Reader {
  /** Whether a value is being read: a conversion in it may access other views. */
  busy = false;
  #up: Place | undefined;
  #step: Step = "";

  /** Create over a whole archive. */
  constructor(archive: Uint8Array, limits?: DecodeLimits) {
    super(limits);
    this.utf8 = readUtf8Fast;
    this.words = WORDS;
    this.reset(archive);
    this.open(0, archive.length);
  }

  /** Enforce the memory budget of one archive. */
  allow(bytes: number, at: number): void {
    this.memory = this.limits.maxDecodedBytes;
    spend(this, bytes, at);
  }

  /** Aim at the object at `at`: its parts must lie before it. */
  aim(at: number, up: Place | undefined, step: Step): ViewReader {
    const reader = this.busy ? new ViewReader(this.bytes, this.limits) : this;
    reader.low = 0;
    reader.high = at;
    reader.steps = 0;
    reader.#up = up;
    reader.#step = step;
    return reader;
  }

  override fail(code: CodecErrorCode, at: number, ...about: readonly unknown[]): never {
    const { path } = this;
    this.path.splice(0, path.length, ...pathTo(this.#up, this.#step), ...path.slice(0, this.steps));
    this.steps = path.length;
    return super.fail(code, at, ...about);
  }
}

/** Decode the object at a position with everything it contains. */
export function readWhole(
  aimed: ViewReader,
  at: number,
  up: Place | undefined,
  step: Step,
  schema: AnySchema,
): unknown {
  const reader = aimed.aim(at, up, step);
  reader.depth = reader.limits.maxDepth;
  reader.memory = reader.limits.maxDecodedBytes;
  reader.busy = true;
  try {
    return schema.read(reader, at);
  } catch (cause) {
    if (cause instanceof CodecError) throw cause;
    return reader.fail("BadValue", at, `a value that can be converted (${cause})`);
  } finally {
    reader.busy = false;
  }
}

/** A view's place. It has no public names, so that a struct's fields may have any name. */
export class Place {
  readonly #whole: Whole;
  readonly #reader: ViewReader;
  readonly #at: number;
  readonly #up: Place | undefined;
  readonly #step: Step;

  constructor(whole: Whole, reader: ViewReader, at: number, up: Place | undefined, step: Step) {
    this.#whole = whole;
    this.#reader = reader;
    this.#at = at;
    this.#up = up;
    this.#step = step;
  }

  /** A getter for views of a class: reads the field at `offset`. */
  static getter(access: Access, offset: number, step: Step): () => unknown {
    return function (this: Place): unknown {
      return access(this.#reader, this.#at + offset, this, step);
    };
  }

  /** See a part of a place. */
  static see(place: Place, access: Access, at: number, step: Step): unknown {
    return access(place.#reader, at, place, step);
  }

  /** The reader, aimed at a part of a place. */
  static aim(place: Place, at: number, step: Step): ViewReader {
    return place.#reader.aim(at, place, step);
  }

  /** The decoded value of a place. */
  static decode(place: Place): unknown {
    const { schema, part } = place.#whole;
    const value = readWhole(place.#reader, place.#at, place.#up, place.#step, schema);
    return part === undefined ? value : (value as Record<string, unknown>)[part];
  }

  /** The steps to a place. */
  static path(place: Place | undefined): Step[] {
    const steps: Step[] = [];
    for (let next = place; next !== undefined; next = next.#up) steps.push(next.#step);
    return steps.reverse();
  }
}

function pathTo(up: Place | undefined, step: Step): (string | number)[] {
  return [...Place.path(up), step].map((part) => typeof part === "function" ? part() : part)
    .filter((part) => part !== "");
}
