/**
 * {@linkcode Generator}: builds source text.
 *
 * @module
 */
import { partsOf } from "./parts.ts";
import type { AnySchema } from "./schema.ts";

/** Thrown by generated code for an invalid value or archive; the interpreter then finds out what is invalid. */
export const BAD: Error = /* @__PURE__ */ new TypeError("Cannot encode the value");

/** Types with more parts than this get separate functions, so that engines still optimize each. */
const MAX_PARTS = 150;

/** A position: a variable that holds one, and bytes from there. */
export interface At {
  /** Name of the variable. */
  readonly base: string;
  /** Constant distance. */
  readonly offset: number;
}

/** A position as an expression. */
export function at({ base, offset }: At, more: number = 0): string {
  return offset + more === 0 ? base : `${base}+${offset + more}`;
}

/** A position further on. */
export function plus({ base, offset }: At, more: number): At {
  return { base, offset: offset + more };
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** `value.key`. */
export function member(value: string, key: string | number): string {
  return typeof key === "string" && IDENTIFIER.test(key)
    ? `${value}.${key}`
    : `${value}[${JSON.stringify(key)}]`;
}

/** `key:`, in an object literal. `__proto__: x` would set the prototype. */
export function property(key: string): string {
  return key === "__proto__" ? '["__proto__"]' : JSON.stringify(key);
}

const parts = new WeakMap<AnySchema, number>();

/** The number of inlined parts of a type: 1 if it has separate functions. */
export function countParts(schema: AnySchema): number {
  let count = parts.get(schema);
  if (count === undefined) {
    count = 1;
    for (const part of partsOf(schema)) count += isOutlined(part) ? 1 : countParts(part);
    parts.set(schema, count);
  }
  return count;
}

/** Whether a type has separate functions, except as the root. */
export function isOutlined(schema: AnySchema): boolean {
  return schema.kind === "lazy" || (countParts(schema) > MAX_PARTS && partsOf(schema).length > 1);
}

/** A separate function for a schema. */
interface Outlined {
  readonly name: string;
  readonly schema: AnySchema;
}

/**
 * Builds source text.
 *
 * The text depends only on a schema, never on a peer's input, and names in it are quoted.
 */
export class Generator {
  readonly #constants = new Map<unknown, string>([[BAD, "BAD"]]);
  readonly #functions = new Map<AnySchema, Outlined>();
  readonly #queue: Outlined[] = [];
  #lines: string[] = [];
  #hoisted: string[] = [];
  #next = 0;

  /** A new unique name. */
  name(prefix: string): string {
    return `${prefix}${this.#next++}`;
  }

  /** Add lines. */
  emit(...lines: string[]): void {
    for (const line of lines) this.#lines.push(line);
  }

  /** A variable of the whole function. */
  hoist(prefix: string): string {
    const name = this.name(prefix);
    this.#hoisted.push(name);
    return name;
  }

  /** A name for an existing value. */
  constant(value: unknown): string {
    let name = this.#constants.get(value);
    if (name === undefined) {
      name = this.name("K");
      this.#constants.set(value, name);
    }
    return name;
  }

  /** The name of a schema's separate function, which is generated later. */
  outline(schema: AnySchema): string {
    let outlined = this.#functions.get(schema);
    if (outlined === undefined) {
      outlined = { name: this.name("f"), schema };
      this.#functions.set(schema, outlined);
      this.#queue.push(outlined);
    }
    return outlined.name;
  }

  /** Run `body`, and return what it emitted as the text of a function's body. */
  body(run: () => void): string {
    const lines = this.#lines;
    const hoisted = this.#hoisted;
    this.#lines = [];
    this.#hoisted = [];
    run();
    const text = (this.#hoisted.length > 0 ? `let ${this.#hoisted.join(",")};\n` : "") +
      this.#lines.join("\n");
    this.#lines = lines;
    this.#hoisted = hoisted;
    return text;
  }

  /** Build a function from the text of `main`, which may call outlined ones that `outlined` generates. */
  build(main: string, outlined: (name: string, schema: AnySchema) => string): unknown {
    const functions: string[] = [];
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      functions.push(outlined(next.name, next.schema));
    }
    const names = [...this.#constants.values()];
    const text = `"use strict";\n${functions.join("\n")}\nreturn ${main}`;
    return new Function(...names, text)(...this.#constants.keys());
  }
}
