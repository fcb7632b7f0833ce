/**
 * Source text that reads or checks an archive of a schema, as the schema's own `read` does.
 *
 * They keep the reader's fields in variables: `u8`, `dv`, `base` (its start), `lo`, `hi` (the claimable range).
 *
 * @module
 */
import { dive } from "./box.ts";
import { copyBytes } from "./bytes.ts";
import { footprint, itemFootprint } from "./parts.ts";
import { inOrder } from "./generate_objects.ts";
import {
  checkText,
  isBytewise,
  isFree,
  open,
  readChar,
  readInteger,
  readTag,
  readWord,
  text,
} from "./generate_leaves.ts";
import { type At, at, type Generator, isOutlined, plus, property } from "./generator.ts";
import type { AnySchema, Field, List, Node, Sum } from "./schema.ts";
import { INLINE_CAPACITY } from "./layout.ts";
import { readUtf8Fast } from "./utf8_buffer.ts";
import { itemFields, MAX_UNROLLED } from "./write_context.ts";

/** Emits code that reads values, or only checks them. */
export class ReadEmitter {
  readonly #g: Generator;
  readonly #builds: boolean;
  #root: AnySchema | undefined;
  #bytewise = false;

  constructor(generator: Generator, builds: boolean) {
    [this.#g, this.#builds] = [generator, builds];
  }

  /** The text of `(r) => value`, which reads a whole archive. */
  main(schema: AnySchema): string {
    this.#root = schema;
    this.#bytewise = isBytewise(schema);
    let value = "";
    const body = this.#g.body(() => value = this.#read(schema, { base: "p", offset: 0 }));
    // A schema's own function reads strings just as fast.
    const utf8 = body.includes("r.low=") ? `r.utf8=${this.#g.constant(readUtf8Fast)};` : "";
    return `function(r) {
${utf8}${open(this.#g, body + value)}const p=r.end-${schema.size};
if(p<base||((p-base)&${schema.align - 1}))throw BAD;
hi=p;
${body}
return ${this.#builds ? value : "undefined"};
}`;
  }

  /** The text of a schema's own function, which reads the object at a position. */
  outlined(name: string, schema: AnySchema): string {
    const node = schema as Node;
    const isLazy = node.kind === "lazy";
    const inner = isLazy ? node.item : schema;
    const [down, up] = isLazy
      ? [`${this.#g.constant(dive)}(r,p,${footprint(inner)});`, "r.depth++;"]
      : ["", ""];
    this.#root = inner;
    this.#bytewise = false;
    let value = "";
    const body = this.#g.body(() => value = this.#read(inner, { base: "p", offset: 0 }));
    return `function ${name}(r, p) {
${down}${open(this.#g, body + value)}${body}
const value=${this.#builds ? value : "undefined"};
r.low=lo;r.high=hi;${up}
return value;
}`;
  }

  /** Emit the statements that must run in order; returns the value as an expression that may be evaluated later. */
  #read(schema: AnySchema, from: At): string {
    const g = this.#g;
    if (schema !== this.#root && isOutlined(schema)) {
      return this.#outside(`${g.outline(schema)}(r,${at(from)})`);
    }
    const node = schema as Node;
    if ("min" in node) return readInteger(node, from, this.#bytewise);
    switch (node.kind) {
      case "unit":
        return "undefined";
      case "f32":
      case "f64":
        return `dv.getFloat${8 * node.size}(${at(from)},true)`;
      case "bool": {
        const byte = this.#bind(`u8[${at(from)}]`);
        g.emit(`if(${byte}>1)throw BAD;`);
        return `${byte}===1`;
      }
      case "string":
        return this.#readString(from);
      case "char":
        return this.#bind(`${g.constant(readChar)}(${readWord(from, this.#bytewise, false)})`);
      case "boxstr": {
        const { start, count } = this.#claim(from);
        return this.#bind(`${g.constant(this.#builds ? text : checkText)}(u8,${start},${count})`);
      }
      case "bytes": {
        const { start, count } = this.#claim(from);
        return this.#builds ? this.#bind(`${g.constant(copyBytes)}(u8,${start},${count})`) : "";
      }
      case "uuid":
      case "ipv4":
      case "ipv6":
        return this.#builds ? `${g.constant(copyBytes)}(u8,${at(from)},${node.size})` : "";
      case "vec":
      case "boxslice":
        return this.#readVec(node.item, from);
      case "struct":
        return this.#readObject(node.fields, from, []);
      case "tuple":
      case "tstruct":
        return this.#readList(inOrder(node), from);
      case "array":
        return this.#readArray(node, from);
      case "option": {
        const [some] = node.arms[1]!.fields;
        if (some!.schema.nullable) break;
        return this.#readOption(some!, from);
      }
      case "result":
      case "variants":
        return this.#readSum(node, from);
      case "arm":
        return this.#readObject(node.fields, from, []);
      case "box":
        return this.#readBox(node.item, from);
      case "convert": {
        const inner = this.#read(node.item, from);
        if (node.hasDefault) return inner;
        return this.#builds ? this.#bind(`${g.constant(node.conversion!.decode)}(${inner})`) : "";
      }
      default:
    }
    return this.#outside(`${g.constant(schema)}.read(r,${at(from)})`);
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

  /** Read a pointer and a byte count, and claim those bytes. */
  #claim(from: At): { start: string; count: string } {
    const start = this.#bind(`${at(from)}+${readWord(from, this.#bytewise, true)}`);
    const count = this.#bind(readWord(plus(from, 4), this.#bytewise, false));
    this.#checkTarget(start, count, 1);
    this.#g.emit(`lo=${start}+${count};`);
    return { start, count };
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
      `const ${count}=${readWord(from, this.#bytewise, false)};`,
      `const ${start}=${at(from)}+${readWord(plus(from, 4), this.#bytewise, true)};`,
      `if(${start}<lo||${count}>hi-${start})throw BAD;lo=${start}+${count};${value}=${read}(u8,${start},${count});}`,
    );
    return value;
  }

  #readVec(item: AnySchema, from: At): string {
    const g = this.#g;
    const start = this.#bind(`${at(from)}+dv.getInt32(${at(from)},true)`);
    const count = this.#bind(`dv.getUint32(${at(from, 4)},true)`);
    const bytes = item.size === 1 ? count : `${count}*${item.size}`;
    this.#checkTarget(start, bytes, item.align);
    g.emit(`if((r.memory-=${count}*${itemFootprint(item)})<0)throw BAD;`);
    const [values, i, q, high] = [g.name("a"), g.name("i"), g.name("q"), g.name("h")];
    if (this.#builds || !isFree(item)) {
      // Two to four times as fast as pushing; the count was just checked.
      if (this.#builds) g.emit(`const ${values}=new Array(${count});`);
      g.emit(`const ${high}=hi;hi=${start};`);
      g.emit(`for(let ${i}=0,${q}=${start};${i}<${count};${i}++,${q}+=${item.size}){`);
      const value = this.#read(item, { base: q, offset: 0 });
      g.emit(this.#builds ? `${values}[${i}]=${value};}` : "}", `hi=${high};`);
    }
    g.emit(`lo=${start}+${bytes};`);
    return values;
  }

  #readBox(item: AnySchema, from: At): string {
    const g = this.#g;
    const start = this.#bind(`${at(from)}+${readWord(from, this.#bytewise, true)}`);
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

  #readList(fields: readonly Field[], from: At): string {
    const parts = new Array<string>(fields.length).fill("undefined");
    for (const { key, schema, offset } of fields) {
      parts[key as number] = this.#read(schema, plus(from, offset));
    }
    return this.#builds ? `[${parts.join(",")}]` : "";
  }

  #readArray(node: List, from: At): string {
    const { item, length = 0 } = node;
    const g = this.#g;
    if (length <= MAX_UNROLLED) {
      return this.#readList(itemFields(node), from);
    }
    if (!this.#builds && isFree(item)) return "";
    const [values, i, q] = [g.name("a"), g.name("i"), g.name("q")];
    g.emit(
      `const ${values}=new Array(${length});for(let ${i}=0,${q}=${
        at(from)
      };${i}<${length};${i}++,${q}+=${item.size}){`,
    );
    const value = this.#read(item, { base: q, offset: 0 });
    g.emit(this.#builds ? `${values}[${i}]=${value};}` : "}");
    return values;
  }

  #readOption({ schema, offset }: Field, from: At): string {
    const g = this.#g;
    const tag = this.#bind(`u8[${at(from)}]`);
    const value = g.name("o");
    g.emit(`let ${value}=null;if(${tag}===1){`);
    const some = this.#read(schema, plus(from, offset));
    g.emit(this.#builds ? `${value}=${some};` : "", `}else if(${tag}!==0)throw BAD;`);
    return value;
  }

  #readSum(schema: Sum, from: At): string {
    const g = this.#g;
    const value = g.name("o");
    g.emit(`let ${value};switch(${readTag(schema, from)}){`);
    for (const { name, tag, spec, fields } of schema.arms) {
      g.emit(`case ${tag}:{`);
      const type = schema.kind === "variants" ? [`type:${JSON.stringify(name)}`] : [];
      const object = Array.isArray(spec)
        ? `{${type},value:${this.#readList(fields, from)}}`
        : this.#readObject(fields, from, type);
      g.emit(this.#builds ? `${value}=${object};` : "", "break;}");
    }
    g.emit("default:throw BAD;}");
    return value;
  }
}
