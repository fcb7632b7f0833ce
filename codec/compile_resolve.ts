/**
 * Source text for the second phase of writing: filling the fixed-size object.
 *
 * @module
 */
import { FixedArray } from "./array.ts";
import { Box } from "./box.ts";
import { Converted } from "./convert.ts";
import type { Field } from "./fields.ts";
import { type At, at, member, plus } from "./generator.ts";
import { Option } from "./option.ts";
import { BigInteger, Float, SmallInt } from "./primitives.ts";
import { ResultSchema } from "./result.ts";
import type { Schema } from "./schema.ts";
import { INLINE_CAPACITY } from "./string.ts";
import { Struct } from "./struct.ts";
import { Tuple } from "./tuple.ts";
import { writeUtf8 } from "./utf8.ts";
import { Variant, VariantsSchema } from "./variants.ts";
import { Vec } from "./vec.ts";
import { EmitterBase, itemFields, MAX_UNROLLED, type Slots } from "./compile_base.ts";

/** Writes the object of a string that fits inline. */
export function inlineString(u8: Uint8Array, dv: DataView, at: number, value: string): void {
  dv.setInt32(at, 0, true);
  dv.setInt32(at + 4, 0, true);
  const { length } = value;
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i);
    if (unit >= 0x80) {
      u8[at + INLINE_CAPACITY] = writeUtf8(u8, at, value) - at;
      return;
    }
    u8[at + i] = unit;
  }
  u8[at + INLINE_CAPACITY] = length;
}

/** Emits the filling of objects. */
export abstract class ResolveEmitter extends EmitterBase {
  /** Emit the filling of all bytes of the object at `to`, padding included. */
  protected resolve(schema: Schema<unknown>, to: At, v: string, slots: Slots): void {
    const g = this.g;
    if (this.isOutlined(schema)) return this.resolveOutside(schema, to, v, slots);
    if (schema.kind === "unit") return g.emit(`if(${v}!==undefined&&${v}!==null)throw BAD;`);
    if (schema instanceof SmallInt) return this.resolveInt(schema, to, v);
    if (schema instanceof Float) {
      g.emit(
        `if(typeof ${v}!=="number")throw BAD;dv.setFloat${8 * schema.size}(${at(to)},${v},true);`,
      );
    } else if (schema instanceof BigInteger) {
      const [min, max] = [g.constant(schema.min), g.constant(schema.max)];
      g.emit(`if(typeof ${v}!=="bigint"||${v}<${min}||${v}>${max})throw BAD;`);
      g.emit(`dv.setBigInt64(${at(to)},BigInt.asIntN(64,${v}),true);`);
      if (schema.size === 16) {
        g.emit(`dv.setBigInt64(${at(to, 8)},BigInt.asIntN(64,${v}>>64n),true);`);
      }
    } else if (schema.kind === "bool") {
      g.emit(`if(typeof ${v}!=="boolean")throw BAD;u8[${at(to)}]=${v}?1:0;`);
    } else if (schema.kind === "string") {
      const start = this.kept(slots, "start");
      const length = this.kept(slots, "length");
      g.emit(`if(${length}===0)${g.constant(inlineString)}(u8,dv,${at(to)},${v});else{`);
      g.emit(
        `dv.setInt32(${at(to)},${length},true);dv.setInt32(${at(to, 4)},${start}-(${
          at(to)
        }),true);}`,
      );
    } else if (schema.kind === "bytes") {
      this.pointer(to, this.kept(slots, "start"));
      g.emit(`dv.setInt32(${at(to, 4)},${v}.length,true);`);
    } else if (schema instanceof Vec) {
      this.pointer(to, this.kept(slots, "start"));
      g.emit(`dv.setInt32(${at(to, 4)},${this.kept(slots, "count")},true);`);
    } else if (schema instanceof Struct || schema instanceof Tuple) {
      if (schema instanceof Tuple) this.checkLength(v, schema.schemas.length);
      this.resolveFields(schema.fields, to, v, slots);
      this.zeroGaps(to, schema.size, schema.fields);
    } else if (schema instanceof Converted) {
      const value = schema.flat
        ? this.bind(`${g.constant(schema.conversion.encode)}(${v})`)
        : this.looping
        ? this.bind("w.converted[st[rp++]]")
        : slots["value"] as string;
      this.resolve(schema.inner, to, value, (slots["inner"] ?? {}) as Slots);
    } else if (schema instanceof FixedArray) this.resolveArray(schema, to, v, slots);
    else if (schema instanceof Option && !schema.wrapped) {
      g.emit(`if(${v}===null||${v}===undefined){`);
      this.zero(to, schema.size);
      g.emit(`}else{u8[${at(to)}]=1;`);
      this.resolve(schema.some, plus(to, schema.offset), v, (slots["some"] ?? {}) as Slots);
      this.zeroGaps(to, schema.size, [{ key: 0, schema: schema.some, offset: schema.offset }], 1);
      g.emit("}");
    } else if (schema instanceof ResultSchema) this.resolveResult(schema, to, v, slots);
    else if (schema instanceof VariantsSchema) this.resolveVariants(schema, to, v, slots);
    else if (schema instanceof Variant) {
      this.resolveVariant(schema.owner, schema, to, v, slots);
    } else if (schema instanceof Box) this.pointer(to, this.kept(slots, "start"));
    else this.resolveOutside(schema, to, v, slots);
  }

  protected resolveInt({ kind, size }: SmallInt, to: At, v: string): void {
    const same = {
      u8: "&255",
      u16: "&65535",
      i8: "<<24>>24",
      i16: "<<16>>16",
      i32: "|0",
      isize: "|0",
    };
    const wrap = kind === "u32" || kind === "usize" ? ">>>0" : same[kind];
    const store = size === 1
      ? `u8[${at(to)}]=${v}`
      : `dv.setInt${8 * size}(${at(to)},${v}${size === 4 ? "|0" : ""},true)`;
    this.g.emit(`if((${v}${wrap})!==${v})throw BAD;${store};`);
  }

  protected pointer(to: At, target: string): void {
    this.g.emit(`dv.setInt32(${at(to)},${target}-(${at(to)}),true);`);
  }

  protected resolveFields(fields: readonly Field[], to: At, v: string, slots: Slots): void {
    for (const { key, schema, offset } of fields) {
      const known = this.looping ? undefined : slots[`value ${key}`] as string | undefined;
      const value = known ?? this.bind(member(v, key));
      this.resolve(schema, plus(to, offset), value, (slots[`slots ${key}`] ?? {}) as Slots);
    }
  }

  protected resolveArray(schema: FixedArray<unknown>, to: At, v: string, slots: Slots): void {
    const g = this.g;
    if (!schema.flat && schema.length > MAX_UNROLLED) {
      return this.resolveOutside(schema, to, v, slots);
    }
    this.checkLength(v, schema.length);
    if (schema.length <= MAX_UNROLLED) return this.resolveFields(itemFields(schema), to, v, slots);
    const i = g.name("i");
    const q = g.name("q");
    const e = g.name("e");
    const outer = this.looping;
    this.looping = true;
    g.emit(
      `for(let ${i}=0,${q}=${
        at(to)
      };${i}<${schema.length};${i}++,${q}+=${schema.item.size}){const ${e}=${v}[${i}];`,
    );
    this.resolve(schema.item, { base: q, offset: 0 }, e, {});
    g.emit("}");
    this.looping = outer;
  }

  protected resolveResult(
    schema: ResultSchema<unknown, unknown>,
    to: At,
    v: string,
    slots: Slots,
  ): void {
    const g = this.g;
    const arm = (tag: 0 | 1, key: "ok" | "err") => {
      const offset = schema.layout.variants[tag]![0]!;
      const known = this.looping || schema.flat ? undefined : slots[`${key}Value`] as string;
      g.emit(`u8[${at(to)}]=${tag};`);
      this.resolve(
        schema[key],
        plus(to, offset),
        known ?? this.bind(`${v}.${key}`),
        (slots[key] ?? {}) as Slots,
      );
      this.zeroGaps(to, schema.size, [{ key, schema: schema[key], offset }], 1);
    };
    g.emit(`if("ok" in ${v}){`);
    arm(0, "ok");
    g.emit(`}else if("err" in ${v}){`);
    arm(1, "err");
    g.emit("}else throw BAD;");
  }

  protected resolveVariants(schema: VariantsSchema, to: At, v: string, slots: Slots): void {
    this.switch(schema, v, (variant) => {
      const payload = this.payload(variant, v);
      this.resolveVariant(schema, variant, to, payload, (slots[variant.name] ?? {}) as Slots);
    });
  }

  protected resolveVariant(
    { size, layout: { tagBytes } }: VariantsSchema,
    { tag, fields }: Variant,
    to: At,
    v: string,
    slots: Slots,
  ): void {
    this.g.emit(
      tagBytes === 1
        ? `u8[${at(to)}]=${tag};`
        : `dv.setUint${8 * tagBytes}(${at(to)},${tag},true);`,
    );
    this.resolveFields(fields, to, v, slots);
    this.zeroGaps(to, size, fields, tagBytes);
  }

  protected resolveOutside(schema: Schema<unknown>, to: At, v: string, slots: Slots): void {
    const g = this.g;
    const isOwn = this.isOutlined(schema);
    if (!isOwn) this.zero(to, schema.size);
    const start = this.looping
      ? (schema.flat ? "0" : "rp")
      : (slots["mark"] as string | undefined) ?? "sp";
    if (!schema.flat) g.emit(`w.cursor=${start};`);
    g.emit(
      isOwn
        ? `${g.outline(schema)}r(w,${at(to)},${v});`
        : `${g.constant(schema)}.resolve(w,${at(to)},${v});`,
    );
    if (this.looping && !schema.flat) g.emit("rp=w.cursor;");
  }

  protected zeroGaps(to: At, size: number, fields: readonly Field[], from: number = 0): void {
    const sorted = fields.filter(({ schema }) => schema.size > 0).sort((a, b) =>
      a.offset - b.offset
    );
    let end = from;
    for (const { offset, schema } of sorted) {
      this.zero(plus(to, end), offset - end);
      end = offset + schema.size;
    }
    this.zero(plus(to, end), size - end);
  }

  protected zero(to: At, count: number): void {
    const g = this.g;
    if (count > 32) return g.emit(`u8.fill(0,${at(to)},${at(to, count)});`);
    let done = 0;
    for (; count - done >= 4; done += 4) g.emit(`dv.setInt32(${at(to, done)},0,true);`);
    for (; done < count; done++) g.emit(`u8[${at(to, done)}]=0;`);
  }
}
