/**
 * {@linkcode WriteContext}: shared by the generators of both phases of writing.
 *
 * @module
 */
import { type Generator, isOutlined } from "./generator.ts";
import type { AnySchema, Arm, Field, List, Node, Sum } from "./schema.ts";

/** Loops are unrolled for arrays up to this long. */
export const MAX_UNROLLED = 8;
/** Enums with more variants than this are distinguished by a map. */
const MAX_SWITCHED = 8;

/** The place of a value's resolvers: variables or, inside loops, the stack. */
export type Slots = { readonly [key: string]: string | Slots | undefined };

/** The variables of a function, a branch or a loop, and the place of resolvers. */
export class WriteContext {
  /** The generated source text. */
  readonly g: Generator;
  /** Whether resolvers go over the stack. */
  looping = false;
  /** The schema whose function is being emitted. */
  root: AnySchema | undefined;

  constructor(generator: Generator) {
    this.g = generator;
  }

  /** A variable that lives over both phases, or in a loop only during one. */
  variable(prefix: string, value: string): string {
    if (this.looping) {
      const name = this.g.name(prefix);
      this.g.emit(`let ${name}=${value};`);
      return name;
    }
    const name = this.g.hoist(prefix);
    this.g.emit(`${name}=${value};`);
    return name;
  }

  ensure(count: string): void {
    this.g.emit(`if(p+${count}>u8.length){w.position=p;w.ensure(${count});u8=w.bytes;dv=w.view;}`);
  }

  /** Emit the reservation of `size` bytes; returns the variable with their position. */
  reserve(size: string, { align }: { align: number }): string {
    const start = this.g.hoist("q");
    if (align > 1) {
      this.ensure(`${align - 1}+${size}`);
      this.g.emit(`for(let e=p+((base-p)&${align - 1});p<e;p++)u8[p]=0;`);
    } else this.ensure(size);
    this.g.emit(`${start}=p;p+=${size};`);
    return start;
  }

  outside(...calls: string[]): void {
    this.g.emit("w.position=p;x.top=sp;", ...calls, "p=w.position;sp=x.top;u8=w.bytes;dv=w.view;");
  }

  isOutlined(schema: AnySchema): boolean {
    return schema !== this.root && isOutlined(schema);
  }

  /** Keep resolvers: as variables or on the stack. */
  keep(slots: { readonly [key: string]: string }): Slots {
    if (!this.looping) return slots;
    for (const slot of Object.values(slots)) this.g.emit(`st[sp++]=${slot};`);
    return {};
  }

  /** A resolver that was kept. */
  kept(slots: Slots, key: string): string {
    if (!this.looping) return slots[key] as string;
    const name = this.g.name("r");
    this.g.emit(`const ${name}=st[rp++];`);
    return name;
  }

  checkLength(v: string, length: number): void {
    this.g.emit(`if(!Array.isArray(${v})||${v}.length!==${length})throw BAD;`);
  }

  /** Refuse a value that is no object, where none of its fields does so anyway. */
  checkObject(v: string, fields: readonly Field[]): void {
    if (fields.some(isOnlyInObjects)) return;
    this.g.emit(`if(typeof ${v}!=="object"||${v}===null||Array.isArray(${v}))throw BAD;`);
  }

  payload({ spec, fields }: Arm, v: string): string {
    if (!Array.isArray(spec)) return v;
    const items = this.g.name("t");
    this.g.emit(`const ${items}=${v}.value;`);
    this.checkLength(items, fields.length);
    return items;
  }

  /** Emit a branch for each arm: by the value's `type`, or by its one key. */
  choose(schema: Sum, v: string, branch: (arm: Arm) => void): void {
    const g = this.g;
    if (schema.kind !== "variants") {
      for (const arm of schema.arms) {
        g.emit(`if(${JSON.stringify(arm.name)} in ${v}){`);
        branch(arm);
        g.emit("}else");
      }
      g.emit(" throw BAD;");
      return;
    }
    const byMap = schema.arms.length > MAX_SWITCHED;
    const tags = byMap ? g.constant(tagsOf(schema)) : "";
    g.emit(byMap ? `switch(${tags}.get(${v}.type)){` : `switch(${v}.type){`);
    for (const arm of schema.arms) {
      g.emit(`case ${byMap ? arm.tag : JSON.stringify(arm.name)}:{`);
      branch(arm);
      g.emit("break;}");
    }
    g.emit("default:throw BAD;}");
  }

  bind(expression: string): string {
    const name = this.g.name("x");
    this.g.emit(`const ${name}=${expression};`);
    return name;
  }
}

/** What else has properties that are no functions, such as `length` or `name`. */
const NO_OBJECTS: readonly object[] = [[], Object(""), Object(Symbol()), function () {}];

/** Whether a field must be there, and is not in arrays, functions and primitives. */
function isOnlyInObjects({ key, schema }: Field): boolean {
  return isRequired(schema as Node) && !NO_OBJECTS.some((other) => key in other);
}

function isRequired(node: Node): boolean {
  if (node.kind === "box") return isRequired(node.item as Node);
  return !(node.nullable || /^(?:unit|convert|lazy)$/.test(node.kind));
}

/** An array as fields, for unrolled loops. */
export function itemFields({ item, length = 0 }: List): Field[] {
  return Array.from({ length }, (_, key) => ({ key, schema: item, offset: key * item.size }));
}

const tagMaps = new WeakMap<Sum, ReadonlyMap<string, number>>();

function tagsOf(schema: Sum): ReadonlyMap<string, number> {
  let tags = tagMaps.get(schema);
  if (tags === undefined) {
    tags = new Map(schema.arms.map(({ name, tag }) => [name, tag]));
    tagMaps.set(schema, tags);
  }
  return tags;
}
