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
import { member } from "./generator.ts";
import { Option } from "./option.ts";
import { BAD_VALUE } from "./primitives.ts";
import { ResultSchema } from "./result.ts";
import type { Schema } from "./schema.ts";
import { INLINE_CAPACITY } from "./string.ts";
import { Struct } from "./struct.ts";
import { Tuple } from "./tuple.ts";
import { utf8Length, writeUtf8 } from "./utf8.ts";
import { Variant, VariantsSchema } from "./variants.ts";
import { Vec } from "./vec.ts";
import { itemFields, MAX_UNROLLED, type Slots } from "./compile_base.ts";
import { ResolveEmitter } from "./compile_resolve.ts";

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

/** Emits the writing of values: what lies out of line, then the objects. */
export class WriteEmitter extends ResolveEmitter {
  /** The text of `(w, v) => …`, which writes a whole archive. */
  main(schema: Schema<unknown>): string {
    const g = this.g;
    this.root = schema;
    const body = g.body(() => {
      const slots = this.serialize(schema, "v");
      const start = this.reserve(String(schema.size), schema);
      this.resolve(schema, { base: start, offset: 0 }, "v", slots);
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
    this.root = inner;
    this.looping = true;
    const serialize = this.g.body(() => this.serialize(inner, "v"));
    const resolve = this.g.body(() => this.resolve(inner, { base: "at", offset: 0 }, "v", {}));
    this.looping = false;
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

  /** Emit what lies out of line. */
  protected serialize(schema: Schema<unknown>, v: string): Slots {
    const g = this.g;
    if (schema.flat) return {};
    if (this.isOutlined(schema)) return this.serializeOutside(schema, v);
    if (schema instanceof Struct || schema instanceof Tuple) {
      if (schema instanceof Tuple) this.checkLength(v, schema.schemas.length);
      return this.serializeFields(schema.fields, v);
    }
    if (schema instanceof Converted) {
      const value = this.variable("c", `${g.constant(schema.conversion.encode)}(${v})`);
      if (this.looping) g.emit(`st[sp++]=w.keep(${value});`);
      return { value, inner: this.serialize(schema.inner, value) };
    }
    if (schema.kind === "string") return this.serializeString(v);
    if (schema.kind === "bytes") {
      g.emit(`if(!(${v} instanceof Uint8Array))throw BAD;`);
      this.ensure(`${v}.length`);
      const start = this.variable("r", "p");
      g.emit(`u8.set(${v},p);p+=${v}.length;`);
      return this.keep({ start });
    }
    if (schema instanceof Vec) return this.serializeVec(schema as Vec<unknown>, v);
    if (schema instanceof FixedArray && schema.length <= MAX_UNROLLED) {
      this.checkLength(v, schema.length);
      return this.serializeFields(itemFields(schema), v);
    }
    if (schema instanceof Option && !schema.wrapped) {
      let some: Slots = {};
      g.emit(`if(${v}!==null&&${v}!==undefined){`);
      some = this.serialize(schema.some, v);
      g.emit("}");
      return { some };
    }
    if (schema instanceof ResultSchema) {
      g.emit(`if("ok" in ${v}){`);
      const okValue = this.variable("o", `${v}.ok`);
      const ok = this.serialize(schema.ok, okValue);
      g.emit(`}else if("err" in ${v}){`);
      const errValue = this.variable("o", `${v}.err`);
      const err = this.serialize(schema.err, errValue);
      g.emit("}else throw BAD;");
      return { okValue, ok, errValue, err };
    }
    if (schema instanceof VariantsSchema) return this.serializeVariants(schema, v);
    if (schema instanceof Variant) return this.serializeFields(schema.fields, v);
    if (schema instanceof Box) return this.serializeBox(schema, v);
    return this.serializeOutside(schema, v);
  }

  protected serializeBox({ item }: Box<unknown>, v: string): Slots {
    if (!this.looping) {
      const slots = this.serialize(item, v);
      const start = this.reserve(String(item.size), item);
      this.resolve(item, { base: start, offset: 0 }, v, slots);
      return { start };
    }
    const bottom = this.bind("sp");
    this.serialize(item, v);
    const start = this.reserve(String(item.size), item);
    this.g.emit(`{let rp=${bottom};`);
    this.resolve(item, { base: start, offset: 0 }, v, {});
    this.g.emit(`}sp=${bottom};`);
    return this.keep({ start });
  }

  /** By a function of its own, or by the schema's own method: either leaves its resolvers on the stack. */
  protected serializeOutside(schema: Schema<unknown>, v: string): Slots {
    const mark = this.looping ? undefined : this.variable("m", "sp");
    const isOwn = this.isOutlined(schema);
    const call = isOwn
      ? `${this.g.outline(schema)}(w,${v});`
      : `${this.g.constant(schema)}.serialize(w,${v});`;
    this.outside(call);
    return { mark };
  }

  protected serializeFields(fields: readonly Field[], v: string): Slots {
    const slots: Record<string, string | Slots> = {};
    for (const { key, schema } of fields) {
      if (schema.flat) continue;
      const value = this.variable("v", member(v, key));
      slots[`value ${key}`] = value;
      slots[`slots ${key}`] = this.serialize(schema, value);
    }
    return slots;
  }

  protected serializeString(v: string): Slots {
    this.g.emit(`if(typeof ${v}!=="string")throw BAD;`);
    this.ensure(`${v}.length*3`);
    const start = this.variable("r", "p");
    this.g.emit(`p=${this.g.constant(appendString)}(u8,p,${v});`);
    return this.keep({ start, length: this.variable("l", `p-${start}`) });
  }

  protected serializeVec(schema: Vec<unknown>, v: string): Slots {
    const g = this.g;
    const { item } = schema;
    g.emit(`if(!Array.isArray(${v}))throw BAD;`);
    const count = this.variable("n", `${v}.length`);
    const bottom = g.name("b");
    const outer = this.looping;
    g.emit(`{const ${bottom}=sp;`);
    this.looping = true;
    if (!item.flat) {
      const i = g.name("i");
      const e = g.name("e");
      g.emit(`for(let ${i}=0;${i}<${count};${i}++){const ${e}=${v}[${i}];`);
      this.serialize(item, e);
      g.emit("}");
    }
    const start = this.reserve(item.size === 1 ? count : `${count}*${item.size}`, item);
    const i = g.name("i");
    const q = g.name("q");
    const e = g.name("e");
    g.emit(
      `{${item.flat ? "" : `let rp=${bottom};`}`,
      `for(let ${i}=0,${q}=${start};${i}<${count};${i}++,${q}+=${item.size}){const ${e}=${v}[${i}];`,
    );
    this.resolve(item, { base: q, offset: 0 }, e, {});
    g.emit("}}", `sp=${bottom};}`);
    this.looping = outer;
    return this.keep({ start, count });
  }

  protected serializeVariants(schema: VariantsSchema, v: string): Slots {
    const slots: Record<string, Slots> = {};
    this.switch(schema, v, (variant) => {
      if (variant.flat) return;
      slots[variant.name] = this.serializeFields(variant.fields, this.payload(variant, v));
    });
    return slots;
  }
}

const OPEN = "let u8=w.bytes,dv=w.view,p=w.position,sp=w.top;const base=w.base,st=w.stack;\n";
