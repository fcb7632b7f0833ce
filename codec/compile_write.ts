/**
 * Source text that writes a value of a schema, as the schema's own `serialize` and `resolve` do.
 *
 * Generated functions keep the writer's fields in variables: `u8`, `dv`, `p` (position), `st`, `sp`
 * (stack and its height), and `rp` (the next resolver) where values are written in loops. Outside of
 * loops resolvers are variables; inside they go over the stack.
 *
 * @module
 */
import { FixedArray } from "./array.ts";
import { Box, Lazy } from "./box.ts";
import { Converted } from "./convert.ts";
import type { Field } from "./fields.ts";
import { type At, at, type Generator, isOutlined, member, plus } from "./generator.ts";
import { Option } from "./option.ts";
import { Payload } from "./payload.ts";
import { BAD_VALUE, BigInteger, Float, SmallInt } from "./primitives.ts";
import { ResultSchema } from "./result.ts";
import type { Schema } from "./schema.ts";
import { INLINE_CAPACITY } from "./string.ts";
import { Struct } from "./struct.ts";
import { Tuple } from "./tuple.ts";
import { utf8Length, writeUtf8 } from "./utf8.ts";
import { type Variant, VariantsSchema } from "./variants.ts";
import { Vec } from "./vec.ts";

/** Loops are unrolled for arrays up to this long. */
const MAX_UNROLLED = 8;
/** Enums with more variants than this are told apart by a map. */
const MAX_SWITCHED = 8;

/** Where a value's resolvers are: variables, or, inside loops, the stack. */
type Slots = { readonly [key: string]: string | Slots | undefined };

/** Writes a string that does not fit inline, and returns the position after it. */
export function appendString(u8: Uint8Array, p: number, value: string): number {
  if (value.length <= INLINE_CAPACITY) {
    const length = utf8Length(value);
    if (length < 0) throw BAD_VALUE;
    if (length <= INLINE_CAPACITY) return p;
  }
  const end = writeUtf8(u8, p, value);
  if (end < 0) throw BAD_VALUE;
  return end;
}

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

/** Emits the writing of values. */
export class WriteEmitter {
  readonly #g: Generator;
  /** Whether resolvers go over the stack. */
  #looping = false;
  /** The schema whose function is being emitted. */
  #root: Schema<unknown> | undefined;

  constructor(generator: Generator) {
    this.#g = generator;
  }

  /** The text of `(w, v) => …`, which writes a whole archive. */
  main(schema: Schema<unknown>): string {
    const g = this.#g;
    this.#root = schema;
    const body = g.body(() => {
      const slots = this.#serialize(schema, "v");
      const start = this.#reserve(String(schema.size), schema);
      this.#resolve(schema, { base: start, offset: 0 }, "v", slots);
    });
    return `function(w, v) {
${OPEN}const top = sp;
${body}
w.position = p; w.top = top;
}`;
  }

  /** The text of a schema's two functions, `name` and `name` with an `r`, which pass resolvers over the stack. */
  outlined(name: string, schema: Schema<unknown>): string {
    const inner = schema instanceof Lazy ? (schema as Lazy<unknown>).schema : schema;
    const [descend, ascend] = schema instanceof Lazy ? ["w.descend();", "w.ascend();"] : ["", ""];
    this.#root = inner;
    this.#looping = true;
    const serialize = this.#g.body(() => this.#serialize(inner, "v"));
    const resolve = this.#g.body(() => this.#resolve(inner, { base: "at", offset: 0 }, "v", {}));
    this.#looping = false;
    return `function ${name}(w, v) {
${descend}${OPEN}${serialize}
w.position = p; w.top = sp; ${ascend}
}
function ${name}r(w, at, v) {
${OPEN}let rp = w.cursor;
${resolve}
w.cursor = rp;
}`;
  }

  /** A variable that lives from one phase to the next, or in a loop only as long as one. */
  #variable(prefix: string, value: string): string {
    if (this.#looping) {
      const name = this.#g.name(prefix);
      this.#g.emit(`let ${name}=${value};`);
      return name;
    }
    const name = this.#g.hoist(prefix);
    this.#g.emit(`${name}=${value};`);
    return name;
  }

  #ensure(count: string): void {
    this.#g.emit(`if(p+${count}>u8.length){w.position=p;w.ensure(${count});u8=w.bytes;dv=w.view;}`);
  }

  /** Emit the reservation of `size` bytes; returns the variable with their position. */
  #reserve(size: string, { align }: { align: number }): string {
    const start = this.#g.hoist("q");
    if (align > 1) {
      this.#ensure(`${align - 1}+${size}`);
      this.#g.emit(`for(let e=p+((base-p)&${align - 1});p<e;p++)u8[p]=0;`);
    } else this.#ensure(size);
    this.#g.emit(`${start}=p;p+=${size};`);
    return start;
  }

  #outside(...calls: string[]): void {
    this.#g.emit("w.position=p;w.top=sp;", ...calls, "p=w.position;sp=w.top;u8=w.bytes;dv=w.view;");
  }

  /** Emit what lies out of line. */
  #serialize(schema: Schema<unknown>, v: string): Slots {
    const g = this.#g;
    if (schema.flat) return {};
    if (this.#isOutlined(schema)) return this.#serializeOutside(schema, v);
    if (schema instanceof Struct || schema instanceof Tuple) {
      if (schema instanceof Tuple) this.#checkLength(v, schema.schemas.length);
      return this.#serializeFields(schema.fields, v);
    }
    if (schema instanceof Converted) {
      const value = this.#variable("c", `${g.constant(schema.conversion.encode)}(${v})`);
      return { value, inner: this.#serialize(schema.inner, value) };
    }
    if (schema.kind === "string") return this.#serializeString(v);
    if (schema.kind === "bytes") {
      g.emit(`if(!(${v} instanceof Uint8Array))throw BAD;`);
      this.#ensure(`${v}.length`);
      const start = this.#variable("r", "p");
      g.emit(`u8.set(${v},p);p+=${v}.length;`);
      return this.#keep({ start });
    }
    if (schema instanceof Vec) return this.#serializeVec(schema as Vec<unknown>, v);
    if (schema instanceof FixedArray && schema.length <= MAX_UNROLLED) {
      this.#checkLength(v, schema.length);
      return this.#serializeFields(itemFields(schema), v);
    }
    if (schema instanceof Option && !schema.wrapped) {
      let some: Slots = {};
      g.emit(`if(${v}!==null&&${v}!==undefined){`);
      some = this.#serialize(schema.some, v);
      g.emit("}");
      return { some };
    }
    if (schema instanceof ResultSchema) {
      g.emit(`if("ok" in ${v}){`);
      const okValue = this.#variable("o", `${v}.ok`);
      const ok = this.#serialize(schema.ok, okValue);
      g.emit(`}else if("err" in ${v}){`);
      const errValue = this.#variable("o", `${v}.err`);
      const err = this.#serialize(schema.err, errValue);
      g.emit("}else throw BAD;");
      return { okValue, ok, errValue, err };
    }
    if (schema instanceof VariantsSchema) return this.#serializeVariants(schema, v);
    if (schema instanceof Payload) return this.#serializeFields(schema.variant.fields, v);
    if (schema instanceof Box) return this.#serializeBox(schema, v);
    return this.#serializeOutside(schema, v);
  }

  #isOutlined(schema: Schema<unknown>): boolean {
    return schema !== this.#root && isOutlined(schema);
  }

  #serializeBox({ item }: Box<unknown>, v: string): Slots {
    if (!this.#looping) {
      const slots = this.#serialize(item, v);
      const start = this.#reserve(String(item.size), item);
      this.#resolve(item, { base: start, offset: 0 }, v, slots);
      return { start };
    }
    const bottom = this.#bind("sp");
    this.#serialize(item, v);
    const start = this.#reserve(String(item.size), item);
    this.#g.emit(`{let rp=${bottom};`);
    this.#resolve(item, { base: start, offset: 0 }, v, {});
    this.#g.emit(`}sp=${bottom};`);
    return this.#keep({ start });
  }

  /** By a function of its own, or by the schema's own method: either leaves its resolvers on the stack. */
  #serializeOutside(schema: Schema<unknown>, v: string): Slots {
    const mark = this.#looping ? undefined : this.#variable("m", "sp");
    const isOwn = this.#isOutlined(schema);
    const call = isOwn
      ? `${this.#g.outline(schema)}(w,${v});`
      : `${this.#g.constant(schema)}.serialize(w,${v});`;
    this.#outside(call);
    return { mark };
  }

  /** Resolvers: variables as they are, or onto the stack. */
  #keep(slots: { readonly [key: string]: string }): Slots {
    if (!this.#looping) return slots;
    for (const slot of Object.values(slots)) this.#g.emit(`st[sp++]=${slot};`);
    return {};
  }

  /** A resolver that was kept. */
  #kept(slots: Slots, key: string): string {
    if (!this.#looping) return slots[key] as string;
    const name = this.#g.name("r");
    this.#g.emit(`const ${name}=st[rp++];`);
    return name;
  }

  #checkLength(v: string, length: number): void {
    this.#g.emit(`if(!Array.isArray(${v})||${v}.length!==${length})throw BAD;`);
  }

  #serializeFields(fields: readonly Field[], v: string): Slots {
    const slots: Record<string, string | Slots> = {};
    for (const { key, schema } of fields) {
      if (schema.flat) continue;
      const value = this.#variable("v", member(v, key));
      slots[`value ${key}`] = value;
      slots[`slots ${key}`] = this.#serialize(schema, value);
    }
    return slots;
  }

  #serializeString(v: string): Slots {
    this.#g.emit(`if(typeof ${v}!=="string")throw BAD;`);
    this.#ensure(`${v}.length*3`);
    const start = this.#variable("r", "p");
    this.#g.emit(`p=${this.#g.constant(appendString)}(u8,p,${v});`);
    return this.#keep({ start, length: this.#variable("l", `p-${start}`) });
  }

  #serializeVec(schema: Vec<unknown>, v: string): Slots {
    const g = this.#g;
    const { item } = schema;
    g.emit(`if(!Array.isArray(${v}))throw BAD;`);
    const count = this.#variable("n", `${v}.length`);
    const bottom = g.name("b");
    const outer = this.#looping;
    g.emit(`{const ${bottom}=sp;`);
    this.#looping = true;
    if (!item.flat) {
      const i = g.name("i");
      const e = g.name("e");
      g.emit(`for(let ${i}=0;${i}<${count};${i}++){const ${e}=${v}[${i}];`);
      this.#serialize(item, e);
      g.emit("}");
    }
    const start = this.#reserve(item.size === 1 ? count : `${count}*${item.size}`, item);
    const i = g.name("i");
    const q = g.name("q");
    const e = g.name("e");
    g.emit(
      `{${item.flat ? "" : `let rp=${bottom};`}`,
      `for(let ${i}=0,${q}=${start};${i}<${count};${i}++,${q}+=${item.size}){const ${e}=${v}[${i}];`,
    );
    this.#resolve(item, { base: q, offset: 0 }, e, {});
    g.emit("}}", `sp=${bottom};}`);
    this.#looping = outer;
    return this.#keep({ start, count });
  }

  #serializeVariants(schema: VariantsSchema, v: string): Slots {
    const slots: Record<string, Slots> = {};
    this.#switch(schema, v, (variant) => {
      if (variant.flat) return;
      slots[variant.name] = this.#serializeFields(variant.fields, this.#payload(variant, v));
    });
    return slots;
  }

  #payload({ shape, fields }: Variant, v: string): string {
    if (shape !== "items") return v;
    const items = this.#g.name("t");
    this.#g.emit(`const ${items}=${v}.value;`);
    this.#checkLength(items, fields.length);
    return items;
  }

  #switch(schema: VariantsSchema, v: string, branch: (variant: Variant) => void): void {
    const g = this.#g;
    const byMap = schema.variants.length > MAX_SWITCHED;
    const tags = byMap ? g.constant(tagsOf(schema)) : "";
    g.emit(byMap ? `switch(${tags}.get(${v}.type)){` : `switch(${v}.type){`);
    for (const variant of schema.variants) {
      g.emit(`case ${byMap ? variant.tag : JSON.stringify(variant.name)}:{`);
      branch(variant);
      g.emit("break;}");
    }
    g.emit("default:throw BAD;}");
  }

  /** Emit the filling of all bytes of the object at `to`, padding included. */
  #resolve(schema: Schema<unknown>, to: At, v: string, slots: Slots): void {
    const g = this.#g;
    if (this.#isOutlined(schema)) return this.#resolveOutside(schema, to, v, slots);
    if (schema.kind === "unit") return g.emit(`if(${v}!==undefined&&${v}!==null)throw BAD;`);
    if (schema instanceof SmallInt) return this.#resolveInt(schema, to, v);
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
      const start = this.#kept(slots, "start");
      const length = this.#kept(slots, "length");
      g.emit(`if(${length}===0)${g.constant(inlineString)}(u8,dv,${at(to)},${v});else{`);
      g.emit(
        `dv.setInt32(${at(to)},${length},true);dv.setInt32(${at(to, 4)},${start}-(${
          at(to)
        }),true);}`,
      );
    } else if (schema.kind === "bytes") {
      this.#pointer(to, this.#kept(slots, "start"));
      g.emit(`dv.setInt32(${at(to, 4)},${v}.length,true);`);
    } else if (schema instanceof Vec) {
      this.#pointer(to, this.#kept(slots, "start"));
      g.emit(`dv.setInt32(${at(to, 4)},${this.#kept(slots, "count")},true);`);
    } else if (schema instanceof Struct || schema instanceof Tuple) {
      if (schema instanceof Tuple) this.#checkLength(v, schema.schemas.length);
      this.#resolveFields(schema.fields, to, v, slots);
      this.#zeroGaps(to, schema.size, schema.fields);
    } else if (schema instanceof Converted) {
      const value = this.#looping || schema.flat
        ? this.#bind(`${g.constant(schema.conversion.encode)}(${v})`)
        : slots["value"] as string;
      this.#resolve(schema.inner, to, value, (slots["inner"] ?? {}) as Slots);
    } else if (schema instanceof FixedArray) this.#resolveArray(schema, to, v, slots);
    else if (schema instanceof Option && !schema.wrapped) {
      g.emit(`if(${v}===null||${v}===undefined){`);
      this.#zero(to, schema.size);
      g.emit(`}else{u8[${at(to)}]=1;`);
      this.#resolve(schema.some, plus(to, schema.offset), v, (slots["some"] ?? {}) as Slots);
      this.#zeroGaps(to, schema.size, [{ key: 0, schema: schema.some, offset: schema.offset }], 1);
      g.emit("}");
    } else if (schema instanceof ResultSchema) this.#resolveResult(schema, to, v, slots);
    else if (schema instanceof VariantsSchema) this.#resolveVariants(schema, to, v, slots);
    else if (schema instanceof Payload) {
      this.#resolveVariant(schema.owner, schema.variant, to, v, slots);
    } else if (schema instanceof Box) this.#pointer(to, this.#kept(slots, "start"));
    else this.#resolveOutside(schema, to, v, slots);
  }

  #bind(expression: string): string {
    const name = this.#g.name("x");
    this.#g.emit(`const ${name}=${expression};`);
    return name;
  }

  #resolveInt({ kind, size }: SmallInt, to: At, v: string): void {
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
    this.#g.emit(`if((${v}${wrap})!==${v})throw BAD;${store};`);
  }

  #pointer(to: At, target: string): void {
    this.#g.emit(`dv.setInt32(${at(to)},${target}-(${at(to)}),true);`);
  }

  #resolveFields(fields: readonly Field[], to: At, v: string, slots: Slots): void {
    for (const { key, schema, offset } of fields) {
      const known = this.#looping ? undefined : slots[`value ${key}`] as string | undefined;
      const value = known ?? this.#bind(member(v, key));
      this.#resolve(schema, plus(to, offset), value, (slots[`slots ${key}`] ?? {}) as Slots);
    }
  }

  #resolveArray(schema: FixedArray<unknown>, to: At, v: string, slots: Slots): void {
    const g = this.#g;
    if (!schema.flat && schema.length > MAX_UNROLLED) {
      return this.#resolveOutside(schema, to, v, slots);
    }
    this.#checkLength(v, schema.length);
    if (schema.length <= MAX_UNROLLED) return this.#resolveFields(itemFields(schema), to, v, slots);
    const i = g.name("i");
    const q = g.name("q");
    const e = g.name("e");
    const outer = this.#looping;
    this.#looping = true;
    g.emit(
      `for(let ${i}=0,${q}=${
        at(to)
      };${i}<${schema.length};${i}++,${q}+=${schema.item.size}){const ${e}=${v}[${i}];`,
    );
    this.#resolve(schema.item, { base: q, offset: 0 }, e, {});
    g.emit("}");
    this.#looping = outer;
  }

  #resolveResult(schema: ResultSchema<unknown, unknown>, to: At, v: string, slots: Slots): void {
    const g = this.#g;
    const arm = (tag: 0 | 1, key: "ok" | "err") => {
      const offset = schema.layout.variants[tag]![0]!;
      const known = this.#looping || schema.flat ? undefined : slots[`${key}Value`] as string;
      g.emit(`u8[${at(to)}]=${tag};`);
      this.#resolve(
        schema[key],
        plus(to, offset),
        known ?? this.#bind(`${v}.${key}`),
        (slots[key] ?? {}) as Slots,
      );
      this.#zeroGaps(to, schema.size, [{ key, schema: schema[key], offset }], 1);
    };
    g.emit(`if("ok" in ${v}){`);
    arm(0, "ok");
    g.emit(`}else if("err" in ${v}){`);
    arm(1, "err");
    g.emit("}else throw BAD;");
  }

  #resolveVariants(schema: VariantsSchema, to: At, v: string, slots: Slots): void {
    this.#switch(schema, v, (variant) => {
      const payload = this.#payload(variant, v);
      this.#resolveVariant(schema, variant, to, payload, (slots[variant.name] ?? {}) as Slots);
    });
  }

  #resolveVariant(
    { size, layout: { tagBytes } }: VariantsSchema,
    { tag, fields }: Variant,
    to: At,
    v: string,
    slots: Slots,
  ): void {
    this.#g.emit(
      tagBytes === 1
        ? `u8[${at(to)}]=${tag};`
        : `dv.setUint${8 * tagBytes}(${at(to)},${tag},true);`,
    );
    this.#resolveFields(fields, to, v, slots);
    this.#zeroGaps(to, size, fields, tagBytes);
  }

  #resolveOutside(schema: Schema<unknown>, to: At, v: string, slots: Slots): void {
    const g = this.#g;
    const isOwn = this.#isOutlined(schema);
    if (!isOwn) this.#zero(to, schema.size);
    const start = this.#looping
      ? (schema.flat ? "0" : "rp")
      : (slots["mark"] as string | undefined) ?? "sp";
    if (!schema.flat) g.emit(`w.cursor=${start};`);
    g.emit(
      isOwn
        ? `${g.outline(schema)}r(w,${at(to)},${v});`
        : `${g.constant(schema)}.resolve(w,${at(to)},${v});`,
    );
    if (this.#looping && !schema.flat) g.emit("rp=w.cursor;");
  }

  #zeroGaps(to: At, size: number, fields: readonly Field[], from: number = 0): void {
    const sorted = fields.filter(({ schema }) => schema.size > 0).sort((a, b) =>
      a.offset - b.offset
    );
    let end = from;
    for (const { offset, schema } of sorted) {
      this.#zero(plus(to, end), offset - end);
      end = offset + schema.size;
    }
    this.#zero(plus(to, end), size - end);
  }

  #zero(to: At, count: number): void {
    const g = this.#g;
    if (count > 32) return g.emit(`u8.fill(0,${at(to)},${at(to, count)});`);
    let done = 0;
    for (; count - done >= 4; done += 4) g.emit(`dv.setInt32(${at(to, done)},0,true);`);
    for (; done < count; done++) g.emit(`u8[${at(to, done)}]=0;`);
  }
}

const OPEN = "let u8=w.bytes,dv=w.view,p=w.position,sp=w.top;const base=w.base,st=w.stack;\n";

function itemFields({ item, length }: FixedArray<unknown>): Field[] {
  return Array.from({ length }, (_, key) => ({ key, schema: item, offset: key * item.size }));
}

const tagMaps = new WeakMap<VariantsSchema, ReadonlyMap<string, number>>();

function tagsOf(schema: VariantsSchema): ReadonlyMap<string, number> {
  let tags = tagMaps.get(schema);
  if (tags === undefined) {
    tags = new Map(schema.variants.map(({ name, tag }) => [name, tag]));
    tagMaps.set(schema, tags);
  }
  return tags;
}
