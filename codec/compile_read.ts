/**
 * Source text that reads or checks an archive of a schema, as the schema's own `read` and `check` do.
 *
 * Generated functions keep the reader's fields in variables: `u8`, `dv`, `base` (the archive's start),
 * `lo` and `hi` (what may still be claimed).
 *
 * @module
 */
import { FixedArray } from "./array.ts";
import { Box, Lazy } from "./box.ts";
import { copyBytes } from "./bytes.ts";
import { Converted } from "./convert.ts";
import type { Field } from "./fields.ts";
import {
  type At,
  at,
  countParts,
  type Generator,
  isOutlined,
  partsOf,
  plus,
  property,
} from "./generator.ts";
import { Option } from "./option.ts";
import { BAD_VALUE, BigInteger, Float, SmallInt } from "./primitives.ts";
import { ResultSchema } from "./result.ts";
import type { Schema } from "./schema.ts";
import { INLINE_CAPACITY } from "./string.ts";
import { Struct } from "./struct.ts";
import { Tuple } from "./tuple.ts";
import { isUtf8, readUtf8 } from "./utf8.ts";
import { Variant, VariantsSchema } from "./variants.ts";
import { SLOT_BYTES, Vec } from "./vec.ts";

/** Arrays up to this long are read without a loop. */
const MAX_UNROLLED = 16;

function bad(): never {
  throw BAD_VALUE;
}

/** A string of checked bounds. */
export function text(u8: Uint8Array, start: number, length: number): string {
  return readUtf8(u8, start, length) ?? bad();
}

/** The same, when only checking. */
export function checkText(u8: Uint8Array, start: number, length: number): void {
  if (!isUtf8(u8, start, length)) throw BAD_VALUE;
}

function readBytewise({ size, min }: SmallInt, from: At): string {
  const shifted = Array.from(
    { length: size },
    (_, i) => `u8[${at(from, i)}]${i > 0 ? `<<${8 * i}` : ""}`,
  );
  const bits = `(${shifted.join("|")})`;
  if (min === 0) return size === 4 ? `(${bits}>>>0)` : bits;
  return size === 4 ? bits : `(${bits}<<${32 - 8 * size}>>${32 - 8 * size})`;
}

/** Emits the reading of values, or only their checking. */
export class ReadEmitter {
  readonly #g: Generator;
  /** Whether values are built. */
  readonly #builds: boolean;
  #root: Schema<unknown> | undefined;
  #bytewise = false;

  constructor(generator: Generator, builds: boolean) {
    this.#g = generator;
    this.#builds = builds;
  }

  /** The text of `(r) => value`, which reads a whole archive. */
  main(schema: Schema<unknown>): string {
    this.#root = schema;
    this.#bytewise = isBytewise(schema);
    let value = "";
    const body = this.#g.body(() => value = this.#read(schema, { base: "p", offset: 0 }));
    return `function(r) {
${open(body + value)}const p=r.end-${schema.size};
if(p<base||((p-base)&${schema.align - 1}))throw BAD;
hi=p;
${body}
return ${this.#builds ? value : "undefined"};
}`;
  }

  /** The text of a schema's own function, which reads the object at a position. */
  outlined(name: string, schema: Schema<unknown>): string {
    const inner = schema instanceof Lazy ? (schema as Lazy<unknown>).schema : schema;
    const [descend, ascend] = schema instanceof Lazy
      ? [`r.descend(p,${inner.footprint});`, "r.ascend();"]
      : ["", ""];
    this.#root = inner;
    this.#bytewise = false;
    let value = "";
    const body = this.#g.body(() => value = this.#read(inner, { base: "p", offset: 0 }));
    return `function ${name}(r, p) {
${descend}${open(body + value)}${body}
const value=${this.#builds ? value : "undefined"};
r.low=lo;r.high=hi;${ascend}
return value;
}`;
  }

  /** Emit what must run in order; returns the value as an expression that may be evaluated later. */
  #read(schema: Schema<unknown>, from: At): string {
    const g = this.#g;
    if (schema !== this.#root && isOutlined(schema)) {
      return this.#outside(`${g.outline(schema)}(r,${at(from)})`);
    }
    if (schema.kind === "unit") return "undefined";
    if (schema instanceof SmallInt) {
      if (this.#bytewise) return readBytewise(schema, from);
      const type = `${schema.min < 0 ? "Int" : "Uint"}${8 * schema.size}`;
      return schema.kind === "u8"
        ? `u8[${at(from)}]`
        : `dv.get${type}(${at(from)}${schema.size > 1 ? ",true" : ""})`;
    }
    if (schema instanceof Float) return `dv.getFloat${8 * schema.size}(${at(from)},true)`;
    if (schema instanceof BigInteger) {
      const type = schema.min < 0n ? "Int" : "Uint";
      if (schema.size === 8) return `dv.getBig${type}64(${at(from)},true)`;
      return `((dv.getBig${type}64(${at(from, 8)},true)<<64n)|dv.getBigUint64(${at(from)},true))`;
    }
    if (schema.kind === "bool") {
      const byte = this.#bind(`u8[${at(from)}]`);
      g.emit(`if(${byte}>1)throw BAD;`);
      return `${byte}===1`;
    }
    if (schema.kind === "string") return this.#readString(from);
    if (schema.kind === "bytes") {
      const { start, count } = this.#claim(from, 1, 1);
      return this.#builds ? this.#bind(`${g.constant(copyBytes)}(u8,${start},${count})`) : "";
    }
    if (schema instanceof Vec) return this.#readVec(schema.item as Schema<unknown>, from);
    if (schema instanceof Struct) return this.#readObject(schema.fields, from, []);
    if (schema instanceof Tuple) return this.#readList(schema.fields, from, schema.schemas.length);
    if (schema instanceof FixedArray) return this.#readArray(schema, from);
    if (schema instanceof Option && !schema.wrapped) return this.#readOption(schema, from);
    if (schema instanceof ResultSchema) return this.#readResult(schema, from);
    if (schema instanceof VariantsSchema) return this.#readVariants(schema, from);
    if (schema instanceof Variant) return this.#readVariant(schema, from);
    if (schema instanceof Box) return this.#readBox(schema.item as Schema<unknown>, from);
    if (schema instanceof Converted) {
      const inner = this.#read(schema.inner, from);
      return this.#builds ? this.#bind(`${g.constant(schema.conversion.decode)}(${inner})`) : "";
    }
    return this.#outside(`${g.constant(schema)}.${this.#builds ? "read" : "check"}(r,${at(from)})`);
  }

  #bind(expression: string): string {
    const name = this.#g.name("x");
    this.#g.emit(`const ${name}=${expression};`);
    return name;
  }

  #outside(call: string): string {
    this.#g.emit("r.low=lo;r.high=hi;");
    const value = this.#bind(call);
    this.#g.emit("lo=r.low;hi=r.high;");
    return value;
  }

  #checkTarget(start: string, size: string, align: number): void {
    const unaligned = align > 1 ? `||((${start}-base)&${align - 1})` : "";
    this.#g.emit(`if(${start}<lo||${size}>hi-${start}${unaligned})throw BAD;`);
  }

  /** A pointer and a count; the elements become claimed. */
  #claim(from: At, size: number, align: number): { start: string; count: string; bytes: string } {
    const start = this.#bind(`${at(from)}+dv.getInt32(${at(from)},true)`);
    const count = this.#bind(`dv.getUint32(${at(from, 4)},true)`);
    const bytes = size === 1 ? count : `${count}*${size}`;
    this.#checkTarget(start, bytes, align);
    this.#g.emit(`lo=${start}+${bytes};`);
    return { start, count, bytes };
  }

  #readString(from: At): string {
    const g = this.#g;
    const value = g.name("s");
    const last = this.#bind(`u8[${at(from, INLINE_CAPACITY)}]`);
    const [start, count] = [g.name("q"), g.name("n")];
    const read = g.constant(this.#builds ? text : checkText);
    g.emit(
      `let ${value};if(${last}<128){if(${last}>${INLINE_CAPACITY})throw BAD;${value}=${read}(u8,${
        at(from)
      },${last});}else{`,
      `const ${count}=dv.getUint32(${at(from)},true),${start}=${at(from)}+dv.getInt32(${
        at(from, 4)
      },true);`,
      `if(${start}<lo||${count}>hi-${start})throw BAD;lo=${start}+${count};${value}=${read}(u8,${start},${count});}`,
    );
    return value;
  }

  /** Whether any bytes of the right number are a value. */
  #isFree(schema: Schema<unknown>): boolean {
    return schema instanceof SmallInt || schema instanceof BigInteger || schema instanceof Float ||
      (schema.kind === "struct" &&
        (schema as Struct).fields.every((field) => this.#isFree(field.schema)));
  }

  #readVec(item: Schema<unknown>, from: At): string {
    const g = this.#g;
    const start = this.#bind(`${at(from)}+dv.getInt32(${at(from)},true)`);
    const count = this.#bind(`dv.getUint32(${at(from, 4)},true)`);
    const bytes = item.size === 1 ? count : `${count}*${item.size}`;
    this.#checkTarget(start, bytes, item.align);
    g.emit(`if((r.memory-=${count}*${SLOT_BYTES + item.footprint})<0)throw BAD;`);
    const values = g.name("a");
    if (this.#builds || !this.#isFree(item)) {
      const [i, q, high] = [g.name("i"), g.name("q"), g.name("h")];
      // Twice to four times as fast as pushing; what the count may be was just checked.
      if (this.#builds) g.emit(`const ${values}=new Array(${count});`);
      g.emit(`const ${high}=hi;hi=${start};`);
      g.emit(`for(let ${i}=0,${q}=${start};${i}<${count};${i}++,${q}+=${item.size}){`);
      const value = this.#read(item, { base: q, offset: 0 });
      g.emit(this.#builds ? `${values}[${i}]=${value};}` : "}", `hi=${high};`);
    }
    g.emit(`lo=${start}+${bytes};`);
    return values;
  }

  #readBox(item: Schema<unknown>, from: At): string {
    const g = this.#g;
    const start = this.#bind(`${at(from)}+dv.getInt32(${at(from)},true)`);
    this.#checkTarget(start, String(item.size), item.align);
    const high = this.#bind("hi");
    g.emit(`hi=${start};`);
    const value = this.#read(item, { base: start, offset: 0 });
    g.emit(`lo=${start}+${item.size};hi=${high};`);
    return value;
  }

  #readObject(fields: readonly Field[], from: At, first: readonly string[]): string {
    const parts = [...first];
    for (const { key, schema, offset } of fields) {
      const value = this.#read(schema, plus(from, offset));
      parts.push(`${property(String(key))}:${value}`);
    }
    return this.#builds ? `{${parts.join(",")}}` : "";
  }

  #readList(fields: readonly Field[], from: At, length: number): string {
    const parts = new Array<string>(length).fill("undefined");
    for (const { key, schema, offset } of fields) {
      parts[key as number] = this.#read(schema, plus(from, offset));
    }
    return this.#builds ? `[${parts.join(",")}]` : "";
  }

  #readArray({ item, length }: FixedArray<unknown>, from: At): string {
    const g = this.#g;
    if (length <= MAX_UNROLLED) {
      const fields = Array.from(
        { length },
        (_, key) => ({ key, schema: item, offset: key * item.size }),
      );
      return this.#readList(fields, from, length);
    }
    const [values, i, q] = [g.name("a"), g.name("i"), g.name("q")];
    if (!this.#builds && this.#isFree(item)) return "";
    g.emit(
      `const ${values}=[];for(let ${i}=0,${q}=${
        at(from)
      };${i}<${length};${i}++,${q}+=${item.size}){`,
    );
    const value = this.#read(item, { base: q, offset: 0 });
    g.emit(this.#builds ? `${values}[${i}]=${value};}` : "}");
    return values;
  }

  #readOption(schema: Option, from: At): string {
    const g = this.#g;
    const tag = this.#bind(`u8[${at(from)}]`);
    const value = g.name("o");
    g.emit(`let ${value}=null;if(${tag}===1){`);
    const some = this.#read(schema.some, plus(from, schema.offset));
    g.emit(this.#builds ? `${value}=${some};` : "", `}else if(${tag}!==0)throw BAD;`);
    return value;
  }

  #readResult({ ok, err, layout }: ResultSchema<unknown, unknown>, from: At): string {
    const g = this.#g;
    const value = g.name("o");
    g.emit(`let ${value};switch(u8[${at(from)}]){case 0:{`);
    const okValue = this.#read(ok, plus(from, layout.variants[0]![0]!));
    g.emit(this.#builds ? `${value}={ok:${okValue}};` : "", "break;}case 1:{");
    const errValue = this.#read(err, plus(from, layout.variants[1]![0]!));
    g.emit(this.#builds ? `${value}={err:${errValue}};` : "", "break;}default:throw BAD;}");
    return value;
  }

  #tag({ layout: { tagBytes } }: VariantsSchema, from: At): string {
    return tagBytes === 1 ? `u8[${at(from)}]` : `dv.getUint${8 * tagBytes}(${at(from)},true)`;
  }

  #readVariant({ owner, tag, fields }: Variant, from: At): string {
    this.#g.emit(`if(${this.#tag(owner, from)}!==${tag})throw BAD;`);
    return this.#readObject(fields, from, []);
  }

  #readVariants(schema: VariantsSchema, from: At): string {
    const g = this.#g;
    const tag = this.#tag(schema, from);
    const value = g.name("o");
    g.emit(`let ${value};switch(${tag}){`);
    for (const variant of schema.variants) {
      g.emit(`case ${variant.tag}:{`);
      const type = `type:${JSON.stringify(variant.name)}`;
      const object = variant.shape === "items"
        ? `{${type},value:${this.#readList(variant.fields, from, variant.fields.length)}}`
        : this.#readObject(variant.fields, from, [type]);
      g.emit(this.#builds ? `${value}=${object};` : "", "break;}");
    }
    g.emit("default:throw BAD;}");
    return value;
  }
}

/** The variables that a body uses. */
function open(body: string): string {
  return `const u8=r.bytes,base=r.start${
    body.includes("dv.") ? ",dv=r.view" : ""
  };let lo=r.low,hi=r.high;\n`;
}

/** Integers of at most this many archives' parts are put together from bytes: a DataView would cost more. */
const MAX_BYTEWISE_PARTS = 8;

function isBytewise(schema: Schema<unknown>): boolean {
  return countParts(schema) <= MAX_BYTEWISE_PARTS && holdsOnlySmallInts(schema);
}

function holdsOnlySmallInts(schema: Schema<unknown>): boolean {
  if (schema instanceof SmallInt || schema.kind === "bool" || schema.kind === "unit") return true;
  const parts = partsOf(schema);
  return schema.flat && parts.length > 0 && parts.every(holdsOnlySmallInts);
}
