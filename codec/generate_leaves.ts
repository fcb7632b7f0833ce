/**
 * Source text that reads numbers and tags, and functions that read strings for it.
 *
 * @module
 */
import { type At, at, BAD, countParts, type Generator } from "./generator.ts";
import { partsOf } from "./parts.ts";
import { viewOf } from "./reader.ts";
import type { AnySchema, BigInteger, Integer, Node, Sum } from "./schema.ts";
import { isUtf8, readUtf8Fast } from "./utf8_buffer.ts";

/** An integer; if it has up to 32 bits, composed from bytes if the function has no view. */
export function readInteger(node: Integer | BigInteger, from: At, bytewise: boolean): string {
  const { kind, size, min } = node;
  if (typeof min === "bigint") return readBigInteger(size, min < 0n ? "Int" : "Uint", from);
  if (bytewise) return readBytewise({ size, min }, from);
  return kind === "u8"
    ? `u8[${at(from)}]`
    : `dv.get${min < 0 ? "Int" : "Uint"}${8 * size}(${at(from)}${size > 1 ? ",true" : ""})`;
}

function readBigInteger(size: number, type: "Int" | "Uint", from: At): string {
  if (size === 8) return `dv.getBig${type}64(${at(from)},true)`;
  return `((dv.getBig${type}64(${at(from, 8)},true)<<64n)|dv.getBigUint64(${at(from)},true))`;
}

/** A relative pointer, or a count. */
export function readWord(from: At, bytewise: boolean, isPointer: boolean): string {
  const min = isPointer ? -0x8000_0000 : 0;
  return bytewise
    ? readBytewise({ size: 4, min }, from)
    : `dv.get${isPointer ? "Int" : "Uint"}32(${at(from)},true)`;
}

function readBytewise({ size, min }: Pick<Integer, "size" | "min">, from: At): string {
  const shifted = Array.from(
    { length: size },
    (_, i) => `u8[${at(from, i)}]${i > 0 ? `<<${8 * i}` : ""}`,
  );
  const bits = `(${shifted.join("|")})`;
  if (min === 0) return size === 4 ? `(${bits}>>>0)` : bits;
  return size === 4 ? bits : `(${bits}<<${32 - 8 * size}>>${32 - 8 * size})`;
}

/** The tag of a sum. */
export function readTag({ tagBytes }: Pick<Sum, "tagBytes">, from: At): string {
  return tagBytes === 1 ? `u8[${at(from)}]` : `dv.getUint${8 * tagBytes}(${at(from)},true)`;
}

/** Whether any bytes of the right length are a valid value. */
export function isFree(schema: AnySchema): boolean {
  const node = schema as Node;
  if (node.kind === "struct") return node.fields.every((field) => isFree(field.schema));
  return "min" in node || /^(?:f32|f64|uuid|ipv[46])$/.test(node.kind);
}

/** Archives with at most this many parts are read from bytes: a DataView would cost more. */
const MAX_BYTEWISE_PARTS = 8;

/** Whether a type is read from bytes alone. */
export function isBytewise(schema: AnySchema): boolean {
  return countParts(schema) <= MAX_BYTEWISE_PARTS && needsNoView(schema);
}

const BYTEWISE_LEAVES = /^(?:bool|unit|char|string|boxstr|bytes|uuid|ipv[46])$/;

function needsNoView(schema: AnySchema): boolean {
  const node = schema as Node;
  if ("min" in node ? typeof node.min === "number" : BYTEWISE_LEAVES.test(node.kind)) return true;
  const parts = partsOf(schema);
  // A vector is a loop, for which a view pays off.
  const isLoop = node.kind === "vec" || node.kind === "boxslice" || "key" in node;
  return !isLoop && parts.length > 0 && parts.every(needsNoView);
}

function bad(): never {
  throw BAD;
}

/** A `char`; what is above Unicode throws by itself. */
export function readChar(point: number): string {
  return point < 0xd800 || point > 0xdfff ? String.fromCodePoint(point) : bad();
}

/** A string with checked bounds. */
export function text(u8: Uint8Array, start: number, length: number): string {
  return readUtf8Fast(u8, start, length) ?? bad();
}

/** The same, for checking only. */
export function checkText(u8: Uint8Array, start: number, length: number): void {
  if (!isUtf8(u8, start, length)) throw BAD;
}

/** The variables of a reader that a body uses. */
export function open(g: Generator, body: string): string {
  return `const u8=r.bytes,base=r.start${
    body.includes("dv.") ? `,dv=${g.constant(viewOf)}(r)` : ""
  };let lo=r.low,hi=r.high;\n`;
}
