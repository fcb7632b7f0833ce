/**
 * {@linkcode Phases}: what generated code keeps from one phase of writing to the next.
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

/** Where out-of-line parts went whose owners are not written yet, and what else was made on the way. */
export class Phases {
  /** Resolvers of what is written in loops. */
  readonly stack: number[] = [];
  /** Height of the stack. */
  top = 0;
  /** The next entry of the stack to be used. */
  cursor = 0;
  /** Values that were converted in the first phase. */
  readonly converted: unknown[] = [];
  readonly #stashed: Stashed[] = [];

  /** Keep what a conversion made for the second phase; returns its place. */
  keep(value: unknown): number {
    return this.converted.push(value) - 1;
  }

  /** Write an object to the scratch, and leave it there; returns its place. */
  stash(writer: Writer, schema: AnySchema, value: unknown): number {
    const { mark } = writer;
    const { size } = schema;
    const at = writer.begin(size);
    schema.write(writer, at, value);
    return this.#stashed.push({ at, size, mark, end: writer.mark }) - 1;
  }

  /** Put what was stashed where its owner has room for it. */
  unstash(writer: Writer, place: number, to: number): void {
    const { at, size, mark, end } = this.#stashed[place]!;
    copy(writer.out, writer.bytes, to, at, size);
    const { pointers, view } = writer;
    for (let i = mark; i < end; i++) {
      const field = pointers[i]! + to - at;
      view.setInt32(field, view.getInt32(field, true) - to + at, true);
    }
  }

  /** Nothing is stashed or converted any more. */
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

/** Write an object that has no parts into zeroed bytes. */
export function writeFlat(writer: Writer, schema: AnySchema, at: number, value: unknown): void {
  const { out, outView } = writer;
  writer.out = writer.bytes;
  writer.outView = writer.view;
  schema.write(writer, at, value);
  writer.out = out;
  writer.outView = outView;
}
