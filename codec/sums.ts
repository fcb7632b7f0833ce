/**
 * Sums: one of several arms, told apart by a tag.
 *
 * @module
 */
import {
  checkFields,
  emptyKeyed,
  expectedKeyed,
  type Fields,
  isKeyed,
  type Items,
  type Keyed,
  placeFields,
  readFields,
  writeFields,
} from "./fields.ts";
import { enumLayout } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { type Arm, type Field, once, type Schema, type Sum } from "./schema.ts";
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
  armOf(arms: readonly Arm[], value: unknown): Arm | undefined;
  /** What a value carries, by key. */
  carried(arm: Arm, value: unknown): unknown;
  /** Say that a value is of no arm. */
  refuse(writer: Writer, sum: Sum, value: unknown): never;
  /** Read the value of an arm. */
  read(reader: Reader, at: number, arm: Arm): unknown;
}

/** A sum of arms. */
export function sum(
  kind: Sum["kind"],
  specs: readonly ArmSpec[],
  values: SumValues,
  reprU8: boolean = false,
): Sum {
  const layout = once(() => enumLayout(specs.map(({ schemas }) => Object.values(schemas))));
  const flat = once(() => schema.arms.every((arm) => arm.flat));
  const schema: Sum = {
    kind,
    reprU8,
    nullable: kind === "option",
    functions: undefined,
    arms: specs.map((spec, tag) =>
      arm(spec, tag, () => schema, once(() => placeFields(spec.schemas, layout().variants[tag]!)))
    ),
    get tagBytes() {
      return layout().tagBytes;
    },
    get size() {
      return layout().size;
    },
    get align() {
      return layout().align;
    },
    get niche() {
      return layout().niche;
    },
    get flat() {
      return flat();
    },
    armOf: (value) => values.armOf(schema.arms, value),
    carried: (arm, value) => values.carried(arm, value) as Keyed,
    write(writer, at, value) {
      const own = values.armOf(schema.arms, value) ?? values.refuse(writer, schema, value);
      own.write(writer, at, values.carried(own, value));
    },
    read: (reader, at) =>
      values.read(
        reader,
        at,
        schema.arms[readTag(reader, at, schema.tagBytes)] ??
          reader.fail("InvalidTag", at, `a tag below ${specs.length}`),
      ),
  };
  return schema;
}

function arm(
  { name, shape, schemas }: ArmSpec,
  tag: number,
  owner: () => Sum,
  fields: () => readonly Field[],
): Arm {
  checkFields(`variant ${name}`, schemas);
  const flat = once(() => Object.values(schemas).every((schema) => schema.flat));
  return {
    kind: "arm",
    name,
    tag,
    shape,
    nullable: shape === "unit",
    functions: undefined,
    get owner() {
      return owner();
    },
    get fields() {
      return fields();
    },
    get size() {
      return owner().size;
    },
    get align() {
      return owner().align;
    },
    get niche() {
      return owner().niche;
    },
    get flat() {
      return flat();
    },
    write(writer: Writer, at, value) {
      const { tagBytes } = owner();
      if (tagBytes === 1) writer.out[at] = tag;
      else if (tagBytes === 2) writer.outView.setUint16(at, tag, true);
      else writer.outView.setUint32(at, tag, true);
      if (shape === "unit") return;
      const { steps } = writer;
      if (shape === "items") writer.path[writer.steps++] = "value";
      if (!isKeyed(value, schemas)) writer.refuse(expectedKeyed(schemas), value);
      writeFields(writer, at, fields(), value);
      writer.steps = steps;
    },
    read(reader, at) {
      if (readTag(reader, at, owner().tagBytes) !== tag) {
        reader.fail("InvalidTag", at, `tag ${tag}`);
      }
      return readFields(reader, at, fields(), emptyKeyed(schemas));
    },
  };
}

/** The tag of the sum at `at`, of however many bytes it has. */
export function readTag(reader: Reader, at: number, tagBytes: 1 | 2 | 4): number {
  // A view is dear: made for each call's method, it took a third of a busy server's time on Bun.
  if (tagBytes === 1) return reader.bytes[at]!;
  return tagBytes === 2 ? reader.view.getUint16(at, true) : reader.u32(at);
}

/** Sums whose values are objects of one key, which is the arm's name. */
const KEYED: SumValues = {
  armOf: (arms, value) =>
    typeof value === "object" && value !== null
      ? arms.find(({ name }) => name in value)
      : undefined,
  carried: (_arm, value) => value,
  refuse(writer: Writer, { kind, arms }, value): never {
    const names = arms.map(({ name }) => `{ ${name} }`).join(" or ");
    writer.refuse(kind === "result" ? names : `${kind}, ${names}`, value);
  },
  read: (reader, at, { fields }) => readFields(reader, at, fields, {}),
};

/** A sum whose values are objects of one key. */
export function keyedSum<T>(kind: Sum["kind"], arms: Fields): Schema<T> {
  const specs = Object.entries(arms).map(([name, schema]): ArmSpec => ({
    name,
    shape: "single",
    schemas: { [name]: schema },
  }));
  return sum(kind, specs, KEYED) as Schema<unknown> as Schema<T>;
}
