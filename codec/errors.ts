/**
 * {@linkcode CodecError}.
 *
 * @module
 */

import type { Reader } from "./reader.ts";
import type { AnySchema } from "./schema.ts";

/**
 * Codes for invalid archives and values.
 *
 * The first group are rkyv's own checks with rkyv's names, when decoding. The second group are limits of this module,
 * when decoding. The third is for values to be encoded.
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
 * Bytes or a value don't match their schema.
 *
 * The message says where (`tasks[3].status`), what was expected and what was found.
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
  /** The violated rule. */
  declare readonly code: CodecErrorCode;
  /** The path in the value, such as `tasks[3].status`; `""` is the value itself. */
  declare readonly path: string;
  /** Position in the archive, when decoding; -1 when encoding. */
  declare readonly offset: number;
  /** Its kind. */
  override name = "CodecError";
  /** Create with a code and a message. */
  constructor(code: CodecErrorCode, message: string, path = "", offset = -1) {
    super(message);
    this.code = code;
    this.path = path;
    this.offset = offset;
  }
}

/**
 * Explains errors in full, which pages don't load: see `explain.ts`. Without it a message has the code, or the
 * type's signature.
 */
export interface Words {
  /** Describes what was expected in an archive at a position, and what was found. */
  ofArchive(reader: Reader, code: CodecErrorCode, at: number, about: readonly unknown[]): string;
  /** Describes what was expected of a value, and what was found; `step` is the last step of its path. */
  ofValue(expected: AnySchema | string, value: unknown, step: unknown): string;
}

/** An error with a place: in an archive if it has an offset, otherwise in a value. */
export function refusal(
  { path, steps }: { readonly path: readonly unknown[]; readonly steps: number },
  code: CodecErrorCode,
  why: string,
  offset?: number,
): CodecError {
  const where = formatPath(path, steps);
  const verb = offset === undefined ? "encode" : "decode";
  return new CodecError(code, `Cannot ${verb}${where && ` ${where}`}: ${why}`, where, offset);
}

/** `["tasks", 3, "status"]` as `tasks[3].status`. A function in a path returns its own text. */
function formatPath(path: readonly unknown[], steps: number): string {
  let text = "";
  for (let i = 0; i < steps; i++) {
    const part = path[i];
    const shown = typeof part === "function" ? part(path[++i]) : part;
    text += typeof part === "number" ? `[${part}]` : text ? `.${shown}` : shown;
  }
  return text;
}
