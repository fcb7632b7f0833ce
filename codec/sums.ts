/**
 * Sums: one of several arms, told apart by a tag.
 *
 * @module
 */
import {
  type Fields,
  fieldsAt,
  type FieldsSchema,
  type Items,
  type Keyed,
  quoted,
  textOf,
} from "./fields.ts";
import { type EnumLayout, enumLayout, laidOut, tagBytesOf } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { type AnySchema, type Arm, type Naming, once, type Schema, type Sum } from "./schema.ts";
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

/**
 * A sum of arms.
 *
 * @param isTagged Whether a value has its arm's name as its `type`, as in `{ type: "circle", radius: 2 }`; otherwise the
 * name is itself a key, as in `{ ok: 7 }`.
 */
export function sum(
  kind: Sum["kind"],
  specs: readonly ArmSpec[],
  isTagged: boolean,
  own?: Partial<Pick<Sum, "nullable" | "reprU8" | "parts" | "text" | "armOf" | "write" | "read">>,
): Sum {
  const tagBytes = tagBytesOf(specs.length);
  const layout = once(() => enumLayout(specs.map(({ schemas }) => Object.values(schemas))));
  const arms = specs.map((spec, tag) => arm(spec, tag, tagBytes, layout));
  const schema: Sum = laidOut(layout, {
    kind,
    arms,
    tagBytes,
    armOf(value: unknown) {
      const keyed = Object(value) as Keyed;
      return arms.find(({ name }) => isTagged ? keyed["type"] === name : name in keyed);
    },
    write(writer: Writer, at: number, value: unknown) {
      const chosen = schema.armOf(value);
      if (chosen) return chosen.write(writer, at, value);
      if (!isTagged || typeof value !== "object" || value === null || Array.isArray(value)) {
        writer.refuse(schema, value);
      }
      writer.path[writer.steps++] = "type";
      writer.refuse(schema, (value as Keyed)["type"]);
    },
    read(reader: Reader, at: number) {
      const chosen = arms[readTag(reader, at, tagBytes)] ?? reader.fail("InvalidTag", at, schema);
      return chosen.readInto(reader, at, isTagged ? { type: chosen.name } : {});
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
  const inPlace = (): FieldsSchema => fieldsAt(schemas, () => layout().offsets[tag]!);
  const fields = inPlace();
  const { write, read, readInto } = shape === "items"
    ? fieldsAt({ value: inPlace() as unknown as AnySchema }, () => [0])
    : fields;
  const schema: Arm = laidOut(
    layout,
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
        if (shape !== "unit") write(writer, at, value);
      },
      read(reader: Reader, at: number) {
        if (readTag(reader, at, tagBytes) !== tag) reader.fail("InvalidTag", at, schema);
        return read(reader, at);
      },
      readInto,
    }),
  );
  return schema;
}

/** The tag of the sum at `at`, of however many bytes it has. */
export function readTag(reader: Reader, at: number, tagBytes: 1 | 2 | 4): number {
  // A view is dear: made for each call's method, it took a third of a busy server's time on Bun.
  return tagBytes === 1 ? reader.bytes[at]! : reader.u32(at) % 256 ** tagBytes;
}

/** A sum whose values are objects of one key, as `{ ok: 7 }`. */
export function keyedSum<T>(
  kind: Sum["kind"],
  arms: Fields,
  parts?: readonly AnySchema[],
): Schema<T> {
  const specs = Object.entries(arms).map(([name, schema]): ArmSpec => ({
    name,
    shape: "single",
    schemas: { [name]: schema },
  }));
  return sum(kind, specs, false, { parts }) as AnySchema as Schema<T>;
}
