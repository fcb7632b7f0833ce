/**
 * Source text that writes a value in two phases, as rkyv does: first the out-of-line parts, then the object.
 *
 * Generated functions keep the writer's fields in variables: `u8`, `dv`, `p` (position), `x`, `st`, `sp`
 * (its phases, their stack and its height), and `rp` (the next resolver) if values are written in loops. A resolver is
 * the position of an out-of-line part. Outside of loops resolvers are variables; inside they are kept on the stack.
 *
 * @module
 */
import { emitObject, inOrder } from "./generate_objects.ts";
import { descend } from "./box.ts";
import { BAD, type Generator, member } from "./generator.ts";
import { phasesOf } from "./phases.ts";
import { isFlat } from "./parts.ts";
import type { AnySchema, Field, List, Node } from "./schema.ts";
import { INLINE_CAPACITY } from "./layout.ts";
import { utf8Length, writeUtf8 } from "./utf8.ts";
import { type Slots, WriteContext } from "./write_context.ts";

/** Writes a string that doesn't fit inline, and returns the position after it. */
function appendString(u8: Uint8Array, p: number, value: string): number {
  if (value.length <= INLINE_CAPACITY) {
    const length = utf8Length(value);
    if (length < 0) throw BAD;
    if (length <= INLINE_CAPACITY) return p;
  }
  return appendText(u8, p, value);
}

/** Writes the bytes of a string, and returns the position after them. */
export function appendText(u8: Uint8Array, p: number, value: string): number {
  const end = writeUtf8(u8, p, value);
  if (end < 0) throw BAD;
  return end;
}

/** The variables that a body uses. */
function open(c: WriteContext, body: string): string {
  const phases = usesPhases(body)
    ? `const x=${c.g.constant(phasesOf)}(w),st=x.stack;let sp=x.top;`
    : "";
  return `let u8=w.bytes,dv=w.view,p=w.position;const base=w.base;${phases}\n`;
}

function usesPhases(body: string): boolean {
  return /\bx\.|\bsp\b/.test(body);
}

/**
 * The text of `(w, v) => …`, which writes a whole archive, and of outlined functions; `undefined` for a type with its
 * own function, such as a map.
 */
export function writeFunction(
  g: Generator,
  schema: AnySchema,
):
  | { readonly main: string; readonly outlined: (name: string, schema: AnySchema) => string }
  | undefined {
  const c = new WriteContext(g);
  c.root = schema;
  let isOwn = false;
  const body = g.body(() => {
    const slots = emitParts(c, schema, "v");
    isOwn = typeof slots["stash"] === "string";
    const start = c.reserve(String(schema.size), schema);
    emitObject(c, schema, { base: start, offset: 0 }, "v", slots);
  });
  if (isOwn) return undefined;
  const settle = /x\.(?:keep|stash)\(|rp=x\.cursor/.test(body) ? "x.settle(w);" : "";
  const [top, close] = usesPhases(body) ? ["const top=sp;", "x.top=top;"] : ["", ""];
  const main = `function(w, v) {
${open(c, body)}${top}${body}
w.position = p; ${close}${settle}
}`;
  return { main, outlined: (name, part) => outlinedFunctions(c, name, part) };
}

/** The text of a schema's two functions, `name` and `name` with an `r`, which pass resolvers over the stack. */
function outlinedFunctions(c: WriteContext, name: string, schema: AnySchema): string {
  const node = schema as Node;
  const isLazy = node.kind === "lazy";
  const inner = isLazy ? node.item : schema;
  const [down, up] = isLazy ? [`${c.g.constant(descend)}(w);`, "w.depth--;"] : ["", ""];
  c.root = inner;
  c.looping = true;
  const parts = c.g.body(() => emitParts(c, inner, "v"));
  const object = c.g.body(() => emitObject(c, inner, { base: "at", offset: 0 }, "v", {}));
  c.looping = false;
  return `function ${name}(w, v) {
${down}${open(c, "x.")}${parts}
w.position = p; x.top = sp; ${up}
}
function ${name}r(w, at, v) {
${open(c, "x.")}let rp = x.cursor;
${object}
x.cursor = rp;
}`;
}

/** Emit the out-of-line parts. */
function emitParts(c: WriteContext, schema: AnySchema, v: string): Slots {
  const { g } = c;
  const node = schema as Node;
  if (isFlat(schema)) return {};
  if (c.isOutlined(schema)) return partsOutside(c, schema, v);
  switch (node.kind) {
    case "struct":
    case "tuple":
    case "tstruct":
      if (node.kind !== "struct") c.checkLength(v, node.fields.length);
      return fieldsOf(c, inOrder(node), v);
    case "arm":
      return fieldsOf(c, node.fields, v);
    case "convert": {
      const value = c.variable("c", `${g.constant(node.conversion!.encode)}(${v})`);
      if (c.looping) g.emit(`st[sp++]=x.keep(${value});`);
      return { value, inner: emitParts(c, node.item, value) };
    }
    case "string":
    case "boxstr": {
      g.emit(`if(typeof ${v}!=="string")throw BAD;`);
      c.ensure(`${v}.length*3`);
      const start = c.variable("r", "p");
      g.emit(`p=${g.constant(node.kind === "string" ? appendString : appendText)}(u8,p,${v});`);
      return c.keep({ start, length: c.variable("l", `p-${start}`) });
    }
    case "bytes": {
      g.emit(`if(!(${v} instanceof Uint8Array))throw BAD;`);
      c.ensure(`${v}.length`);
      const start = c.variable("r", "p");
      g.emit(`u8.set(${v},p);p+=${v}.length;`);
      return c.keep({ start });
    }
    case "vec":
    case "boxslice":
      return vecOf(c, node, v);
    case "option": {
      const { schema: inside } = node.arms[1]!.fields[0]!;
      if (inside.nullable) break;
      g.emit(`if(${v}!==null&&${v}!==undefined){`);
      const some = emitParts(c, inside, v);
      g.emit("}");
      return { some };
    }
    case "result":
    case "variants": {
      const slots: Record<string, Slots> = {};
      c.choose(node, v, (arm) => {
        if (!isFlat(arm)) slots[arm.name] = fieldsOf(c, arm.fields, c.payload(arm, v));
      });
      return slots;
    }
    case "box":
      return boxOf(c, node.item, v);
    default:
  }
  return partsOutside(c, schema, v);
}

function boxOf(c: WriteContext, item: AnySchema, v: string): Slots {
  if (!c.looping) {
    const slots = emitParts(c, item, v);
    const start = c.reserve(String(item.size), item);
    emitObject(c, item, { base: start, offset: 0 }, v, slots);
    return { start };
  }
  const bottom = c.bind("sp");
  emitParts(c, item, v);
  const start = c.reserve(String(item.size), item);
  c.g.emit(`{let rp=${bottom};`);
  emitObject(c, item, { base: start, offset: 0 }, v, {});
  c.g.emit(`}sp=${bottom};`);
  return c.keep({ start });
}

/** By a separate function, which leaves its resolvers on the stack, or by the schema's own. */
function partsOutside(c: WriteContext, schema: AnySchema, v: string): Slots {
  if (!c.isOutlined(schema)) {
    const stash = c.variable("k", "0");
    c.outside(`${stash}=x.stash(w,${c.g.constant(schema)},${v});`);
    return c.keep({ stash });
  }
  const mark = c.looping ? undefined : c.variable("m", "sp");
  c.outside(`${c.g.outline(schema)}(w,${v});`);
  return { mark };
}

function fieldsOf(c: WriteContext, fields: readonly Field[], v: string): Slots {
  const slots: Record<string, string | Slots> = {};
  for (const { key, schema } of fields) {
    if (isFlat(schema)) continue;
    const value = c.variable("v", member(v, key));
    slots[`value ${key}`] = value;
    slots[`slots ${key}`] = emitParts(c, schema, value);
  }
  return slots;
}

function vecOf(c: WriteContext, { item }: List, v: string): Slots {
  const { g } = c;
  g.emit(`if(!Array.isArray(${v}))throw BAD;`);
  const count = c.variable("n", `${v}.length`);
  const bottom = g.name("b");
  const outer = c.looping;
  g.emit(isFlat(item) ? "{" : `{const ${bottom}=sp;`);
  c.looping = true;
  if (!isFlat(item)) {
    const i = g.name("i");
    const e = g.name("e");
    g.emit(`for(let ${i}=0;${i}<${count};${i}++){const ${e}=${v}[${i}];`);
    emitParts(c, item, e);
    g.emit("}");
  }
  const start = c.reserve(item.size === 1 ? count : `${count}*${item.size}`, item);
  const i = g.name("i");
  const q = g.name("q");
  const e = g.name("e");
  g.emit(
    `{${isFlat(item) ? "" : `let rp=${bottom};`}`,
    `for(let ${i}=0,${q}=${start};${i}<${count};${i}++,${q}+=${item.size}){const ${e}=${v}[${i}];`,
  );
  emitObject(c, item, { base: q, offset: 0 }, e, {});
  g.emit("}}", isFlat(item) ? "}" : `sp=${bottom};}`);
  c.looping = outer;
  return c.keep({ start, count });
}
