/**
 * {@linkcode EmitterBase}: what emitting either phase of writing needs.
 *
 * @module
 */
import type { FixedArray } from "./array.ts";
import type { Field } from "./fields.ts";
import { type Generator, isOutlined } from "./generator.ts";
import type { Schema } from "./schema.ts";
import type { Variant, VariantsSchema } from "./variants.ts";

/** Loops are unrolled for arrays up to this long. */
export const MAX_UNROLLED = 8;
/** Enums with more variants than this are told apart by a map. */
const MAX_SWITCHED = 8;

/** Where a value's resolvers are: variables, or, inside loops, the stack. */
export type Slots = { readonly [key: string]: string | Slots | undefined };

/** Variables of a function, a branch or a loop, and where resolvers are kept. */
export abstract class EmitterBase {
  /** The source text under way. */
  protected readonly g: Generator;
  /** Whether resolvers go over the stack. */
  protected looping = false;
  /** The schema whose function is being emitted. */
  protected root: Schema<unknown> | undefined;

  constructor(generator: Generator) {
    this.g = generator;
  }

  /** A variable that lives from one phase to the next, or in a loop only as long as one. */
  protected variable(prefix: string, value: string): string {
    if (this.looping) {
      const name = this.g.name(prefix);
      this.g.emit(`let ${name}=${value};`);
      return name;
    }
    const name = this.g.hoist(prefix);
    this.g.emit(`${name}=${value};`);
    return name;
  }

  protected ensure(count: string): void {
    this.g.emit(`if(p+${count}>u8.length){w.position=p;w.ensure(${count});u8=w.bytes;dv=w.view;}`);
  }

  /** Emit the reservation of `size` bytes; returns the variable with their position. */
  protected reserve(size: string, { align }: { align: number }): string {
    const start = this.g.hoist("q");
    if (align > 1) {
      this.ensure(`${align - 1}+${size}`);
      this.g.emit(`for(let e=p+((base-p)&${align - 1});p<e;p++)u8[p]=0;`);
    } else this.ensure(size);
    this.g.emit(`${start}=p;p+=${size};`);
    return start;
  }

  protected outside(...calls: string[]): void {
    this.g.emit("w.position=p;w.top=sp;", ...calls, "p=w.position;sp=w.top;u8=w.bytes;dv=w.view;");
  }

  protected isOutlined(schema: Schema<unknown>): boolean {
    return schema !== this.root && isOutlined(schema);
  }

  /** Resolvers: variables as they are, or onto the stack. */
  protected keep(slots: { readonly [key: string]: string }): Slots {
    if (!this.looping) return slots;
    for (const slot of Object.values(slots)) this.g.emit(`st[sp++]=${slot};`);
    return {};
  }

  /** A resolver that was kept. */
  protected kept(slots: Slots, key: string): string {
    if (!this.looping) return slots[key] as string;
    const name = this.g.name("r");
    this.g.emit(`const ${name}=st[rp++];`);
    return name;
  }

  protected checkLength(v: string, length: number): void {
    this.g.emit(`if(!Array.isArray(${v})||${v}.length!==${length})throw BAD;`);
  }

  protected payload({ shape, fields }: Variant, v: string): string {
    if (shape !== "items") return v;
    const items = this.g.name("t");
    this.g.emit(`const ${items}=${v}.value;`);
    this.checkLength(items, fields.length);
    return items;
  }

  protected switch(schema: VariantsSchema, v: string, branch: (variant: Variant) => void): void {
    const g = this.g;
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

  protected bind(expression: string): string {
    const name = this.g.name("x");
    this.g.emit(`const ${name}=${expression};`);
    return name;
  }
}

/** An array as fields, for loops that are unrolled. */
export function itemFields({ item, length }: FixedArray<unknown>): Field[] {
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
