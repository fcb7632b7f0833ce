/**
 * {@linkcode CodecError}.
 *
 * @module
 */

import type { Reader } from "./reader.ts";
import type { AnySchema } from "./schema.ts";

/**
 * What is wrong with an archive or a value.
 *
 * The first group are rkyv's own checks by rkyv's words, when decoding; the second group are budgets
 * of this module, when decoding; the third is for values to be encoded.
 */
export type CodecErrorCode =
  | "OutOfBounds"
  | "Unaligned"
  | "Overrun"
  | "SubtreePointerOutOfBounds"
  | "SubtreePointerOverrun"
  | "InvalidTag"
  | "Bool"
  | "Char"
  | "NonZero"
  | "Utf8Error"
  | "MissingNullTerminator"
  | "StringRepr"
  | "Duration"
  | "InvalidDisplacement"
  | "InvalidKeyPosition"
  | "LengthMismatch"
  | "TooFewLeafNodeEntries"
  | "TooFewInnerNodeEntries"
  | "InnerNodeInLeafLevel"
  | "UnsortedLeafNodeEntries"
  | "UnlinkedLeafNode"
  | "UnsortedLeafNode"
  | "LastLeafForwardPointerNotNull"
  | "IncorrectChildKey"
  | "InvalidLeafNodeDepth"
  | "TooDeep"
  | "TooLong"
  | "BadValue"
  | "DuplicateKey"
  | "TooSmall";

/**
 * Bytes and schema, or value and schema, disagree.
 *
 * The message says where (`tasks[3].status`), what was expected and what came.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { CodecError, encode, struct, u8, vec } from "@hardlight/hardlight/codec";
 *
 * assert.throws(
 *   () => encode(struct({ sizes: vec(u8) }), { sizes: [1, 256] }),
 *   (error) => error instanceof CodecError && error.path === "sizes[1]",
 * );
 * ```
 */
export class CodecError extends RangeError {
  /** Which rule was broken. */
  declare readonly code: CodecErrorCode;
  /** Where in the value, such as `tasks[3].status`; `""` is the value itself. */
  declare readonly path: string;
  /** Position in the archive, when decoding; -1 when encoding. */
  declare readonly offset: number;
  /** Create with a code and words for a person. */
  constructor(code: CodecErrorCode, message: string, path = "", offset = -1) {
    super(message);
    this.name = "CodecError";
    this.code = code;
    this.path = path;
    this.offset = offset;
  }
}

/**
 * Says what is wrong in more words than a page has: see `explain.ts`. Without it a message has the code, or the
 * type's signature.
 */
export interface Words {
  /** What was expected of an archive at a position, and what is there. */
  ofArchive(reader: Reader, code: CodecErrorCode, at: number, about: readonly unknown[]): string;
  /** What was expected of a value, and what came; `step` is the last one to it. */
  ofValue(expected: AnySchema | string, value: unknown, step: unknown): string;
}

/** An error that says where: in an archive if it has an offset there, otherwise in a value. */
export function refusal(
  code: CodecErrorCode,
  where: string,
  why: string,
  offset?: number,
): CodecError {
  const [verb, whole] = offset === undefined ? ["encode", "value"] : ["decode", "archive"];
  return new CodecError(code, `Cannot ${verb} ${where || `the ${whole}`}: ${why}`, where, offset);
}

/** `["tasks", 3, "status"]` as `tasks[3].status`. A function in a path shows what comes behind it. */
export function formatPath(path: readonly unknown[], steps: number = path.length): string {
  let text = "";
  for (let i = 0; i < steps; i++) {
    const part = path[i];
    const shown = typeof part === "function" ? part(path[++i]) : part;
    text += typeof part === "number" ? `[${part}]` : text ? `.${shown}` : shown;
  }
  return text;
}
