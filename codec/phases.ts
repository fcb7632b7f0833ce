/**
 * {@linkcode Phases}: the data that generated code keeps between the two phases of writing.
 *
 * @module
 */
import type { AnySchema } from "./schema.ts";
import { copy, type Writer } from "./writer.ts";

interface Stashed {
  readonly at: number;
  readonly size: number;
  /** Its pointers: from here … */
  readonly mark: number;
  /** … to here. */
  readonly end: number;
}

/** The positions of out-of-line parts whose owners are not written yet, and other intermediate results. */
export class Phases {
  /** Resolvers of values written in loops. */
  readonly stack: number[] = [];
  /** Height of the stack. */
  top = 0;
  /** The next entry of the stack. */
  cursor = 0;
  /** Values that were converted in the first phase. */
  readonly converted: unknown[] = [];
  readonly #stashed: Stashed[] = [];

  /** Keep a converted value for the second phase; returns its index. */
  keep(value: unknown): number {
    return this.converted.push(value) - 1;
  }

  /** Write an object to the scratch and leave it there; returns its position. */
  stash(writer: Writer, schema: AnySchema, value: unknown): number {
    const { mark } = writer;
    const { size } = schema;
    const at = writer.begin(size);
    schema.write(writer, at, value);
    return this.#stashed.push({ at, size, mark, end: writer.mark }) - 1;
  }

  /** Copy a stashed object to its place in its owner. */
  unstash(writer: Writer, place: number, to: number): void {
    const { at, size, mark, end } = this.#stashed[place]!;
    copy(writer.out, writer.bytes, to, at, size);
    const { pointers, view } = writer;
    for (let i = mark; i < end; i++) {
      const field = pointers[i]! + to - at;
      view.setInt32(field, view.getInt32(field, true) - to + at, true);
    }
  }

  /** Drop stashed and converted values. */
  settle(writer: Writer): void {
    if (this.converted.length > 0) this.converted.length = 0;
    const first = this.#stashed[0];
    if (first === undefined) return;
    writer.top = first.at;
    writer.mark = first.mark;
    this.#stashed.length = 0;
  }
}

/** The phases of a writer. */
export function phasesOf(writer: Writer): Phases {
  return writer.phases ??= new Phases();
}

/** Write an object without parts into zeroed bytes. */
export function writeFlat(writer: Writer, schema: AnySchema, at: number, value: unknown): void {
  const { out, outView } = writer;
  writer.out = writer.bytes;
  writer.outView = writer.view;
  schema.write(writer, at, value);
  writer.out = out;
  writer.outView = outView;
}
