/**
 * {@linkcode WORDS}: full explanations of invalid archives and values, and the codec that uses them.
 *
 * Pages do without: they have a code or the type's signature, and where.
 *
 * @module
 */
import { abandon, type Codec, interpret, writeArchive } from "./archive.ts";
import type { CodecErrorCode, Words } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { AnySchema, Node, Schema } from "./schema.ts";
import { signature } from "./signature.ts";
import { readTag } from "./sums.ts";
import { Writer } from "./writer.ts";

/** Details about a position: the sizes, counts and schemas known where it was rejected. */
type About = readonly unknown[];

function place(reader: Reader, at: number, [size, align]: About): string {
  const { start, end } = reader;
  const what = at === end ? "a root of" : "a pointer to free";
  return `${what} ${size} bytes in the archive's ${end - start}, at a multiple of ${align}`;
}

function tagOf(reader: Reader, at: number, [schema]: About): string {
  if (schema === undefined) return `the tag of a message, got ${reader.bytes[at]}`;
  const node = schema as Node & { readonly tagBytes: 1 | 2 | 4 };
  const expected = "arms" in node
    ? `a tag below ${node.arms.length}`
    : `tag ${"tag" in node && node.tag}`;
  return `${expected}, got ${readTag(reader, at, node.tagBytes)}`;
}

/** The expectation of each rule. */
const EXPECTED: Readonly<
  Partial<Record<CodecErrorCode, string | ((reader: Reader, at: number, about: About) => string)>>
> = {
  OutOfBounds: place,
  Unaligned: place,
  Overrun: place,
  SubtreePointerOutOfBounds: place,
  SubtreePointerOverrun: place,
  InvalidTag: tagOf,
  Bool: ({ bytes }, at) => `0 or 1, got ${bytes[at]}`,
  Char: (reader, at) => `a Unicode scalar value, got ${reader.u32(at)}`,
  NonZero: "anything but 0",
  Utf8Error: "UTF-8",
  MissingNullTerminator: "a NUL behind the text",
  StringRepr: "an inline length of at most 7",
  Duration: "seconds below 2^64",
  InvalidDisplacement: (_reader, _at, [count]) => `a position below ${count}, a seed or none`,
  InvalidKeyPosition: "a key that its index leads to",
  LengthMismatch: (_reader, _at, [count, found]) => `${count} entries, found ${found}`,
  TooFewLeafNodeEntries: "a node with entries",
  TooFewInnerNodeEntries: "a node with entries",
  InnerNodeInLeafLevel: "a leaf",
  UnsortedLeafNodeEntries: "keys in ascending order",
  UnlinkedLeafNode: "a pointer to the next leaf",
  UnsortedLeafNode: "leaves in ascending order",
  LastLeafForwardPointerNotNull: "no next leaf",
  IncorrectChildKey: "the first key of the child",
  InvalidLeafNodeDepth: (_reader, _at, [depth]) => `a leaf at depth ${depth}`,
  TooDeep: ({ limits }) => `at most ${limits.maxDepth} levels (maxDepth)`,
  TooLong: ({ limits }) => `at most ${limits.maxDecodedBytes} bytes of memory (maxDecodedBytes)`,
};

/** Most names listed in a message. */
const MAX_NAMES = 8;
/** How much of a value it shows. */
// As in `codec/writer.ts`.
const MAX_SHOWN = 40;

/** Describe the values of a type. */
function expectedOf(schema: AnySchema, value: unknown, step: unknown): string {
  const node = schema as Node;
  const { kind, size } = node;
  if ("min" in node) {
    const isBig = typeof node.min === "bigint";
    const advice = isBig && Number.isInteger(value) ? ` (write ${value}n)` : "";
    return `${kind}, ${isBig ? "a bigint" : "an integer"} from ${node.min} to ${node.max}${advice}`;
  }
  switch (node.kind) {
    case "f32":
    case "f64":
      return `${kind}, a number`;
    case "bool":
      return "bool, true or false";
    case "char":
      return "char, a string of one Unicode scalar value";
    case "unit":
      return "unit, undefined";
    case "bytes":
      return "bytes, a Uint8Array";
    case "duration":
      return "a duration: secs a bigint from 0 to 2^64 - 1, nanos from 0 to 999,999,999";
    case "string":
    case "boxstr":
    case "cstring":
      return typeof value === "string" ? "a string without lone surrogates" : "a string";
    case "ipv4":
    case "ipv6":
    case "uuid":
      return `${kind}, a Uint8Array of ${size}`;
    case "vec":
    case "boxslice":
      return "an array";
    case "array":
      return `an array of ${node.length}`;
    case "hashmap":
    case "btreemap":
      return "a Map";
    case "hashset":
    case "btreeset":
      return "a Set";
    case "option":
      return "null or { some }";
    case "result":
    case "ip":
    case "sock": {
      const names = node.arms.map(({ name }) => `{ ${name} }`).join(" or ");
      return kind === "result" ? names : `${kind}, ${names}`;
    }
    case "variants": {
      const names = node.arms.slice(0, MAX_NAMES).map(({ name }) => JSON.stringify(name));
      return `${step === "type" ? "" : "an object whose type is "}one of ${names.join(", ")}`;
    }
    case "nonzero":
      return `${node.item.kind} but not 0`;
    case "numbers":
    case "struct":
    case "tuple":
    case "tstruct":
    case "arm":
    case "box":
    case "lazy":
    case "convert":
      return signature(schema);
    default:
      node satisfies never;
      return signature(schema);
  }
}

/** Describe a value for messages: `5`, `"text"`, `a Map`, `a Map of another realm`. */
export function describeValue(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    if (typeof name !== "string" || name === "Object" || name === "") return "an object";
    const ours: unknown = Reflect.get(globalThis, name);
    const foreign = typeof ours === "function" && !(value instanceof ours);
    return `a ${name}${foreign ? " of another realm: copy it into one of this one" : ""}`;
  }
  const isString = typeof value === "string";
  const text = Object.is(value, -0) ? "-0" : String(value);
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return isString ? JSON.stringify(cut) : typeof value === "bigint" ? `${cut}n` : cut;
}

/** The full explanations. */
export const WORDS: Words = {
  ofArchive(reader, code, at, about) {
    const rule = EXPECTED[code];
    const expected = typeof about[0] === "string"
      ? about[0]
      : typeof rule === "function"
      ? rule(reader, at, about)
      : rule ?? "another";
    return `expected ${expected} at byte ${at - reader.start} (${code})`;
  },
  ofValue(expected, value, step) {
    const what = typeof expected === "string" ? expected : expectedOf(expected, value, step);
    return `expected ${what}, got ${describeValue(value)}`;
  },
};

/** Write a value again, from `base` on, to explain its error; `cause` only detected it. */
export function explainWrite<T>(
  writer: Writer,
  base: number,
  schema: Schema<T>,
  value: T,
  cause: unknown,
): never {
  abandon(writer, writer.base = base);
  writer.words = WORDS;
  interpret.write(writer, schema, value);
  throw cause;
}

/** Read an opened archive again to explain its error: see {@linkcode explainWrite}. */
export function explainRead<T>(reader: Reader, schema: Schema<T>, cause: unknown): never {
  reader.words = WORDS;
  reader.open(reader.start, reader.end);
  interpret.read(reader, schema);
  reader.steps = 0;
  throw cause;
}

/** {@linkcode interpret} with full explanations, for everything except pages. */
export const interpretInFull: Codec = {
  words: WORDS,
  write(writer, schema, value) {
    const { base } = writer;
    try {
      interpret.write(writer, schema, value);
    } catch (cause) {
      explainWrite(writer, base, schema, value, cause);
    }
  },
  read(reader, schema) {
    try {
      return interpret.read(reader, schema);
    } catch (cause) {
      return explainRead(reader, schema, cause);
    }
  },
};

/** Largest reused writer for checks, in bytes; a larger one is dropped after use. */
const MAX_KEPT_BYTES = 4096;

let spare: Writer | undefined;

/**
 * Reject a value that cannot be archived.
 *
 * @param path The value's path, for the message.
 * @throws {CodecError} `BadValue` with the path, what was expected and what was found.
 */
export function accept<T>(
  schema: Schema<T>,
  value: T,
  path: readonly string[] = [],
): void {
  // A conversion in the value may call this too.
  const writer = spare ?? new Writer();
  spare = undefined;
  writer.words = WORDS;
  for (const step of path) writer.path[writer.steps++] = step;
  try {
    writeArchive(interpret, schema, writer, value);
  } finally {
    writer.position = writer.steps = 0;
    if (writer.bytes.length <= MAX_KEPT_BYTES) spare = writer;
  }
}
