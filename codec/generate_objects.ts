/**
 * Source text for the second phase of writing: filling the fixed-size object.
 *
 * @module
 */
import { type At, at, BAD, member, plus } from "./generator.ts";
import { writeFlat } from "./phases.ts";
import { isFlat } from "./parts.ts";
import type { AnySchema, Arm, BigInteger, Field, Integer, List, Node } from "./schema.ts";
import { INLINE_CAPACITY } from "./layout.ts";
import { scalarOf } from "./scalars.ts";
import { writeUtf8 } from "./utf8.ts";
import { itemFields, MAX_UNROLLED, type Slots, type WriteContext } from "./write_context.ts";

/** Writes the object of a string that fits inline. */
function inlineString(u8: Uint8Array, dv: DataView, at: number, value: string): void {
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

/** The code point of a `char`. */
export function charPoint(value: unknown): number {
  const point = scalarOf(value);
  if (point < 0) throw BAD;
  return point;
}

/** Emit the filling of all bytes of the object at `to`, padding included. */
export function emitObject(
  c: WriteContext,
  schema: AnySchema,
  to: At,
  v: string,
  slots: Slots,
): void {
  const { g } = c;
  const node = schema as Node;
  if (c.isOutlined(schema)) return objectOutside(c, schema, to, v, slots);
  if ("min" in node) return integer(c, node, to, v);
  switch (node.kind) {
    case "unit":
      return g.emit(`if(${v}!==undefined&&${v}!==null)throw BAD;`);
    case "f32":
    case "f64":
      return g.emit(
        `if(typeof ${v}!=="number")throw BAD;dv.setFloat${8 * node.size}(${at(to)},${v},true);`,
      );
    case "bool":
      return g.emit(`if(typeof ${v}!=="boolean")throw BAD;u8[${at(to)}]=${v}?1:0;`);
    case "char":
      return g.emit(`dv.setInt32(${at(to)},${g.constant(charPoint)}(${v}),true);`);
    case "uuid":
    case "ipv4":
    case "ipv6":
      return g.emit(
        `if(!(${v} instanceof Uint8Array)||${v}.length!==${node.size})throw BAD;`,
        `u8.set(${v},${at(to)});`,
      );
    case "boxstr":
      pointer(c, to, c.kept(slots, "start"));
      return g.emit(`dv.setInt32(${at(to, 4)},${c.kept(slots, "length")},true);`);
    case "string": {
      const start = c.kept(slots, "start");
      const length = c.kept(slots, "length");
      g.emit(`if(${length}===0)${g.constant(inlineString)}(u8,dv,${at(to)},${v});else{`);
      return g.emit(
        `dv.setInt32(${at(to)},${length},true);dv.setInt32(${at(to, 4)},${start}-(${
          at(to)
        }),true);}`,
      );
    }
    case "bytes":
      pointer(c, to, c.kept(slots, "start"));
      return g.emit(`dv.setInt32(${at(to, 4)},${v}.length,true);`);
    case "vec":
    case "boxslice":
      pointer(c, to, c.kept(slots, "start"));
      return g.emit(`dv.setInt32(${at(to, 4)},${c.kept(slots, "count")},true);`);
    case "struct":
    case "tuple":
    case "tstruct":
      if (node.kind === "struct") c.checkObject(v, node.fields);
      else c.checkLength(v, node.fields.length);
      fieldsOf(c, inOrder(node), to, v, slots);
      return zeroGaps(c, to, node.size, node.fields);
    case "convert": {
      const value = isFlat(node)
        ? c.bind(`${g.constant(node.conversion!.encode)}(${v})`)
        : c.looping
        ? c.bind("x.converted[st[rp++]]")
        : slots["value"] as string;
      return emitObject(c, node.item, to, value, (slots["inner"] ?? {}) as Slots);
    }
    case "array":
      return arrayOf(c, node, to, v, slots);
    case "option": {
      const { schema: some, offset } = node.arms[1]!.fields[0]!;
      if (some.nullable) break;
      g.emit(`if(${v}===null||${v}===undefined){`);
      zero(c, to, node.size);
      g.emit(`}else{u8[${at(to)}]=1;`);
      emitObject(c, some, plus(to, offset), v, (slots["some"] ?? {}) as Slots);
      zeroGaps(c, to, node.size, node.arms[1]!.fields, 1);
      return g.emit("}");
    }
    case "result":
    case "variants":
      return c.choose(node, v, (arm) => {
        const carried = c.payload(arm, v);
        armOf(c, arm, to, carried, (slots[arm.name] ?? {}) as Slots);
      });
    case "arm":
      if (!Array.isArray(node.spec)) c.checkObject(v, node.fields);
      return armOf(c, node, to, v, slots);
    case "box":
      return pointer(c, to, c.kept(slots, "start"));
    default:
  }
  objectOutside(c, schema, to, v, slots);
}

/** The fields in the order they are written: a tuple's from the last to the first. */
export function inOrder(
  { kind, fields }: { kind: string; fields: readonly Field[] },
): readonly Field[] {
  return kind === "tuple" ? [...fields].reverse() : fields;
}

function integer({ g }: WriteContext, node: Integer | BigInteger, to: At, v: string): void {
  const { size, min, max } = node;
  if (typeof min === "bigint") {
    const [least, most] = [g.constant(min), g.constant(max)];
    g.emit(`if(typeof ${v}!=="bigint"||${v}<${least}||${v}>${most})throw BAD;`);
    g.emit(`dv.setBigInt64(${at(to)},${v},true);`);
    if (size === 16) g.emit(`dv.setBigInt64(${at(to, 8)},${v}>>64n,true);`);
    return;
  }
  const shift = 32 - 8 * size;
  const wrapped = min < 0 ? `<<${shift}>>${shift}` : size === 4 ? ">>>0" : `&${max}`;
  const store = size === 1
    ? `u8[${at(to)}]=${v}`
    : `dv.setInt${8 * size}(${at(to)},${v}${size === 4 ? "|0" : ""},true)`;
  g.emit(`if((${v}${wrapped})!==${v})throw BAD;${store};`);
}

function pointer({ g }: WriteContext, to: At, target: string): void {
  g.emit(`dv.setInt32(${at(to)},${target}-(${at(to)}),true);`);
}

function fieldsOf(
  c: WriteContext,
  fields: readonly Field[],
  to: At,
  v: string,
  slots: Slots,
): void {
  for (const { key, schema, offset } of fields) {
    const known = c.looping ? undefined : slots[`value ${key}`] as string | undefined;
    const value = known ?? c.bind(member(v, key));
    emitObject(c, schema, plus(to, offset), value, (slots[`slots ${key}`] ?? {}) as Slots);
  }
}

function arrayOf(c: WriteContext, schema: List, to: At, v: string, slots: Slots): void {
  const { g } = c;
  const { item, length = 0 } = schema;
  if (!isFlat(schema)) return objectOutside(c, schema, to, v, slots);
  c.checkLength(v, length);
  if (length <= MAX_UNROLLED) return fieldsOf(c, itemFields(schema), to, v, slots);
  const i = g.name("i");
  const q = g.name("q");
  const e = g.name("e");
  const outer = c.looping;
  c.looping = true;
  g.emit(
    `for(let ${i}=0,${q}=${
      at(to)
    };${i}<${length};${i}++,${q}+=${item.size}){const ${e}=${v}[${i}];`,
  );
  emitObject(c, item, { base: q, offset: 0 }, e, {});
  g.emit("}");
  c.looping = outer;
}

function armOf(c: WriteContext, arm: Arm, to: At, v: string, slots: Slots): void {
  const { size, tagBytes } = arm;
  c.g.emit(
    tagBytes === 1
      ? `u8[${at(to)}]=${arm.tag};`
      : `dv.setUint${8 * tagBytes}(${at(to)},${arm.tag},true);`,
  );
  fieldsOf(c, arm.fields, to, v, slots);
  zeroGaps(c, to, size, arm.fields, tagBytes);
}

/** By a separate function, or by the schema's own. */
function objectOutside(
  c: WriteContext,
  schema: AnySchema,
  to: At,
  v: string,
  slots: Slots,
): void {
  const { g } = c;
  if (!c.isOutlined(schema)) {
    if (!isFlat(schema)) return g.emit(`x.unstash(w,${c.kept(slots, "stash")},${at(to)});`);
    zero(c, to, schema.size);
    return g.emit(`${g.constant(writeFlat)}(w,${g.constant(schema)},${at(to)},${v});`);
  }
  const start = c.looping
    ? (isFlat(schema) ? "0" : "rp")
    : (slots["mark"] as string | undefined) ?? "sp";
  if (!isFlat(schema)) g.emit(`x.cursor=${start};`);
  g.emit(`${g.outline(schema)}r(w,${at(to)},${v});`);
  if (c.looping && !isFlat(schema)) g.emit("rp=x.cursor;");
}

function zeroGaps(
  c: WriteContext,
  to: At,
  size: number,
  fields: readonly Field[],
  from: number = 0,
): void {
  const sorted = fields.filter(({ schema }) => schema.size > 0).sort((a, b) => a.offset - b.offset);
  let end = from;
  for (const { offset, schema } of sorted) {
    zero(c, plus(to, end), offset - end);
    end = offset + schema.size;
  }
  zero(c, plus(to, end), size - end);
}

function zero({ g }: WriteContext, to: At, count: number): void {
  if (count > 32) return g.emit(`u8.fill(0,${at(to)},${at(to, count)});`);
  let done = 0;
  for (; count - done >= 4; done += 4) g.emit(`dv.setInt32(${at(to, done)},0,true);`);
  for (; done < count; done++) g.emit(`u8[${at(to, done)}]=0;`);
}
