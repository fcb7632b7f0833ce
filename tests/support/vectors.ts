/**
 * Golden vectors: lines written by rkyv itself, their schema language and their values.
 *
 * @module
 */
import { decodeHex, encodeHex } from "@std/encoding";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
  array,
  bool,
  box,
  boxSlice,
  boxStr,
  btreeMap,
  btreeSet,
  bytes,
  char,
  cString,
  duration,
  f32,
  f64,
  i128,
  i16,
  i32,
  i64,
  i8,
  ip,
  ipv4,
  ipv6,
  isize,
  lazy,
  map,
  nonZero,
  option,
  range,
  rangeFrom,
  rangeInclusive,
  rangeTo,
  rangeToInclusive,
  result,
  type Schema,
  set,
  socketAddr,
  socketAddrV4,
  socketAddrV6,
  string,
  struct,
  tuple,
  tupleStruct,
  u128,
  u16,
  u32,
  u64,
  u8,
  unit,
  usize,
  uuid,
  variants,
  type VariantSpec,
  vec,
} from "../../codec/mod.ts";

/** A type in the vectors' schema language. */
// deno-lint-ignore no-explicit-any
export type TypeSpec = any;

/** A value in the vectors' encoding. */
// deno-lint-ignore no-explicit-any
export type ValueSpec = any;

/** One line. */
export interface Line {
  readonly name: string;
  readonly rust: string;
  readonly schema: TypeSpec;
  readonly value: ValueSpec;
  readonly hex: string;
  readonly size: number;
  readonly align: number;
  readonly offsets?: number[];
  readonly mutation?: string;
  readonly ok?: boolean;
  readonly canonical?: string;
  readonly error?: string;
}

/** All lines of a file under `tests/vectors/`, gzipped or not. */
export function readLines(file: string): Line[] {
  const raw = readFileSync(new URL(`../vectors/${file}`, import.meta.url));
  const text = (file.endsWith(".gz") ? gunzipSync(raw) : raw).toString("utf8");
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Line);
}

const LEAVES: Record<string, Schema<never>> = {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  u64,
  i64,
  u128,
  i128,
  usize,
  uuid,
  isize,
  f32,
  f64,
  bool,
  char,
  unit,
  string,
  boxstr: boxStr,
  cstring: cString,
  duration,
  rangefull: unit,
  ipv4,
  ipv6,
  ip,
  sockv4: socketAddrV4,
  sockv6: socketAddrV6,
  sock: socketAddr,
} as unknown as Record<string, Schema<never>>;

const BITS = new DataView(new ArrayBuffer(8));

/** A schema with both conversions between its values and the vectors'. */
export interface Typed {
  readonly schema: Schema<unknown>;
  fromSpec(spec: ValueSpec): unknown;
  toSpec(value: unknown): ValueSpec;
}

function leaf(kind: string): Typed {
  if (kind.startsWith("nz_")) {
    const inner = leaf(kind.slice(3));
    return { ...inner, schema: nonZero(inner.schema as Schema<number>) as Schema<unknown> };
  }
  const schema = LEAVES[kind] as Schema<unknown> | undefined;
  if (schema === undefined) throw new Error(`no such leaf: ${kind}`);
  const same = { schema, fromSpec: (v: ValueSpec) => v, toSpec: (v: unknown) => v };
  switch (kind) {
    case "u64":
    case "i64":
    case "u128":
    case "i128":
      return { schema, fromSpec: (v) => BigInt(v), toSpec: (v) => String(v) };
    case "f32":
      return {
        schema,
        fromSpec: (v) => (BITS.setUint32(0, Number(v)), BITS.getFloat32(0)),
        toSpec: (
          v,
        ) => (BITS.setFloat32(0, v as number),
          `0x${BITS.getUint32(0).toString(16).padStart(8, "0")}`),
      };
    case "f64":
      return {
        schema,
        fromSpec: (v) => (BITS.setBigUint64(0, BigInt(v)), BITS.getFloat64(0)),
        toSpec: (
          v,
        ) => (BITS.setFloat64(0, v as number),
          `0x${BITS.getBigUint64(0).toString(16).padStart(16, "0")}`),
      };
    case "unit":
    case "rangefull":
      return { schema, fromSpec: () => undefined, toSpec: () => null };
    case "duration":
      return {
        schema,
        fromSpec: (v) => ({ secs: BigInt(v.secs), nanos: v.nanos }),
        toSpec: (v) => ({
          secs: String((v as { secs: bigint }).secs),
          nanos: (v as { nanos: number }).nanos,
        }),
      };
    case "ipv4":
    case "ipv6":
    case "uuid":
      return { schema, fromSpec: decodeHex, toSpec: (v) => encodeHex(v as Uint8Array) };
    case "ip":
      return versioned(schema, leaf("ipv4"), leaf("ipv6"));
    case "sock":
      return versioned(schema, leaf("sockv4"), leaf("sockv6"));
    case "sockv4":
    case "sockv6":
      return {
        schema,
        fromSpec: (v) => ({ ...v, ip: decodeHex(v.ip) }),
        toSpec: (v) => ({ ...v as object, ip: encodeHex((v as { ip: Uint8Array }).ip) }),
      };
    default:
      return same;
  }
}

function versioned(schema: Schema<unknown>, v4: Typed, v6: Typed): Typed {
  return {
    schema,
    fromSpec: (v) => "v4" in v ? { v4: v4.fromSpec(v.v4) } : { v6: v6.fromSpec(v.v6) },
    toSpec: (v) => {
      const value = v as Record<string, unknown>;
      return "v4" in value ? { v4: v4.toSpec(value["v4"]) } : { v6: v6.toSpec(value["v6"]) };
    },
  };
}

function list(schema: Schema<unknown>, item: Typed): Typed {
  return {
    schema,
    fromSpec: (v) => v.map(item.fromSpec),
    toSpec: (v) => (v as unknown[]).map(item.toSpec),
  };
}

function byteList(schema: Schema<unknown>): Typed {
  return {
    schema,
    fromSpec: (v) => schema.kind === "bytes" ? decodeHex(v) : [...decodeHex(v)],
    toSpec: (v) => encodeHex(Uint8Array.from(v as Uint8Array)),
  };
}

/** Hash maps decode in the archive's order, which has no meaning: sort them before comparing. */
function inOrder(kind: string, entries: ValueSpec[]): ValueSpec[] {
  if (kind.startsWith("btree")) return entries;
  return entries.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

type Named = [string, TypeSpec][];

function record(schema: Schema<unknown>, fields: readonly (readonly [string, Typed])[]): Typed {
  return {
    schema,
    fromSpec: (v) =>
      Object.fromEntries(fields.map(([name, type]) => [name, type.fromSpec(v[name])])),
    toSpec: (v) =>
      Object.fromEntries(fields.map(([name, type]) => [name, type.toSpec((v as ValueSpec)[name])])),
  };
}

function variantsOf(spec: TypeSpec, types: Record<string, Typed>): Typed {
  const specs: Record<string, VariantSpec> = {};
  const shapes = new Map<string, { kind: "u" | "t" | "s"; types: Typed[]; names: string[] }>();
  for (
    const [name, kind, fields] of spec.variants as [string, "t" | "s" | undefined, TypeSpec[]][]
  ) {
    if (kind === undefined) {
      specs[name] = null;
      shapes.set(name, { kind: "u", types: [], names: [] });
    } else if (kind === "t") {
      const items = fields.map((t) => build(t, types));
      specs[name] = items.map((t) => t.schema);
      shapes.set(name, { kind, types: items, names: [] });
    } else {
      const named = (fields as Named).map(([field, t]) => [field, build(t, types)] as const);
      specs[name] = Object.fromEntries(named.map(([field, t]) => [field, t.schema]));
      shapes.set(name, {
        kind,
        types: named.map(([, t]) => t),
        names: named.map(([field]) => field),
      });
    }
  }
  return {
    schema: variants(specs, spec.repr === true ? { repr: "u8" } : {}) as Schema<unknown>,
    fromSpec: (v) => {
      const shape = shapes.get(v.v)!;
      if (shape.kind === "u") return { type: v.v };
      if (shape.kind === "t") {
        return {
          type: v.v,
          value: shape.types.map((t, i) => t.fromSpec(v.t[i])),
        };
      }
      return {
        type: v.v,
        ...Object.fromEntries(
          shape.names.map((name, i) => [name, shape.types[i]!.fromSpec(v.f[name])]),
        ),
      };
    },
    toSpec: (value) => {
      const v = value as ValueSpec;
      const shape = shapes.get(v.type)!;
      if (shape.kind === "u") return { v: v.type };
      if (shape.kind === "t") {
        return {
          v: v.type,
          t: shape.types.map((t, i) => t.toSpec(v.value[i])),
        };
      }
      return {
        v: v.type,
        f: Object.fromEntries(
          shape.names.map((name, i) => [name, shape.types[i]!.toSpec(v[name])]),
        ),
      };
    },
  };
}

/** The schema of a type in the vectors' language, with conversions for its values. */
export function build(spec: TypeSpec, types: Record<string, Typed> = {}): Typed {
  if (typeof spec === "string") return leaf(spec);
  const sub = (t: TypeSpec): Typed => build(t, types);
  const named = (make: (inner: Record<string, Typed>) => Typed): Typed => {
    // A type may refer to itself by name: its schema is known only once it is created.
    const self: Typed = {
      schema: lazy(() => made.schema),
      fromSpec: (v) => made.fromSpec(v),
      toSpec: (v) => made.toSpec(v),
    };
    const made: Typed = make({ ...types, [spec.name]: self });
    return made;
  };
  switch (spec.k) {
    case "ref":
      return types[spec.name]!;
    case "lazy": {
      const made = named((inner) => build(spec.t, inner));
      return { ...made, schema: lazy(() => made.schema) };
    }
    case "vec":
      return spec.t === "u8"
        ? byteList(bytes as Schema<unknown>)
        : list(vec(sub(spec.t).schema), sub(spec.t));
    case "boxslice":
      return spec.t === "u8"
        ? byteList(boxSlice(u8))
        : list(boxSlice(sub(spec.t).schema), sub(spec.t));
    case "array":
      return spec.t === "u8"
        ? byteList(array(u8, spec.n))
        : list(array(sub(spec.t).schema, spec.n), sub(spec.t));
    case "box": {
      const item = sub(spec.t);
      return { ...item, schema: box(item.schema) };
    }
    case "option": {
      const some = sub(spec.t);
      const wrapped = (): boolean => some.schema.nullable === true;
      return {
        schema: option(some.schema) as Schema<unknown>,
        fromSpec: (v) =>
          v === null ? null : wrapped() ? { some: some.fromSpec(v.some) } : some.fromSpec(v.some),
        toSpec: (v) =>
          v === null ? null : { some: some.toSpec(wrapped() ? (v as ValueSpec).some : v) },
      };
    }
    case "result": {
      const ok = sub(spec.ok);
      const err = sub(spec.err);
      return {
        schema: result(ok.schema, err.schema) as Schema<unknown>,
        fromSpec: (v) => "ok" in v ? { ok: ok.fromSpec(v.ok) } : { err: err.fromSpec(v.err) },
        toSpec: (value) => {
          const v = value as ValueSpec;
          return "ok" in v ? { ok: ok.toSpec(v.ok) } : { err: err.toSpec(v.err) };
        },
      };
    }
    case "tuple":
    case "tstruct": {
      const make = (inner: Record<string, Typed>): Typed => {
        const items = ((spec.ts ?? spec.fields) as TypeSpec[]).map((t) => build(t, inner));
        const schemas = items.map((item) => item.schema);
        return {
          schema: (spec.k === "tuple" ? tuple(...schemas) : tupleStruct(...schemas)) as Schema<
            unknown
          >,
          fromSpec: (v) => items.map((item, i) => item.fromSpec(v[i])),
          toSpec: (v) => items.map((item, i) => item.toSpec((v as unknown[])[i])),
        };
      };
      return spec.k === "tuple" ? make(types) : named(make);
    }
    case "ustruct":
      return leaf("unit");
    case "struct":
      return named((inner) => {
        const fields = (spec.fields as Named).map(([name, t]) => [name, build(t, inner)] as const);
        return record(
          struct(Object.fromEntries(fields.map(([name, t]) => [name, t.schema]))) as Schema<
            unknown
          >,
          fields,
        );
      });
    case "enum":
      return named((inner) => variantsOf(spec, inner));
    case "hashmap":
    case "btreemap": {
      const key = sub(spec.key);
      const value = sub(spec.val);
      return {
        schema: (spec.k === "hashmap" ? map : btreeMap)(key.schema, value.schema) as Schema<
          unknown
        >,
        fromSpec: (v) =>
          new Map(v.map(([k, x]: [ValueSpec, ValueSpec]) => [key.fromSpec(k), value.fromSpec(x)])),
        toSpec: (v) =>
          inOrder(
            spec.k,
            [...v as Map<unknown, unknown>].map(([k, x]) => [key.toSpec(k), value.toSpec(x)]),
          ),
      };
    }
    case "hashset":
    case "btreeset": {
      const key = sub(spec.t);
      return {
        schema: (spec.k === "hashset" ? set : btreeSet)(key.schema) as Schema<unknown>,
        fromSpec: (v) => new Set(v.map(key.fromSpec)),
        toSpec: (v) => inOrder(spec.k, [...v as Set<unknown>].map(key.toSpec)),
      };
    }
    case "range":
    case "rangeinc":
    case "rangefrom":
    case "rangeto":
    case "rangetoinc": {
      const bound = sub(spec.t);
      const make = {
        range,
        rangeinc: rangeInclusive,
        rangefrom: rangeFrom,
        rangeto: rangeTo,
        rangetoinc: rangeToInclusive,
      }[
        spec.k as "range"
      ];
      const ends = spec.k.startsWith("rangefrom")
        ? ["start"]
        : spec.k.startsWith("rangeto")
        ? ["end"]
        : ["start", "end"];
      return record(make(bound.schema) as Schema<unknown>, ends.map((end) => [end, bound]));
    }
  }
  throw new Error(`no such type: ${JSON.stringify(spec)}`);
}
