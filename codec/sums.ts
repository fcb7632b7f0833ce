/**
 * Sums: one of several arms, told apart by a tag.
 *
 * @module
 */
import { type Fields, fieldsAt, type Items, quoted, textOf } from "./fields.ts";
import { type EnumLayout, enumLayout, type FieldsLayout, laidOut, tagBytesOf } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { type Arm, type Naming, once, type Schema, type Sum } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** What an arm is made of. */
export interface ArmSpec {
  /** Its name. */
  readonly name: string;
  /** Where its fields are in a value. */
  readonly shape: Arm["shape"];
  /** Its fields. */
  readonly schemas: Fields | Items;
}

/** How the values of a sum are told apart, and where they keep what their arm carries. */
export interface SumValues {
  /** The arm of a value, if it is of one. */
  armOf(this: Sum, value: unknown): Arm | undefined;
  /** What a value carries, by key. */
  carried(arm: Arm, value: unknown): unknown;
  /** Say that a value is of no arm, where one can be. */
  refuse?(sum: Sum, writer: Writer, value: unknown): never;
  /** Read the value of an arm. */
  read(reader: Reader, at: number, arm: Arm): unknown;
}

/** A sum of arms. */
export function sum(
  kind: Sum["kind"],
  specs: readonly ArmSpec[],
  { armOf, carried, refuse, read }: SumValues,
  own: Partial<Pick<Sum, "nullable" | "reprU8" | "text">> = {},
): Sum {
  const tagBytes = tagBytesOf(specs.length);
  const layout = once(() => enumLayout(specs.map(({ schemas }) => Object.values(schemas))));
  const arms = specs.map((spec, tag) => arm(spec, tag, tagBytes, layout));
  const schema: Sum = laidOut(layout, {
    kind,
    arms,
    tagBytes,
    armOf,
    carried: carried as Sum["carried"],
    write(writer: Writer, at: number, value: unknown) {
      const own = schema.armOf(value) ?? refuse!(schema, writer, value);
      own.write(writer, at, carried(own, value));
    },
    read(reader: Reader, at: number) {
      const tag = readTag(reader, at, tagBytes);
      const own = arms[tag] ??
        reader.fail("InvalidTag", at, `a tag below ${arms.length}, got ${tag}`);
      return read(reader, at, own);
    },
    ...own,
  });
  return schema;
}

function arm(
  spec: ArmSpec,
  tag: number,
  tagBytes: Sum["tagBytes"],
  layout: () => EnumLayout,
): Arm {
  const { name, shape, schemas } = spec;
  const own = (): FieldsLayout => layout().variants[tag]!;
  const fields = fieldsAt(schemas, own);
  const { write, read } = fields;
  return laidOut(
    own,
    Object.assign(fields, spec, {
      kind: "arm" as const,
      tag,
      tagBytes,
      text: (naming: Naming) =>
        quoted(name) +
        (shape === "unit"
          ? ""
          : textOf(shape === "named" ? schemas : Object.values(schemas), naming)),
      write(writer: Writer, at: number, value: unknown) {
        // The bytes are zero: the tag ends with its last byte that is not.
        for (let rest = tag, to = at; rest > 0; rest >>= 8) writer.out[to++] = rest;
        if (shape === "unit") return;
        const { steps } = writer;
        if (shape === "items") writer.path[writer.steps++] = "value";
        write(writer, at, value);
        writer.steps = steps;
      },
      read(reader: Reader, at: number) {
        const came = readTag(reader, at, tagBytes);
        if (came !== tag) reader.fail("InvalidTag", at, `tag ${tag}, got ${came}`);
        return read(reader, at);
      },
    }),
  );
}

/** The tag of the sum at `at`, of however many bytes it has. */
export function readTag(reader: Reader, at: number, tagBytes: 1 | 2 | 4): number {
  // A view is dear: made for each call's method, it took a third of a busy server's time on Bun.
  if (tagBytes === 1) return reader.bytes[at]!;
  return tagBytes === 2 ? reader.view.getUint16(at, true) : reader.u32(at);
}

/** Sums whose values are objects of one key, which is the arm's name. */
const KEYED: SumValues = {
  armOf(value) {
    return typeof value === "object" && value !== null
      ? this.arms.find(({ name }) => name in value)
      : undefined;
  },
  carried: (_arm, value) => value,
  refuse({ kind, arms }, writer: Writer, value): never {
    const names = arms.map(({ name }) => `{ ${name} }`).join(" or ");
    writer.refuse(kind === "result" ? names : `${kind}, ${names}`, value);
  },
  read: (reader, at, arm) => arm.readInto(reader, at, {}),
};

/** A sum whose values are objects of one key; `text` is how it is named, if that is not its kind. */
export function keyedSum<T>(kind: Sum["kind"], arms: Fields, text?: Sum["text"]): Schema<T> {
  const specs = Object.entries(arms).map(([name, schema]): ArmSpec => ({
    name,
    shape: "single",
    schemas: { [name]: schema },
  }));
  return sum(kind, specs, KEYED, { text }) as Schema<unknown> as Schema<T>;
}
