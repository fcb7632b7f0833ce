// codec/errors.ts
class CodecError extends RangeError {
  code;
  path;
  offset;
  constructor(code, message, path = "", offset = -1) {
    super(message);
    this.name = "CodecError";
    this.code = code;
    this.path = path;
    this.offset = offset;
  }
}

// codec/archive.ts
function interpret(schema) {
  return {
    write(writer, value) {
      const { top, cursor } = writer;
      schema.serialize(writer, value);
      const at = writer.reserve(schema.size, schema.align);
      writer.cursor = top;
      schema.resolve(writer, at, value);
      writer.cursor = cursor;
      writer.top = top;
    },
    read(reader) {
      return schema.read(reader, reader.root(schema.size, schema.align));
    },
    check(reader) {
      schema.check(reader, reader.root(schema.size, schema.align));
    },
  };
}
var compiler = interpret;
function setCompiler(next) {
  const previous = compiler === interpret ? undefined : compiler;
  compiler = next ?? interpret;
  return previous;
}
function compile(schema) {
  const known = schema.compiled;
  if (known !== undefined && known.by === compiler) {
    return known.functions;
  }
  const functions = compiler(schema);
  schema.compiled = { by: compiler, functions };
  return functions;
}
function writeArchive(schema, writer, value) {
  const { base, position, top, cursor, depth } = writer;
  writer.base = position;
  try {
    compile(schema).write(writer, value);
    return writer.position - position;
  } catch (cause) {
    writer.position = position;
    writer.top = top;
    writer.cursor = cursor;
    writer.depth = depth;
    schema.accept(value, []);
    throw cause instanceof CodecError ? cause : new CodecError(
      "BadValue",
      `Cannot encode the value: ${
        cause instanceof Error ? cause.message : cause
      }`,
    );
  } finally {
    writer.base = base;
  }
}
function readArchive(schema, reader, start, end) {
  reader.open(start, end);
  try {
    return compile(schema).read(reader);
  } catch (cause) {
    throw explain(schema, reader, start, end, cause);
  }
}
function explain(schema, reader, start, end, cause) {
  reader.open(start, end);
  reader.path.length = 0;
  try {
    schema.check(reader, reader.root(schema.size, schema.align));
  } catch (error) {
    return error;
  }
  return cause instanceof CodecError
    ? cause
    : new CodecError("BadValue", `Cannot decode the archive: ${cause}`);
}

// codec/reader.ts
var DEFAULT_DECODE_LIMITS = { maxDepth: 64, maxItems: 1 << 20 };
var NO_BYTES = /* @__PURE__ */ new Uint8Array(0);

class Reader {
  bytes = NO_BYTES;
  #view;
  start = 0;
  end = 0;
  low = 0;
  high = 0;
  depth = 0;
  items = 0;
  path = [];
  limits;
  constructor(limits = DEFAULT_DECODE_LIMITS) {
    this.limits = limits;
  }
  reset(bytes) {
    this.bytes = bytes;
    this.#view = undefined;
  }
  get view() {
    const { bytes } = this;
    return this.#view ??= new DataView(
      bytes.buffer,
      bytes.byteOffset,
      bytes.byteLength,
    );
  }
  open(start, end) {
    this.start = this.low = start;
    this.end = this.high = end;
    this.depth = this.limits.maxDepth;
    this.items = this.limits.maxItems;
  }
  root(size, align) {
    const at = this.end - size;
    this.#inside(this.end, at, size, align);
    this.high = at;
    return at;
  }
  claim(base, offset, size, align) {
    const target = base + offset;
    this.#inside(base, target, size, align);
    if (
      target < this.low || target > this.high ||
      size > 0 && target === this.high
    ) {
      this.fail(
        "SubtreePointerOutOfBounds",
        base,
        "a pointer to bytes that nothing else owns",
      );
    }
    if (this.high - target < size) {
      this.fail(
        "SubtreePointerOverrun",
        base,
        "a pointer to bytes that nothing else owns",
      );
    }
    return target;
  }
  #inside(base, target, size, align) {
    if (target < this.start || target > this.end) {
      this.fail("OutOfBounds", base, "a pointer into the archive");
    }
    if ((target - this.start & align - 1) !== 0) {
      this.fail("Unaligned", base, `a pointer to a multiple of ${align}`);
    }
    if (this.end - target < size) {
      this.fail("Overrun", base, `${size} bytes before the archive's end`);
    }
  }
  inside(base, offset, size, align) {
    this.#inside(base, base + offset, size, align);
    return base + offset;
  }
  spendItems(count, at) {
    this.items -= count;
    if (this.items < 0) {
      this.fail(
        "TooLong",
        at,
        `at most ${this.limits.maxItems} items without a size`,
      );
    }
  }
  descend(at) {
    if (--this.depth < 0) {
      this.fail("TooDeep", at, `at most ${this.limits.maxDepth} levels`);
    }
  }
  ascend() {
    this.depth++;
  }
  fail(code, at, expected) {
    const path = formatPath(this.path);
    const offset = at - this.start;
    throw new CodecError(
      code,
      `Cannot decode ${
        path === "" ? "the archive" : path
      }: expected ${expected} at byte ${offset} (${code})`,
      path,
      offset,
    );
  }
}
function formatPath(path) {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") {
      text += `[${part}]`;
    } else {
      text += text === "" ? part : `.${part}`;
    }
  }
  return text;
}

// codec/schema.ts
class Schema {
  compiled = undefined;
  hash(_hasher, _value) {
    throw new TypeError(`Cannot use ${this.kind} as a map's key`);
  }
  compare(_a, _b) {
    throw new TypeError(`Cannot use ${this.kind} as a sorted map's key`);
  }
  get nullable() {
    return false;
  }
  get keyFault() {
    return `${this.kind} does not implement Hash in Rust`;
  }
}
function isSchema(value) {
  return value instanceof Schema;
}
function refuse(path, expected, value) {
  const where = formatPath(path);
  throw new CodecError(
    "BadValue",
    `Cannot encode ${
      where === "" ? "the value" : where
    }: expected ${expected}, got ${show(value)}`,
    where,
  );
}
var MAX_SHOWN = 40;
function show(value) {
  if (value === null || value === undefined || typeof value === "boolean") {
    return String(value);
  }
  if (typeof value === "number") {
    return Object.is(value, -0) ? "-0" : String(value);
  }
  if (typeof value === "bigint") {
    return `${String(value).slice(0, MAX_SHOWN)}n`;
  }
  if (typeof value === "string") {
    return JSON.stringify(
      value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value,
    );
  }
  if (typeof value === "function") {
    return "a function";
  }
  if (typeof value === "symbol") {
    return "a symbol";
  }
  if (Array.isArray(value)) {
    return `an array of ${value.length}`;
  }
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "Object" && name !== ""
    ? `a ${name}`
    : "an object";
}
function asRecord(path, expected, value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse(path, expected, value);
  }
  return value;
}
var PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;
function describeName(name) {
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}
var INDEX = /^(?:0|[1-9]\d*)$/;
function checkNames(what, names) {
  for (const name of names) {
    if (INDEX.test(name)) {
      throw new TypeError(
        `Cannot name a ${what} "${name}": objects put such names first, and order is wire format`,
      );
    }
    if (name === "") {
      throw new TypeError(`Cannot name a ${what} "": it is empty`);
    }
  }
}

// codec/primitives.ts
var BAD_VALUE = new TypeError("Cannot encode the value");

class Scalar extends Schema {
  kind;
  size;
  align;
  niche = undefined;
  flat = true;
  constructor(kind, size, align = size) {
    super();
    this.kind = kind;
    this.size = size;
    this.align = align;
  }
  serialize(_writer, _value) {}
  check(reader, at) {
    this.read(reader, at);
  }
  describe() {
    return this.kind;
  }
  get keyFault() {
    return;
  }
  compare(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
  }
}

class SmallInt extends Scalar {
  min;
  max;
  constructor(kind, bytes, signed) {
    super(kind, bytes);
    this.min = signed ? -(2 ** (8 * bytes - 1)) : 0;
    this.max = 2 ** (8 * bytes - (signed ? 1 : 0)) - 1;
  }
  resolve(writer, at, value) {
    if (!Number.isInteger(value) || value < this.min || value > this.max) {
      throw BAD_VALUE;
    }
    if (this.size === 1) {
      writer.bytes[at] = value;
    } else if (this.size === 2) {
      writer.view.setUint16(at, value, true);
    } else {
      writer.view.setInt32(at, value | 0, true);
    }
  }
  read(reader, at) {
    const { view } = reader;
    if (this.min < 0) {
      if (this.size === 1) {
        return view.getInt8(at);
      }
      return this.size === 2
        ? view.getInt16(at, true)
        : view.getInt32(at, true);
    }
    if (this.size === 1) {
      return view.getUint8(at);
    }
    return this.size === 2
      ? view.getUint16(at, true)
      : view.getUint32(at, true);
  }
  accept(value, path) {
    if (
      typeof value !== "number" || !Number.isInteger(value) ||
      value < this.min || value > this.max
    ) {
      refuse(
        path,
        `${this.kind}, an integer from ${this.min} to ${this.max}`,
        value,
      );
    }
  }
  describe() {
    return this.kind;
  }
  defaultValue() {
    return 0;
  }
  hash(hasher, value) {
    if (this.size === 1) {
      hasher.u8(value);
    } else if (this.size === 2) {
      hasher.u16(value);
    } else {
      hasher.u32(value);
    }
  }
  get keyFault() {
    if (this.kind === "usize" || this.kind === "isize") {
      return `rkyv hashes ${this.kind} as 8 bytes when writing and as 4 when reading`;
    }
    return;
  }
}

class BigInteger extends Scalar {
  min;
  max;
  constructor(kind, bytes, signed, align = bytes) {
    super(kind, bytes, align);
    this.min = signed ? -(1n << BigInt(8 * bytes - 1)) : 0n;
    this.max = (1n << BigInt(8 * bytes - (signed ? 1 : 0))) - 1n;
  }
  resolve(writer, at, value) {
    if (typeof value !== "bigint" || value < this.min || value > this.max) {
      throw BAD_VALUE;
    }
    writer.view.setBigInt64(at, BigInt.asIntN(64, value), true);
    if (this.size === 16) {
      writer.view.setBigInt64(at + 8, BigInt.asIntN(64, value >> 64n), true);
    }
  }
  read(reader, at) {
    const { view } = reader;
    if (this.size === 8) {
      return this.min < 0n
        ? view.getBigInt64(at, true)
        : view.getBigUint64(at, true);
    }
    const high = this.min < 0n
      ? view.getBigInt64(at + 8, true)
      : view.getBigUint64(at + 8, true);
    return high << 64n | view.getBigUint64(at, true);
  }
  accept(value, path) {
    if (typeof value !== "bigint" || value < this.min || value > this.max) {
      refuse(
        path,
        `${this.kind}, a bigint from ${this.min} to ${this.max}`,
        value,
      );
    }
  }
  describe() {
    return this.size === 16 && this.align === 8 ? `${this.kind}@8` : this.kind;
  }
  defaultValue() {
    return 0n;
  }
  hash(hasher, value) {
    hasher.u64(value);
    if (this.size === 16) {
      hasher.u64(value >> 64n);
    }
  }
}

class Float extends Scalar {
  constructor(kind) {
    super(kind, kind === "f32" ? 4 : 8);
  }
  resolve(writer, at, value) {
    if (typeof value !== "number") {
      throw BAD_VALUE;
    }
    if (this.size === 4) {
      writer.view.setFloat32(at, value, true);
    } else {
      writer.view.setFloat64(at, value, true);
    }
  }
  read(reader, at) {
    return this.size === 4
      ? reader.view.getFloat32(at, true)
      : reader.view.getFloat64(at, true);
  }
  accept(value, path) {
    if (typeof value !== "number") {
      refuse(path, `${this.kind}, a number`, value);
    }
  }
  defaultValue() {
    return 0;
  }
  get keyFault() {
    return `${this.kind} does not implement Hash in Rust`;
  }
}

class Bool extends Scalar {
  niche = { available: 254, offset: 0, bytes: 1 };
  resolve(writer, at, value) {
    if (typeof value !== "boolean") {
      throw BAD_VALUE;
    }
    writer.bytes[at] = value ? 1 : 0;
  }
  read(reader, at) {
    const byte = reader.bytes[at];
    if (byte > 1) {
      reader.fail("Bool", at, "0 or 1");
    }
    return byte === 1;
  }
  accept(value, path) {
    if (typeof value !== "boolean") {
      refuse(path, "bool, true or false", value);
    }
  }
  defaultValue() {
    return false;
  }
  hash(hasher, value) {
    hasher.u8(value ? 1 : 0);
  }
}
var u32 = /* @__PURE__ */ new SmallInt("u32", 4, false);
var f64 = /* @__PURE__ */ new Float("f64");
var bool = /* @__PURE__ */ new Bool("bool", 1);

// codec/array.ts
class FixedArray extends Schema {
  kind = "array";
  item;
  length;
  constructor(item, length) {
    super();
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(
        `Cannot make an array of ${length}: expected a whole number`,
      );
    }
    this.item = item;
    this.length = length;
  }
  get size() {
    return this.item.size * this.length;
  }
  get align() {
    return this.item.align;
  }
  get niche() {
    return this.length > 0 ? this.item.niche : undefined;
  }
  get flat() {
    return this.length === 0 || this.item.flat;
  }
  serialize(writer, values) {
    if (!Array.isArray(values) || values.length !== this.length) {
      throw BAD_VALUE;
    }
    for (const value of values) {
      this.item.serialize(writer, value);
    }
  }
  resolve(writer, at, values) {
    if (!Array.isArray(values) || values.length !== this.length) {
      throw BAD_VALUE;
    }
    const { size } = this.item;
    for (let i = 0; i < this.length; i++) {
      this.item.resolve(writer, at + i * size, values[i]);
    }
  }
  read(reader, at) {
    const { size } = this.item;
    if (size === 0) {
      reader.spendItems(this.length, at);
    }
    const values = [];
    for (let i = 0; i < this.length; i++) {
      values.push(this.item.read(reader, at + i * size));
    }
    return values;
  }
  check(reader, at) {
    const { size } = this.item;
    if (size === 0) {
      reader.spendItems(this.length, at);
    }
    const depth = reader.path.length;
    for (let i = 0; i < this.length; i++) {
      reader.path[depth] = i;
      this.item.check(reader, at + i * size);
    }
    reader.path.length = depth;
  }
  accept(value, path) {
    if (!Array.isArray(value) || value.length !== this.length) {
      refuse(path, `an array of ${this.length}`, value);
    }
    for (let i = 0; i < this.length; i++) {
      this.item.accept(value[i], [...path, i]);
    }
  }
  describe() {
    return `[${this.item.describe()};${this.length}]`;
  }
  defaultValue() {
    return Array.from({ length: this.length }, () => this.item.defaultValue());
  }
  hash(hasher, values) {
    hasher.length(values.length);
    for (const value of values) {
      this.item.hash(hasher, value);
    }
  }
  compare(a, b) {
    for (let i = 0; i < this.length; i++) {
      const order = this.item.compare(a[i], b[i]);
      if (order !== 0) {
        return order;
      }
    }
    return 0;
  }
  get keyFault() {
    return this.item.keyFault;
  }
}

// codec/writer.ts
var INITIAL_BYTES = 256;
var MAX_VALUE_DEPTH = 64;

class Writer {
  bytes;
  view;
  position = 0;
  base = 0;
  stack = [];
  top = 0;
  cursor = 0;
  depth = 0;
  constructor(capacity = INITIAL_BYTES) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }
  ensure(count) {
    const needed = this.position + count;
    if (needed <= this.bytes.length) {
      return;
    }
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
  pad(align) {
    const count = this.base - this.position & align - 1;
    if (count === 0) {
      return;
    }
    this.ensure(count);
    this.bytes.fill(0, this.position, this.position + count);
    this.position += count;
  }
  reserve(size, align) {
    const padding = this.base - this.position & align - 1;
    this.ensure(padding + size);
    const start = this.position + padding;
    this.bytes.fill(0, this.position, start + size);
    this.position = start + size;
    return start;
  }
  setPointer(at, target) {
    this.view.setInt32(at, target - at, true);
  }
  setU8(at, value) {
    this.bytes[at] = value;
  }
  setU32(at, value) {
    this.view.setUint32(at, value, true);
  }
  writeBytes(bytes) {
    this.ensure(bytes.length);
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }
  descend() {
    if (++this.depth > MAX_VALUE_DEPTH) {
      throw new RangeError("Cannot encode the value: it nests too deep");
    }
  }
  ascend() {
    this.depth--;
  }
  push(resolver) {
    this.stack[this.top++] = resolver;
  }
  take() {
    return this.stack[this.cursor++];
  }
}

// codec/box.ts
class Box extends Schema {
  kind = "box";
  size = 4;
  align = 4;
  niche = undefined;
  flat = false;
  item;
  constructor(item) {
    super();
    this.item = item;
  }
  serialize(writer, value) {
    const bottom = writer.top;
    this.item.serialize(writer, value);
    const start = writer.reserve(this.item.size, this.item.align);
    const cursor = writer.cursor;
    writer.cursor = bottom;
    this.item.resolve(writer, start, value);
    writer.cursor = cursor;
    writer.top = bottom;
    writer.push(start);
  }
  resolve(writer, at, _value) {
    writer.setPointer(at, writer.take());
  }
  read(reader, at) {
    const { size, align } = this.item;
    const start = reader.claim(at, reader.view.getInt32(at, true), size, align);
    const { high } = reader;
    reader.high = start;
    const value = this.item.read(reader, start);
    reader.low = start + size;
    reader.high = high;
    return value;
  }
  check(reader, at) {
    const { size, align } = this.item;
    const start = reader.claim(at, reader.view.getInt32(at, true), size, align);
    const { high } = reader;
    reader.high = start;
    this.item.check(reader, start);
    reader.low = start + size;
    reader.high = high;
  }
  accept(value, path) {
    this.item.accept(value, path);
  }
  describe() {
    return `box<${this.item.describe()}>`;
  }
  defaultValue() {
    return this.item.defaultValue();
  }
  hash(hasher, value) {
    this.item.hash(hasher, value);
  }
  compare(a, b) {
    return this.item.compare(a, b);
  }
  get nullable() {
    return this.item.nullable;
  }
  get keyFault() {
    return this.item.keyFault;
  }
}
var described = /* @__PURE__ */ new Map();

class Lazy extends Schema {
  kind = "lazy";
  #make;
  #schema;
  #depth = 0;
  constructor(make) {
    super();
    this.#make = make;
  }
  get schema() {
    return this.#schema ??= this.#make();
  }
  get size() {
    return this.schema.size;
  }
  get align() {
    return this.schema.align;
  }
  get niche() {
    return this.schema.niche;
  }
  get flat() {
    return false;
  }
  serialize(writer, value) {
    writer.descend();
    this.schema.serialize(writer, value);
    writer.ascend();
  }
  resolve(writer, at, value) {
    this.schema.resolve(writer, at, value);
  }
  read(reader, at) {
    reader.descend(at);
    const value = this.schema.read(reader, at);
    reader.ascend();
    return value;
  }
  check(reader, at) {
    reader.descend(at);
    this.schema.check(reader, at);
    reader.ascend();
  }
  accept(value, path) {
    if (this.#depth === MAX_VALUE_DEPTH) {
      refuse(path, `at most ${MAX_VALUE_DEPTH} levels`, value);
    }
    this.#depth++;
    try {
      this.schema.accept(value, path);
    } finally {
      this.#depth--;
    }
  }
  describe() {
    const isOutermost = described.size === 0;
    const known = described.get(this.schema);
    if (known !== undefined) {
      return `@${known}`;
    }
    const number = described.size;
    described.set(this.schema, number);
    try {
      return `@${number}=${this.schema.describe()}`;
    } finally {
      if (isOutermost) {
        described.clear();
      }
    }
  }
  defaultValue() {
    return this.schema.defaultValue();
  }
  hash(hasher, value) {
    this.schema.hash(hasher, value);
  }
  compare(a, b) {
    return this.schema.compare(a, b);
  }
  get nullable() {
    return this.schema.nullable;
  }
  get keyFault() {
    return "a recursive type cannot be a map's key";
  }
}

// codec/bytes.ts
function copyBytes(from, start, length) {
  const copy = new Uint8Array(length);
  copy.set(
    start === 0 && length === from.length
      ? from
      : from.subarray(start, start + length),
  );
  return copy;
}

// codec/decode.ts
var NOTHING = /* @__PURE__ */ new Uint8Array(0);
var shared = /* @__PURE__ */ new Reader();
var busy = false;
function decode(schema, archive, limits) {
  if (busy || limits !== undefined) {
    const reader = new Reader(limits);
    reader.reset(archive);
    return readArchive(schema, reader, 0, archive.length);
  }
  busy = true;
  try {
    shared.reset(archive);
    return readArchive(schema, shared, 0, archive.length);
  } finally {
    shared.reset(NOTHING);
    busy = false;
  }
}

// codec/encode.ts
var MAX_KEPT_BYTES = 1 << 20;
var shared2 = /* @__PURE__ */ new Writer(1024);
var busy2 = false;
function encode(schema, value) {
  if (busy2) {
    return encodeWith(new Writer(), schema, value);
  }
  busy2 = true;
  try {
    return encodeWith(shared2, schema, value);
  } finally {
    busy2 = false;
    if (shared2.bytes.length > MAX_KEPT_BYTES) {
      shared2 = new Writer(1024);
    }
  }
}
function encodeWith(writer, schema, value) {
  writer.position = 0;
  const length = writeArchive(schema, writer, value);
  return writer.bytes.slice(0, length);
}
function encodeInto(schema, value, buffer, offset = 0) {
  const writer = buffer === over.bytes && !over.busy
    ? over
    : new BufferWriter(buffer);
  writer.busy = true;
  writer.position = offset;
  try {
    const length = writeArchive(schema, writer, value);
    if (writer.bytes === buffer) {
      over = writer;
      return length;
    }
    if (offset + length > buffer.length) {
      throw new CodecError(
        "TooSmall",
        `Cannot encode into ${
          buffer.length - offset
        } bytes: it takes ${length}`,
      );
    }
    buffer.set(writer.bytes.subarray(offset, offset + length), offset);
    if (writer === over) {
      over = new BufferWriter(new Uint8Array(0));
    }
    return length;
  } finally {
    writer.busy = false;
  }
}

class BufferWriter extends Writer {
  busy = false;
  constructor(buffer) {
    super(0);
    this.bytes = buffer;
    this.view = new DataView(
      buffer.buffer,
      buffer.byteOffset,
      buffer.byteLength,
    );
  }
}
var over = /* @__PURE__ */ new BufferWriter(/* @__PURE__ */ new Uint8Array(0));

// codec/convert.ts
class Converted extends Schema {
  kind = "convert";
  inner;
  conversion;
  constructor(inner, conversion) {
    super();
    this.inner = inner;
    this.conversion = conversion;
  }
  get size() {
    return this.inner.size;
  }
  get align() {
    return this.inner.align;
  }
  get niche() {
    return this.inner.niche;
  }
  get flat() {
    return this.inner.flat;
  }
  serialize(writer, value) {
    if (!this.inner.flat) {
      this.inner.serialize(writer, this.conversion.encode(value));
    }
  }
  resolve(writer, at, value) {
    this.inner.resolve(writer, at, this.conversion.encode(value));
  }
  read(reader, at) {
    return this.conversion.decode(this.inner.read(reader, at));
  }
  check(reader, at) {
    this.inner.check(reader, at);
  }
  accept(value, path) {
    let inner;
    try {
      inner = this.conversion.encode(value);
    } catch {
      refuse(path, this.conversion.expected, value);
    }
    this.inner.accept(inner, path);
  }
  describe() {
    return this.inner.describe();
  }
  defaultValue() {
    return this.conversion.decode(this.inner.defaultValue());
  }
  hash(hasher, value) {
    this.inner.hash(hasher, this.conversion.encode(value));
  }
  compare(a, b) {
    return this.inner.compare(
      this.conversion.encode(a),
      this.conversion.encode(b),
    );
  }
  get nullable() {
    return this.inner.nullable;
  }
  get keyFault() {
    return this.inner.keyFault;
  }
}
class Defaulted extends Converted {
  #value;
  constructor(inner, value) {
    super(inner, { expected: inner.kind, decode: (v) => v, encode: (v) => v });
    this.#value = value;
  }
  accept(value, path) {
    this.inner.accept(value, path);
  }
  defaultValue() {
    return decode(this.inner, encode(this.inner, this.#value));
  }
}

// codec/layout.ts
function roundUp(value, align) {
  return Math.ceil(value / align) * align;
}
function log2(powerOfTwoMultiple) {
  return powerOfTwoMultiple === 0
    ? 32
    : 31 - Math.clz32(powerOfTwoMultiple & -powerOfTwoMultiple);
}
function compareKeys(a, b) {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] - b[i];
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
function order(fields, movable, nicheLast) {
  const free = fields.slice(0, movable);
  const maxAlign = Math.max(1, ...free.map((f) => f.align));
  const largest = Math.max(0, ...free.map((f) => f.niche?.available ?? 0));
  const group = (f) => {
    const k = log2(Math.max(f.align, f.size));
    if (largest === 0) {
      return k;
    }
    if (!nicheLast) {
      return Math.min(log2(maxAlign), k);
    }
    return (f.niche?.available ?? 0) === largest ? log2(f.align) : k;
  };
  const keys = free.map((f) => {
    const available = f.niche?.available ?? 0;
    if (!nicheLast) {
      return [-group(f), -available, f.niche?.offset ?? 0];
    }
    return [
      -group(f),
      available,
      f.niche ? f.niche.offset + f.niche.bytes - f.size : 0,
    ];
  });
  const indexes = fields.map((_, i) => i);
  return [
    ...indexes.slice(0, movable).sort((a, b) => compareKeys(keys[a], keys[b])),
    ...indexes.slice(movable),
  ];
}
function place(fields, inOrder, nicheLast) {
  let end = 0;
  let align = 1;
  let niche;
  const offsets = new Array(fields.length).fill(0);
  for (const index of inOrder) {
    const field = fields[index];
    const offset = roundUp(end, field.align);
    offsets[index] = offset;
    align = Math.max(align, field.align);
    if (field.niche) {
      const { available } = field.niche;
      const better = niche === undefined || available > niche.available ||
        nicheLast && available === niche.available;
      if (better) {
        niche = { ...field.niche, offset: field.niche.offset + offset };
      }
    }
    end = offset + field.size;
  }
  return { size: roundUp(end, align), align, niche, offsets };
}
function structLayout(fields) {
  const first = place(fields, order(fields, fields.length, false), false);
  if (first.niche === undefined || fields.length < 2) {
    return first;
  }
  const head = first.niche.offset;
  const tail = first.size - head - first.niche.bytes;
  if (head === 0 || tail === 0) {
    return first;
  }
  const last = place(fields, order(fields, fields.length, true), true);
  return last.niche.offset > head && last.niche.offset > tail ? last : first;
}
function tupleLayout(fields) {
  return place(
    fields,
    order(fields, Math.max(0, fields.length - 1), false),
    false,
  );
}
function declaredLayout(fields) {
  return place(fields, fields.map((_, i) => i), false);
}
function enumLayout(variants) {
  const count = variants.length;
  const tagBytes = count <= 255 ? 1 : count <= 65535 ? 2 : 4;
  let size = tagBytes;
  let align = tagBytes;
  const offsets = variants.map((fields) => {
    let end = tagBytes;
    return fields.map((field) => {
      const offset = roundUp(end, field.align);
      end = offset + field.size;
      size = Math.max(size, end);
      align = Math.max(align, field.align);
      return offset;
    });
  });
  const available = 2 ** (8 * tagBytes) - count;
  return {
    size: roundUp(size, align),
    align,
    niche: available > 0
      ? { available, offset: 0, bytes: tagBytes }
      : undefined,
    tagBytes,
    variants: offsets,
  };
}

// codec/option.ts
class Option extends Schema {
  kind = "option";
  some;
  #layout;
  #wrapped;
  constructor(some) {
    super();
    this.some = some;
  }
  get wrapped() {
    return this.#wrapped ??= this.some.nullable;
  }
  get layout() {
    return this.#layout ??= enumLayout([[], [this.some]]);
  }
  get size() {
    return this.layout.size;
  }
  get align() {
    return this.layout.align;
  }
  get niche() {
    return this.layout.niche;
  }
  get flat() {
    return this.some.flat;
  }
  get nullable() {
    return true;
  }
  get offset() {
    return this.layout.variants[1][0];
  }
  #unwrap(value) {
    if (!this.wrapped) {
      return value;
    }
    if (typeof value !== "object" || !("some" in value)) {
      throw BAD_VALUE;
    }
    return value.some;
  }
  serialize(writer, value) {
    if (value !== null && value !== undefined) {
      this.some.serialize(writer, this.#unwrap(value));
    }
  }
  resolve(writer, at, value) {
    if (value === null || value === undefined) {
      return;
    }
    writer.bytes[at] = 1;
    this.some.resolve(writer, at + this.offset, this.#unwrap(value));
  }
  #tag(reader, at) {
    const tag = reader.bytes[at];
    if (tag > 1) {
      reader.fail("InvalidTag", at, "tag 0 (None) or 1 (Some)");
    }
    return tag === 1;
  }
  read(reader, at) {
    if (!this.#tag(reader, at)) {
      return null;
    }
    const some = this.some.read(reader, at + this.offset);
    return this.wrapped ? { some } : some;
  }
  check(reader, at) {
    if (this.#tag(reader, at)) {
      this.some.check(reader, at + this.offset);
    }
  }
  accept(value, path) {
    if (value === null || value === undefined) {
      return;
    }
    if (!this.wrapped) {
      return this.some.accept(value, path);
    }
    const record = asRecord(path, "null or { some }", value);
    if (!("some" in record)) {
      refuse(path, "null or { some }", value);
    }
    this.some.accept(record["some"], [...path, "some"]);
  }
  describe() {
    return `option<${this.some.describe()}>`;
  }
  defaultValue() {
    return null;
  }
  hash(hasher, value) {
    const isSome = value !== null && value !== undefined;
    hasher.length(isSome ? 1 : 0);
    if (isSome) {
      this.some.hash(hasher, this.#unwrap(value));
    }
  }
  compare(a, b) {
    const aIsNone = a === null || a === undefined;
    const bIsNone = b === null || b === undefined;
    if (aIsNone || bIsNone) {
      return Number(bIsNone) - Number(aIsNone);
    }
    return this.some.compare(this.#unwrap(a), this.#unwrap(b));
  }
  get keyFault() {
    return this.some.keyFault;
  }
}

// codec/fields.ts
function serializeFields(writer, fields, value) {
  for (const { key, schema } of fields) {
    if (!schema.flat) {
      schema.serialize(writer, value[key]);
    }
  }
}
function resolveFields(writer, fields, at, value) {
  for (const { key, schema, offset } of fields) {
    schema.resolve(writer, at + offset, value[key]);
  }
}
function setField(target, key, value) {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else {
    target[key] = value;
  }
}
function readFields(reader, fields, at, target) {
  for (const { key, schema, offset } of fields) {
    setField(target, key, schema.read(reader, at + offset));
  }
  return target;
}
function checkFields(reader, fields, at) {
  for (const { key, schema, offset } of fields) {
    reader.path.push(key);
    schema.check(reader, at + offset);
    reader.path.pop();
  }
}

// codec/variants.ts
class VariantsSchema extends Schema {
  kind = "variants";
  specs;
  reprU8;
  #flat;
  #layout;
  #variants;
  #byName;
  constructor(specs, reprU8) {
    super();
    const names = Object.keys(specs);
    checkNames("variant", names);
    if (names.length === 0) {
      throw new TypeError("Cannot make variants: there are none");
    }
    for (const [name, spec] of Object.entries(specs)) {
      const fields = spec === null || isSchema(spec) ? {} : spec;
      checkNames("field", Array.isArray(fields) ? [] : Object.keys(fields));
      if (!Object.values(fields).every(isSchema)) {
        throw new TypeError(
          `Cannot make variant ${name}: expected null, a schema, an array or an object of schemas`,
        );
      }
    }
    this.specs = specs;
    this.reprU8 = reprU8;
  }
  get layout() {
    return this.#layout ??= enumLayout(
      Object.values(this.specs).map(schemasOf),
    );
  }
  get variants() {
    return this.#variants ??= Object.entries(this.specs).map(
      ([name, spec], tag) => {
        const schemas = schemasOf(spec);
        const shape = spec === null
          ? "unit"
          : isSchema(spec)
          ? "single"
          : Array.isArray(spec)
          ? "items"
          : "named";
        const keys = shape === "named"
          ? Object.keys(spec)
          : shape === "single"
          ? ["value"]
          : undefined;
        return {
          name,
          tag,
          shape,
          fields: schemas.map((schema, i) => ({
            key: keys?.[i] ?? i,
            schema,
            offset: this.layout.variants[tag][i],
          })),
          flat: schemas.every((schema) => schema.flat),
        };
      },
    );
  }
  #variant(value) {
    this.#byName ??= new Map(
      this.variants.map((variant) => [variant.name, variant]),
    );
    const variant = this.#byName.get(value.type);
    if (variant === undefined) {
      throw BAD_VALUE;
    }
    return variant;
  }
  get size() {
    return this.layout.size;
  }
  get align() {
    return this.layout.align;
  }
  get niche() {
    return this.layout.niche;
  }
  get flat() {
    return this.#flat ??= Object.values(this.specs).every((spec) =>
      schemasOf(spec).every((schema) => schema.flat)
    );
  }
  #payload({ shape, fields }, value) {
    if (shape !== "items") {
      return value;
    }
    const items = value["value"];
    if (!Array.isArray(items) || items.length !== fields.length) {
      throw BAD_VALUE;
    }
    return items;
  }
  serialize(writer, value) {
    const variant = this.#variant(value);
    serializeFields(writer, variant.fields, this.#payload(variant, value));
  }
  resolve(writer, at, value) {
    const variant = this.#variant(value);
    writeTag(writer, this, at, variant.tag);
    resolveFields(writer, variant.fields, at, this.#payload(variant, value));
  }
  #tag(reader, at) {
    return this.variants[readTag(reader, this, at)] ??
      reader.fail("InvalidTag", at, `a tag below ${this.variants.length}`);
  }
  read(reader, at) {
    const variant = this.#tag(reader, at);
    if (variant.shape !== "items") {
      return readFields(reader, variant.fields, at, { type: variant.name });
    }
    const items = new Array(variant.fields.length).fill(undefined);
    readFields(reader, variant.fields, at, items);
    return { type: variant.name, value: items };
  }
  check(reader, at) {
    const variant = this.#tag(reader, at);
    const inValue = variant.shape === "items";
    if (inValue) {
      reader.path.push("value");
    }
    checkFields(reader, variant.fields, at);
    if (inValue) {
      reader.path.pop();
    }
  }
  accept(value, path) {
    const names = this.variants.map(({ name }) => JSON.stringify(name)).slice(
      0,
      8,
    ).join(", ");
    const record = asRecord(
      path,
      `an object whose type is one of ${names}`,
      value,
    );
    const variant = this.variants.find(({ name }) => name === record["type"]);
    if (variant === undefined) {
      refuse([...path, "type"], `one of ${names}`, record["type"]);
    }
    let payload = record;
    if (variant.shape === "items") {
      const items = record["value"];
      if (!Array.isArray(items) || items.length !== variant.fields.length) {
        refuse(
          [...path, "value"],
          `an array of ${variant.fields.length}`,
          items,
        );
      }
      payload = items;
      path = [...path, "value"];
    }
    for (const { key, schema } of variant.fields) {
      schema.accept(payload[key], [...path, key]);
    }
  }
  describe() {
    const variants = Object.entries(this.specs).map(([key, spec]) => {
      const name = describeName(key);
      if (spec === null) {
        return name;
      }
      if (isSchema(spec)) {
        return `${name}(${spec.describe()})`;
      }
      if (Array.isArray(spec)) {
        return `${name}(${spec.map((schema) => schema.describe()).join(",")})`;
      }
      const fields = Object.entries(spec).map(([field, schema]) =>
        `${describeName(field)}:${schema.describe()}`
      );
      return `${name}{${fields.join(",")}}`;
    });
    return `enum{${variants.join(",")}}`;
  }
  defaultValue() {
    const first = this.variants[0];
    if (first.shape !== "unit") {
      throw new TypeError(
        `Cannot default variants whose first, ${first.name}, carries something: use withDefault()`,
      );
    }
    return { type: first.name };
  }
  hash(hasher, value) {
    const variant = this.#variant(value);
    if (this.variants.length > 1) {
      hasher.u8(variant.tag);
    }
    const payload = this.#payload(variant, value);
    for (const { key, schema } of variant.fields) {
      schema.hash(hasher, payload[key]);
    }
  }
  compare(a, b) {
    const variant = this.#variant(a);
    const other = this.#variant(b);
    if (variant !== other) {
      return variant.tag - other.tag;
    }
    const x = this.#payload(variant, a);
    const y = this.#payload(variant, b);
    for (const { key, schema } of variant.fields) {
      const order = schema.compare(x[key], y[key]);
      if (order !== 0) {
        return order;
      }
    }
    return 0;
  }
  get keyFault() {
    if (!this.reprU8 && this.variants.length > 1) {
      return "rkyv hashes an enum that is not #[repr(u8)] differently when writing and reading";
    }
    return this.variants.flatMap(({ fields }) => fields).find(({ schema }) =>
      schema.keyFault
    )?.schema.keyFault;
  }
}
function readTag({ view }, { layout: { tagBytes } }, at) {
  if (tagBytes === 1) {
    return view.getUint8(at);
  }
  return tagBytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
}
function writeTag({ view }, { layout: { tagBytes } }, at, tag) {
  if (tagBytes === 1) {
    view.setUint8(at, tag);
  } else if (tagBytes === 2) {
    view.setUint16(at, tag, true);
  } else {
    view.setUint32(at, tag, true);
  }
}
function schemasOf(spec) {
  if (spec === null) {
    return [];
  }
  if (isSchema(spec)) {
    return [spec];
  }
  return Array.isArray(spec) ? spec : Object.values(spec);
}
function variants(specs, options = {}) {
  for (const [name, spec] of Object.entries(specs)) {
    if (
      spec !== null && !isSchema(spec) && !Array.isArray(spec) && "type" in spec
    ) {
      throw new TypeError(
        `Cannot name a field of variant ${name} "type": it tells variants apart`,
      );
    }
  }
  return new VariantsSchema(specs, options.repr === "u8");
}

// codec/payload.ts
class Payload extends Schema {
  kind = "payload";
  owner;
  variant;
  constructor(owner, tag) {
    super();
    this.owner = owner;
    this.variant = owner.variants[tag];
  }
  get size() {
    return this.owner.size;
  }
  get align() {
    return this.owner.align;
  }
  get niche() {
    return this.owner.niche;
  }
  get flat() {
    return this.variant.flat;
  }
  serialize(writer, value) {
    serializeFields(writer, this.variant.fields, value);
  }
  resolve(writer, at, value) {
    writeTag(writer, this.owner, at, this.variant.tag);
    resolveFields(writer, this.variant.fields, at, value);
  }
  #checkTag(reader, at) {
    if (readTag(reader, this.owner, at) !== this.variant.tag) {
      reader.fail("InvalidTag", at, `tag ${this.variant.tag}`);
    }
  }
  read(reader, at) {
    this.#checkTag(reader, at);
    return readFields(reader, this.variant.fields, at, {});
  }
  check(reader, at) {
    this.#checkTag(reader, at);
    reader.path.push(this.variant.name);
    checkFields(reader, this.variant.fields, at);
    reader.path.pop();
  }
  accept(value, path) {
    const { fields } = this.variant;
    if (fields.length === 0 && value === undefined) {
      return;
    }
    const record = asRecord(path, "an object", value);
    for (const { key, schema } of fields) {
      schema.accept(record[key], [...path, key]);
    }
  }
  describe() {
    return this.owner.describe();
  }
  defaultValue() {
    throw new TypeError("Cannot default one variant of an enum");
  }
}

// codec/result.ts
class ResultSchema extends Schema {
  kind = "result";
  ok;
  err;
  #layout;
  constructor(ok, err) {
    super();
    this.ok = ok;
    this.err = err;
  }
  get layout() {
    return this.#layout ??= enumLayout([[this.ok], [this.err]]);
  }
  get size() {
    return this.layout.size;
  }
  get align() {
    return this.layout.align;
  }
  get niche() {
    return this.layout.niche;
  }
  get flat() {
    return this.ok.flat && this.err.flat;
  }
  serialize(writer, value) {
    if ("ok" in value) {
      this.ok.serialize(writer, value.ok);
    } else if ("err" in value) {
      this.err.serialize(writer, value.err);
    } else {
      throw BAD_VALUE;
    }
  }
  resolve(writer, at, value) {
    if ("ok" in value) {
      this.ok.resolve(writer, at + this.layout.variants[0][0], value.ok);
    } else if ("err" in value) {
      writer.bytes[at] = 1;
      this.err.resolve(writer, at + this.layout.variants[1][0], value.err);
    } else {
      throw BAD_VALUE;
    }
  }
  #tag(reader, at) {
    const tag = reader.bytes[at];
    if (tag > 1) {
      reader.fail("InvalidTag", at, "tag 0 (Ok) or 1 (Err)");
    }
    return tag === 0;
  }
  read(reader, at) {
    if (this.#tag(reader, at)) {
      return { ok: this.ok.read(reader, at + this.layout.variants[0][0]) };
    }
    return { err: this.err.read(reader, at + this.layout.variants[1][0]) };
  }
  check(reader, at) {
    const isOk = this.#tag(reader, at);
    reader.path.push(isOk ? "ok" : "err");
    if (isOk) {
      this.ok.check(reader, at + this.layout.variants[0][0]);
    } else {
      this.err.check(reader, at + this.layout.variants[1][0]);
    }
    reader.path.pop();
  }
  accept(value, path) {
    const record = asRecord(path, "{ ok } or { err }", value);
    if ("ok" in record) {
      this.ok.accept(record["ok"], [...path, "ok"]);
    } else if ("err" in record) {
      this.err.accept(record["err"], [...path, "err"]);
    } else {
      refuse(path, "{ ok } or { err }", value);
    }
  }
  describe() {
    return `result<${this.ok.describe()},${this.err.describe()}>`;
  }
  defaultValue() {
    throw new TypeError(
      "Cannot default a result: Rust's Result has no Default",
    );
  }
  hash(hasher, value) {
    hasher.length("ok" in value ? 0 : 1);
    if ("ok" in value) {
      this.ok.hash(hasher, value.ok);
    } else {
      this.err.hash(hasher, value.err);
    }
  }
  compare(a, b) {
    if ("ok" in a) {
      return "ok" in b ? this.ok.compare(a.ok, b.ok) : -1;
    }
    return "ok" in b ? 1 : this.err.compare(a.err, b.err);
  }
  get keyFault() {
    return this.ok.keyFault ?? this.err.keyFault;
  }
}

// codec/struct.ts
class Struct extends Schema {
  kind = "struct";
  schemas;
  reprC;
  #flat;
  #layout;
  #fields;
  constructor(schemas, reprC) {
    super();
    checkNames("field", Object.keys(schemas));
    for (const [name, schema] of Object.entries(schemas)) {
      if (!isSchema(schema)) {
        throw new TypeError(
          `Cannot make a struct: field ${name} is not a schema`,
        );
      }
    }
    this.schemas = schemas;
    this.reprC = reprC;
  }
  get layout() {
    return this.#layout ??= (this.reprC ? declaredLayout : structLayout)(
      Object.values(this.schemas),
    );
  }
  get fields() {
    return this.#fields ??= Object.entries(this.schemas).map((
      [key, schema],
      i,
    ) => ({
      key,
      schema,
      offset: this.layout.offsets[i],
    }));
  }
  get size() {
    return this.layout.size;
  }
  get align() {
    return this.layout.align;
  }
  get niche() {
    return this.layout.niche;
  }
  get flat() {
    return this.#flat ??= Object.values(this.schemas).every((schema) =>
      schema.flat
    );
  }
  serialize(writer, value) {
    serializeFields(writer, this.fields, value);
  }
  resolve(writer, at, value) {
    resolveFields(writer, this.fields, at, value);
  }
  read(reader, at) {
    return readFields(reader, this.fields, at, {});
  }
  check(reader, at) {
    checkFields(reader, this.fields, at);
  }
  accept(value, path) {
    const record = asRecord(path, "an object", value);
    for (const { key, schema } of this.fields) {
      if (
        record[key] === undefined && !(key in record) &&
        schema.kind !== "option" && schema.kind !== "unit"
      ) {
        refuse([...path, key], "a value", undefined);
      }
      schema.accept(record[key], [...path, key]);
    }
  }
  describe() {
    const fields = Object.entries(this.schemas).map(([name, schema]) =>
      `${describeName(name)}:${schema.describe()}`
    );
    return `struct${this.reprC ? "@C" : ""}{${fields.join(",")}}`;
  }
  defaultValue() {
    const value = {};
    for (const { key, schema } of this.fields) {
      setField(value, key, schema.defaultValue());
    }
    return value;
  }
  hash(hasher, value) {
    for (const { key, schema } of this.fields) {
      schema.hash(hasher, value[key]);
    }
  }
  compare(a, b) {
    for (const { key, schema } of this.fields) {
      const order = schema.compare(a[key], b[key]);
      if (order !== 0) {
        return order;
      }
    }
    return 0;
  }
  get keyFault() {
    return this.fields.find(({ schema }) => schema.keyFault)?.schema.keyFault;
  }
}
function struct(fields, options = {}) {
  return new Struct(fields, options.repr === "C");
}

// codec/tuple.ts
class Tuple extends Schema {
  kind;
  schemas;
  #flat;
  #layout;
  #fields;
  constructor(kind, schemas) {
    super();
    if (!schemas.every(isSchema)) {
      throw new TypeError("Cannot make a tuple: an element is not a schema");
    }
    this.kind = kind;
    this.schemas = schemas;
  }
  get layout() {
    return this.#layout ??=
      (this.kind === "tuple" ? tupleLayout : structLayout)(this.schemas);
  }
  get fields() {
    if (this.#fields === undefined) {
      const fields = this.schemas.map((schema, key) => ({
        key,
        schema,
        offset: this.layout.offsets[key],
      }));
      this.#fields = this.kind === "tuple" ? fields.reverse() : fields;
    }
    return this.#fields;
  }
  get size() {
    return this.layout.size;
  }
  get align() {
    return this.layout.align;
  }
  get niche() {
    return this.layout.niche;
  }
  get flat() {
    return this.#flat ??= this.schemas.every((schema) => schema.flat);
  }
  #keyed(value) {
    if (!Array.isArray(value) || value.length !== this.schemas.length) {
      throw BAD_VALUE;
    }
    return value;
  }
  serialize(writer, value) {
    serializeFields(writer, this.fields, this.#keyed(value));
  }
  resolve(writer, at, value) {
    resolveFields(writer, this.fields, at, this.#keyed(value));
  }
  read(reader, at) {
    const target = new Array(this.schemas.length).fill(undefined);
    readFields(reader, this.fields, at, target);
    return target;
  }
  check(reader, at) {
    checkFields(reader, this.fields, at);
  }
  accept(value, path) {
    if (!Array.isArray(value) || value.length !== this.schemas.length) {
      refuse(path, `an array of ${this.schemas.length}`, value);
    }
    for (const { key, schema } of this.fields) {
      schema.accept(value[key], [...path, key]);
    }
  }
  describe() {
    const items = this.schemas.map((schema) => schema.describe()).join(",");
    return this.kind === "tuple" ? `(${items})` : `struct(${items})`;
  }
  defaultValue() {
    return this.schemas.map((schema) => schema.defaultValue());
  }
  hash(hasher, value) {
    this.schemas.forEach((schema, i) => schema.hash(hasher, value[i]));
  }
  compare(a, b) {
    for (const [i, schema] of this.schemas.entries()) {
      const order = schema.compare(a[i], b[i]);
      if (order !== 0) {
        return order;
      }
    }
    return 0;
  }
  get keyFault() {
    return this.schemas.find((schema) => schema.keyFault)?.keyFault;
  }
}

// codec/vec.ts
function serializeItems(writer, item, values) {
  const { size, align } = item;
  const bottom = writer.top;
  if (!item.flat) {
    for (let i = 0; i < values.length; i++) {
      item.serialize(writer, values[i]);
    }
  }
  const start = writer.reserve(values.length * size, align);
  const cursor = writer.cursor;
  writer.cursor = bottom;
  for (let i = 0; i < values.length; i++) {
    item.resolve(writer, start + i * size, values[i]);
  }
  writer.cursor = cursor;
  writer.top = bottom;
  return start;
}
function readItems(reader, item, base, offset, length) {
  const { size, align } = item;
  const start = reader.claim(base, offset, length * size, align);
  if (size === 0) {
    reader.spendItems(length, base);
  }
  const { high } = reader;
  reader.high = start;
  const values = new Array(length);
  for (let i = 0; i < length; i++) {
    values[i] = item.read(reader, start + i * size);
  }
  reader.low = start + length * size;
  reader.high = high;
  return values;
}
function checkItems(reader, item, base, offset, length) {
  const { size, align } = item;
  const start = reader.claim(base, offset, length * size, align);
  if (size === 0) {
    reader.spendItems(length, base);
  }
  const { high } = reader;
  reader.high = start;
  const depth = reader.path.length;
  for (let i = 0; i < length; i++) {
    reader.path[depth] = i;
    item.check(reader, start + i * size);
  }
  reader.path.length = depth;
  reader.low = start + length * size;
  reader.high = high;
  return start;
}

class Vec extends Schema {
  kind;
  size = 8;
  align = 4;
  niche = undefined;
  flat = false;
  item;
  constructor(item, kind = "vec") {
    super();
    this.item = item;
    this.kind = kind;
  }
  serialize(writer, values) {
    if (!Array.isArray(values)) {
      throw BAD_VALUE;
    }
    writer.push(serializeItems(writer, this.item, values));
  }
  resolve(writer, at, values) {
    writer.setPointer(at, writer.take());
    writer.setU32(at + 4, values.length);
  }
  read(reader, at) {
    const { view } = reader;
    return readItems(
      reader,
      this.item,
      at,
      view.getInt32(at, true),
      view.getUint32(at + 4, true),
    );
  }
  check(reader, at) {
    const { view } = reader;
    checkItems(
      reader,
      this.item,
      at,
      view.getInt32(at, true),
      view.getUint32(at + 4, true),
    );
  }
  accept(value, path) {
    if (!Array.isArray(value)) {
      refuse(path, "an array", value);
    }
    for (let i = 0; i < value.length; i++) {
      this.item.accept(value[i], [...path, i]);
    }
  }
  describe() {
    return `${this.kind}<${this.item.describe()}>`;
  }
  defaultValue() {
    return [];
  }
  hash(hasher, values) {
    hasher.length(values.length);
    for (const value of values) {
      this.item.hash(hasher, value);
    }
  }
  compare(a, b) {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const order = this.item.compare(a[i], b[i]);
      if (order !== 0) {
        return order;
      }
    }
    return a.length - b.length;
  }
  get keyFault() {
    return this.item.keyFault;
  }
}
function vec(item) {
  return new Vec(item);
}

// codec/generator.ts
var MAX_PARTS = 150;
function at({ base, offset }, more = 0) {
  return offset + more === 0 ? base : `${base}+${offset + more}`;
}
function plus({ base, offset }, more) {
  return { base, offset: offset + more };
}
var IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
function member(value, key) {
  return typeof key === "string" && IDENTIFIER.test(key)
    ? `${value}.${key}`
    : `${value}[${JSON.stringify(key)}]`;
}
function property(key) {
  return key === "__proto__" ? '["__proto__"]' : JSON.stringify(key);
}
var parts = new WeakMap();
function countParts(schema) {
  let count = parts.get(schema);
  if (count === undefined) {
    count = 1;
    for (const part of partsOf(schema)) {
      count += isOutlined(part) ? 1 : countParts(part);
    }
    parts.set(schema, count);
  }
  return count;
}
function partsOf(schema) {
  if (schema instanceof Struct) {
    return Object.values(schema.schemas);
  }
  if (schema instanceof Tuple) {
    return schema.schemas;
  }
  if (schema instanceof VariantsSchema) {
    return schema.variants.flatMap(({ fields }) => fields.map((f) => f.schema));
  }
  if (schema instanceof Payload) {
    return schema.variant.fields.map((field) => field.schema);
  }
  if (
    schema instanceof Vec || schema instanceof FixedArray ||
    schema instanceof Box
  ) {
    return [schema.item];
  }
  if (schema instanceof Option) {
    return [schema.some];
  }
  if (schema instanceof ResultSchema) {
    return [schema.ok, schema.err];
  }
  if (schema instanceof Converted) {
    return [schema.inner];
  }
  return [];
}
function isOutlined(schema) {
  return schema instanceof Lazy ||
    countParts(schema) > MAX_PARTS && partsOf(schema).length > 1;
}

class Generator {
  #constants = new Map([[BAD_VALUE, "BAD"]]);
  #functions = new Map();
  #queue = [];
  #lines = [];
  #hoisted = [];
  #next = 0;
  name(prefix) {
    return `${prefix}${this.#next++}`;
  }
  emit(...lines) {
    for (const line of lines) {
      this.#lines.push(line);
    }
  }
  hoist(prefix) {
    const name = this.name(prefix);
    this.#hoisted.push(name);
    return name;
  }
  constant(value) {
    let name = this.#constants.get(value);
    if (name === undefined) {
      name = this.name("K");
      this.#constants.set(value, name);
    }
    return name;
  }
  outline(schema) {
    let outlined = this.#functions.get(schema);
    if (outlined === undefined) {
      outlined = { name: this.name("f"), schema };
      this.#functions.set(schema, outlined);
      this.#queue.push(outlined);
    }
    return outlined.name;
  }
  body(run) {
    const lines = this.#lines;
    const hoisted = this.#hoisted;
    this.#lines = [];
    this.#hoisted = [];
    run();
    const text = (this.#hoisted.length > 0
      ? `let ${this.#hoisted.join(",")};
`
      : "") + this.#lines.join(`
`);
    this.#lines = lines;
    this.#hoisted = hoisted;
    return text;
  }
  build(main, outlined) {
    const functions = [];
    for (
      let next = this.#queue.shift();
      next !== undefined;
      next = this.#queue.shift()
    ) {
      functions.push(outlined(next.name, next.schema));
    }
    const names = [...this.#constants.values()];
    const text = `"use strict";
${
      functions.join(`
`)
    }
return ${main}`;
    return new Function(...names, text)(...this.#constants.keys());
  }
}

// codec/utf8.ts
var encoder = /* @__PURE__ */ new TextEncoder();
var decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
var strict = /* @__PURE__ */ new TextDecoder("utf-8", {
  ignoreBOM: true,
  fatal: true,
});
var buffer = globalThis.Buffer?.prototype;
var latin1Slice = buffer?.latin1Slice;
var utf8Slice = buffer?.utf8Slice;
var utf8Write = buffer?.utf8Write;
var IS_V8 = /* @__PURE__ */ isV8();
function isV8() {
  try {
    return null.length > 0;
  } catch (error) {
    return String(error).includes("Cannot read");
  }
}
var LOOP_MAX_UNITS = IS_V8 ? 48 : 20;
var LOOP_MAX_BYTES = IS_V8 ? 16 : utf8Slice ? 4 : 12;
function utf8Length(text) {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 128) {
      continue;
    }
    if (unit < 2048) {
      bytes += 1;
    } else if (unit < 55296 || unit > 57343) {
      bytes += 2;
    } else {
      const next = unit < 56320 ? text.charCodeAt(i + 1) : 0;
      if (!(next >= 56320 && next <= 57343)) {
        return -1;
      }
      bytes += 2;
      i++;
    }
  }
  return bytes;
}
function writeUtf8(bytes, at, text) {
  const { length } = text;
  if (length <= LOOP_MAX_UNITS) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 128) {
        break;
      }
      bytes[at + i] = unit;
    }
    if (i === length) {
      return at + i;
    }
  }
  const written = utf8Write === undefined
    ? encoder.encodeInto(text, bytes.subarray(at)).written
    : utf8Write.call(bytes, text, at);
  if (written !== length && !text.isWellFormed()) {
    return -1;
  }
  return at + written;
}
function readUtf8(bytes, start, length) {
  if (length > LOOP_MAX_BYTES) {
    return readAny(bytes, start, length);
  }
  let text = "";
  let i = start;
  for (let left = length; left >= 8; left -= 8, i += 8) {
    const a = bytes[i], b = bytes[i + 1], c = bytes[i + 2], d = bytes[i + 3];
    const e = bytes[i + 4],
      f = bytes[i + 5],
      g = bytes[i + 6],
      h = bytes[i + 7];
    if ((a | b | c | d | e | f | g | h) >= 128) {
      return readAny(bytes, start, length);
    }
    text += String.fromCharCode(a, b, c, d, e, f, g, h);
  }
  const rest = readShort(bytes, i, length & 7);
  return rest === undefined
    ? readAny(bytes, start, length)
    : length < 8
    ? rest
    : text + rest;
}
function readShort(bytes, i, length) {
  if (length === 0) {
    return "";
  }
  const a = bytes[i];
  if (length === 1) {
    return a < 128 ? String.fromCharCode(a) : undefined;
  }
  const b = bytes[i + 1];
  if (length === 2) {
    return (a | b) < 128 ? String.fromCharCode(a, b) : undefined;
  }
  const c = bytes[i + 2];
  if (length === 3) {
    return (a | b | c) < 128 ? String.fromCharCode(a, b, c) : undefined;
  }
  const d = bytes[i + 3];
  if (length === 4) {
    return (a | b | c | d) < 128 ? String.fromCharCode(a, b, c, d) : undefined;
  }
  const e = bytes[i + 4];
  if (length === 5) {
    return (a | b | c | d | e) < 128
      ? String.fromCharCode(a, b, c, d, e)
      : undefined;
  }
  const f = bytes[i + 5];
  if (length === 6) {
    return (a | b | c | d | e | f) < 128
      ? String.fromCharCode(a, b, c, d, e, f)
      : undefined;
  }
  const g = bytes[i + 6];
  return (a | b | c | d | e | f | g) < 128
    ? String.fromCharCode(a, b, c, d, e, f, g)
    : undefined;
}
function readAny(bytes, start, length) {
  if (
    latin1Slice !== undefined && length <= MAX_SCANNED_BYTES &&
    isAscii(bytes, start, length)
  ) {
    return latin1Slice.call(bytes, start, start + length);
  }
  const text = utf8Slice === undefined
    ? decoder.decode(bytes.subarray(start, start + length))
    : utf8Slice.call(bytes, start, start + length);
  if (!text.includes("�")) {
    return text;
  }
  try {
    return strict.decode(bytes.subarray(start, start + length));
  } catch {
    return;
  }
}
var MAX_SCANNED_BYTES = 64;
function isAscii(bytes, start, length) {
  let all = 0;
  for (let i = start; i < start + length; i++) {
    all |= bytes[i];
  }
  return all < 128;
}
function isUtf8(bytes, start, length) {
  if (length <= MAX_SCANNED_BYTES && isAscii(bytes, start, length)) {
    return true;
  }
  return readUtf8(bytes, start, length) !== undefined;
}
function toUtf8(text) {
  return encoder.encode(text);
}
function compareUtf8(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) {
      continue;
    }
    const xSurrogate = x >= 55296 && x <= 57343;
    const ySurrogate = y >= 55296 && y <= 57343;
    return xSurrogate === ySurrogate ? x - y : xSurrogate ? 1 : -1;
  }
  return a.length - b.length;
}

// codec/string.ts
var INLINE_CAPACITY = 7;

class Text extends Schema {
  size = 8;
  align = 4;
  niche = undefined;
  flat = false;
  append(writer, value) {
    writer.ensure(value.length * 3);
    const end = writeUtf8(writer.bytes, writer.position, value);
    if (end < 0) {
      throw BAD_VALUE;
    }
    const length = end - writer.position;
    writer.position = end;
    return length;
  }
  text(reader, start, length) {
    return readUtf8(reader.bytes, start, length) ??
      reader.fail("Utf8Error", start, "UTF-8");
  }
  check(reader, at) {
    this.read(reader, at);
  }
  accept(value, path) {
    if (typeof value !== "string") {
      refuse(path, "a string", value);
    }
    if (!value.isWellFormed()) {
      refuse(path, "a string without lone surrogates", value);
    }
  }
  describe() {
    return this.kind;
  }
  defaultValue() {
    return "";
  }
  hash(hasher, value) {
    hasher.write(toUtf8(value));
    hasher.u8(255);
  }
  compare(a, b) {
    return compareUtf8(a, b);
  }
  get keyFault() {
    return;
  }
}

class StringSchema extends Text {
  kind = "string";
  serialize(writer, value) {
    if (typeof value !== "string") {
      throw BAD_VALUE;
    }
    if (value.length <= INLINE_CAPACITY) {
      const length = utf8Length(value);
      if (length < 0) {
        throw BAD_VALUE;
      }
      if (length <= INLINE_CAPACITY) {
        return;
      }
    }
    const start = writer.position;
    writer.push(start);
    writer.push(this.append(writer, value));
  }
  resolve(writer, at, value) {
    if (value.length <= INLINE_CAPACITY) {
      const length = utf8Length(value);
      if (length <= INLINE_CAPACITY) {
        if (length === value.length) {
          for (let i = 0; i < length; i++) {
            writer.bytes[at + i] = value.charCodeAt(i);
          }
        } else {
          writer.bytes.set(toUtf8(value), at);
        }
        writer.bytes[at + 7] = length;
        return;
      }
    }
    const start = writer.take();
    writer.setU32(at, writer.take());
    writer.view.setInt32(at + 4, start - at, true);
  }
  read(reader, at) {
    const last = reader.bytes[at + 7];
    if (last < 128) {
      if (last > INLINE_CAPACITY) {
        reader.fail("StringRepr", at, "an inline length of at most 7");
      }
      return this.text(reader, at, last);
    }
    const length = reader.view.getUint32(at, true);
    const start = reader.claim(
      at,
      reader.view.getInt32(at + 4, true),
      length,
      1,
    );
    reader.low = start + length;
    return this.text(reader, start, length);
  }
}
var string = /* @__PURE__ */ new StringSchema();

// codec/compile_read.ts
var MAX_UNROLLED = 16;
function bad() {
  throw BAD_VALUE;
}
function text(u8, start, length) {
  return readUtf8(u8, start, length) ?? bad();
}
function checkText(u8, start, length) {
  if (!isUtf8(u8, start, length)) {
    throw BAD_VALUE;
  }
}
function readBytewise({ size, min }, from) {
  const shifted = Array.from(
    { length: size },
    (_, i) => `u8[${at(from, i)}]${i > 0 ? `<<${8 * i}` : ""}`,
  );
  const bits = `(${shifted.join("|")})`;
  if (min === 0) {
    return size === 4 ? `(${bits}>>>0)` : bits;
  }
  return size === 4 ? bits : `(${bits}<<${32 - 8 * size}>>${32 - 8 * size})`;
}

class ReadEmitter {
  #g;
  #builds;
  #root;
  #bytewise = false;
  constructor(generator, builds) {
    this.#g = generator;
    this.#builds = builds;
  }
  main(schema) {
    this.#root = schema;
    this.#bytewise = isBytewise(schema);
    let value = "";
    const body = this.#g.body(() =>
      value = this.#read(schema, { base: "p", offset: 0 })
    );
    return `function(r) {
${open(body + value)}const p=r.end-${schema.size};
if(p<base||((p-base)&${schema.align - 1}))throw BAD;
hi=p;
${body}
return ${this.#builds ? value : "undefined"};
}`;
  }
  outlined(name, schema) {
    const inner = schema instanceof Lazy ? schema.schema : schema;
    const [descend, ascend] = schema instanceof Lazy
      ? ["r.descend(p);", "r.ascend();"]
      : ["", ""];
    this.#root = inner;
    this.#bytewise = false;
    let value = "";
    const body = this.#g.body(() =>
      value = this.#read(inner, { base: "p", offset: 0 })
    );
    return `function ${name}(r, p) {
${descend}${open(body + value)}${body}
const value=${this.#builds ? value : "undefined"};
r.low=lo;r.high=hi;${ascend}
return value;
}`;
  }
  #read(schema, from) {
    const g = this.#g;
    if (schema !== this.#root && isOutlined(schema)) {
      return this.#outside(`${g.outline(schema)}(r,${at(from)})`);
    }
    if (schema.kind === "unit") {
      return "undefined";
    }
    if (schema instanceof SmallInt) {
      if (this.#bytewise) {
        return readBytewise(schema, from);
      }
      const type = `${schema.min < 0 ? "Int" : "Uint"}${8 * schema.size}`;
      return schema.kind === "u8"
        ? `u8[${at(from)}]`
        : `dv.get${type}(${at(from)}${schema.size > 1 ? ",true" : ""})`;
    }
    if (schema instanceof Float) {
      return `dv.getFloat${8 * schema.size}(${at(from)},true)`;
    }
    if (schema instanceof BigInteger) {
      const type = schema.min < 0n ? "Int" : "Uint";
      if (schema.size === 8) {
        return `dv.getBig${type}64(${at(from)},true)`;
      }
      return `((dv.getBig${type}64(${at(from, 8)},true)<<64n)|dv.getBigUint64(${
        at(from)
      },true))`;
    }
    if (schema.kind === "bool") {
      const byte = this.#bind(`u8[${at(from)}]`);
      g.emit(`if(${byte}>1)throw BAD;`);
      return `${byte}===1`;
    }
    if (schema.kind === "string") {
      return this.#readString(from);
    }
    if (schema.kind === "bytes") {
      const { start, count } = this.#claim(from, 1, 1);
      return this.#builds
        ? this.#bind(`${g.constant(copyBytes)}(u8,${start},${count})`)
        : "";
    }
    if (schema instanceof Vec) {
      return this.#readVec(schema.item, from);
    }
    if (schema instanceof Struct) {
      return this.#readObject(schema.fields, from, []);
    }
    if (schema instanceof Tuple) {
      return this.#readList(schema.fields, from, schema.schemas.length);
    }
    if (schema instanceof FixedArray) {
      return this.#readArray(schema, from);
    }
    if (schema instanceof Option && !schema.wrapped) {
      return this.#readOption(schema, from);
    }
    if (schema instanceof ResultSchema) {
      return this.#readResult(schema, from);
    }
    if (schema instanceof VariantsSchema) {
      return this.#readVariants(schema, from);
    }
    if (schema instanceof Payload) {
      return this.#readPayload(schema, from);
    }
    if (schema instanceof Box) {
      return this.#readBox(schema.item, from);
    }
    if (schema instanceof Converted) {
      const inner = this.#read(schema.inner, from);
      return this.#builds
        ? this.#bind(`${g.constant(schema.conversion.decode)}(${inner})`)
        : "";
    }
    return this.#outside(
      `${g.constant(schema)}.${this.#builds ? "read" : "check"}(r,${at(from)})`,
    );
  }
  #bind(expression) {
    const name = this.#g.name("x");
    this.#g.emit(`const ${name}=${expression};`);
    return name;
  }
  #outside(call) {
    this.#g.emit("r.low=lo;r.high=hi;");
    const value = this.#bind(call);
    this.#g.emit("lo=r.low;hi=r.high;");
    return value;
  }
  #checkTarget(start, size, align) {
    const unaligned = align > 1 ? `||((${start}-base)&${align - 1})` : "";
    this.#g.emit(`if(${start}<lo||${size}>hi-${start}${unaligned})throw BAD;`);
  }
  #claim(from, size, align) {
    const start = this.#bind(`${at(from)}+dv.getInt32(${at(from)},true)`);
    const count = this.#bind(`dv.getUint32(${at(from, 4)},true)`);
    const bytes = size === 1 ? count : `${count}*${size}`;
    this.#checkTarget(start, bytes, align);
    this.#g.emit(`lo=${start}+${bytes};`);
    return { start, count, bytes };
  }
  #readString(from) {
    const g = this.#g;
    const value = g.name("s");
    const last = this.#bind(`u8[${at(from, INLINE_CAPACITY)}]`);
    const [start, count] = [g.name("q"), g.name("n")];
    const read = g.constant(this.#builds ? text : checkText);
    g.emit(
      `let ${value};if(${last}<128){if(${last}>${INLINE_CAPACITY})throw BAD;${value}=${read}(u8,${
        at(from)
      },${last});}else{`,
      `const ${count}=dv.getUint32(${at(from)},true),${start}=${
        at(from)
      }+dv.getInt32(${at(from, 4)},true);`,
      `if(${start}<lo||${count}>hi-${start})throw BAD;lo=${start}+${count};${value}=${read}(u8,${start},${count});}`,
    );
    return value;
  }
  #isFree(schema) {
    return schema instanceof SmallInt || schema instanceof BigInteger ||
      schema instanceof Float ||
      schema.kind === "struct" &&
        schema.fields.every((field) => this.#isFree(field.schema));
  }
  #readVec(item, from) {
    const g = this.#g;
    const start = this.#bind(`${at(from)}+dv.getInt32(${at(from)},true)`);
    const count = this.#bind(`dv.getUint32(${at(from, 4)},true)`);
    const bytes = item.size === 1 ? count : `${count}*${item.size}`;
    this.#checkTarget(start, bytes, item.align);
    if (item.size === 0) {
      g.emit(`r.spendItems(${count},${at(from)});`);
    }
    const values = g.name("a");
    if (this.#builds || !this.#isFree(item)) {
      const [i, q, high] = [g.name("i"), g.name("q"), g.name("h")];
      if (this.#builds) {
        g.emit(`const ${values}=new Array(${count});`);
      }
      g.emit(`const ${high}=hi;hi=${start};`);
      g.emit(
        `for(let ${i}=0,${q}=${start};${i}<${count};${i}++,${q}+=${item.size}){`,
      );
      const value = this.#read(item, { base: q, offset: 0 });
      g.emit(this.#builds ? `${values}[${i}]=${value};}` : "}", `hi=${high};`);
    }
    g.emit(`lo=${start}+${bytes};`);
    return values;
  }
  #readBox(item, from) {
    const g = this.#g;
    const start = this.#bind(`${at(from)}+dv.getInt32(${at(from)},true)`);
    this.#checkTarget(start, String(item.size), item.align);
    const high = this.#bind("hi");
    g.emit(`hi=${start};`);
    const value = this.#read(item, { base: start, offset: 0 });
    g.emit(`lo=${start}+${item.size};hi=${high};`);
    return value;
  }
  #readObject(fields, from, first) {
    const parts = [...first];
    for (const { key, schema, offset } of fields) {
      const value = this.#read(schema, plus(from, offset));
      parts.push(`${property(String(key))}:${value}`);
    }
    return this.#builds ? `{${parts.join(",")}}` : "";
  }
  #readList(fields, from, length) {
    const parts = new Array(length).fill("undefined");
    for (const { key, schema, offset } of fields) {
      parts[key] = this.#read(schema, plus(from, offset));
    }
    return this.#builds ? `[${parts.join(",")}]` : "";
  }
  #readArray({ item, length }, from) {
    const g = this.#g;
    if (item.size === 0) {
      g.emit(`r.spendItems(${length},${at(from)});`);
    }
    if (length <= MAX_UNROLLED) {
      const fields = Array.from(
        { length },
        (_, key) => ({ key, schema: item, offset: key * item.size }),
      );
      return this.#readList(fields, from, length);
    }
    const [values, i, q] = [g.name("a"), g.name("i"), g.name("q")];
    if (!this.#builds && this.#isFree(item)) {
      return "";
    }
    g.emit(
      `const ${values}=[];for(let ${i}=0,${q}=${
        at(from)
      };${i}<${length};${i}++,${q}+=${item.size}){`,
    );
    const value = this.#read(item, { base: q, offset: 0 });
    g.emit(this.#builds ? `${values}[${i}]=${value};}` : "}");
    return values;
  }
  #readOption(schema, from) {
    const g = this.#g;
    const tag = this.#bind(`u8[${at(from)}]`);
    const value = g.name("o");
    g.emit(`let ${value}=null;if(${tag}===1){`);
    const some = this.#read(schema.some, plus(from, schema.offset));
    g.emit(
      this.#builds ? `${value}=${some};` : "",
      `}else if(${tag}!==0)throw BAD;`,
    );
    return value;
  }
  #readResult({ ok, err, layout }, from) {
    const g = this.#g;
    const value = g.name("o");
    g.emit(`let ${value};switch(u8[${at(from)}]){case 0:{`);
    const okValue = this.#read(ok, plus(from, layout.variants[0][0]));
    g.emit(this.#builds ? `${value}={ok:${okValue}};` : "", "break;}case 1:{");
    const errValue = this.#read(err, plus(from, layout.variants[1][0]));
    g.emit(
      this.#builds ? `${value}={err:${errValue}};` : "",
      "break;}default:throw BAD;}",
    );
    return value;
  }
  #tag({ layout: { tagBytes } }, from) {
    return tagBytes === 1
      ? `u8[${at(from)}]`
      : `dv.getUint${8 * tagBytes}(${at(from)},true)`;
  }
  #readPayload({ owner, variant }, from) {
    this.#g.emit(`if(${this.#tag(owner, from)}!==${variant.tag})throw BAD;`);
    return this.#readObject(variant.fields, from, []);
  }
  #readVariants(schema, from) {
    const g = this.#g;
    const tag = this.#tag(schema, from);
    const value = g.name("o");
    g.emit(`let ${value};switch(${tag}){`);
    for (const variant of schema.variants) {
      g.emit(`case ${variant.tag}:{`);
      const type = `type:${JSON.stringify(variant.name)}`;
      const object = variant.shape === "items"
        ? `{${type},value:${
          this.#readList(variant.fields, from, variant.fields.length)
        }}`
        : this.#readObject(variant.fields, from, [type]);
      g.emit(this.#builds ? `${value}=${object};` : "", "break;}");
    }
    g.emit("default:throw BAD;}");
    return value;
  }
}
function open(body) {
  return `const u8=r.bytes,base=r.start${
    body.includes("dv.") ? ",dv=r.view" : ""
  };let lo=r.low,hi=r.high;
`;
}
var MAX_BYTEWISE_PARTS = 8;
function isBytewise(schema) {
  return countParts(schema) <= MAX_BYTEWISE_PARTS && holdsOnlySmallInts(schema);
}
function holdsOnlySmallInts(schema) {
  if (
    schema instanceof SmallInt || schema.kind === "bool" ||
    schema.kind === "unit"
  ) {
    return true;
  }
  const parts = partsOf(schema);
  return schema.flat && parts.length > 0 && parts.every(holdsOnlySmallInts);
}

// codec/compile_write.ts
var MAX_UNROLLED2 = 8;
var MAX_SWITCHED = 8;
function appendString(u8, p, value) {
  if (value.length <= INLINE_CAPACITY) {
    const length = utf8Length(value);
    if (length < 0) {
      throw BAD_VALUE;
    }
    if (length <= INLINE_CAPACITY) {
      return p;
    }
  }
  const end = writeUtf8(u8, p, value);
  if (end < 0) {
    throw BAD_VALUE;
  }
  return end;
}
function inlineString(u8, dv, at, value) {
  dv.setInt32(at, 0, true);
  dv.setInt32(at + 4, 0, true);
  const { length } = value;
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i);
    if (unit >= 128) {
      u8[at + INLINE_CAPACITY] = writeUtf8(u8, at, value) - at;
      return;
    }
    u8[at + i] = unit;
  }
  u8[at + INLINE_CAPACITY] = length;
}

class WriteEmitter {
  #g;
  #looping = false;
  #root;
  constructor(generator) {
    this.#g = generator;
  }
  main(schema) {
    const g = this.#g;
    this.#root = schema;
    const body = g.body(() => {
      const slots = this.#serialize(schema, "v");
      const start = this.#reserve(String(schema.size), schema);
      this.#resolve(schema, { base: start, offset: 0 }, "v", slots);
    });
    return `function(w, v) {
${OPEN}const top = sp;
${body}
w.position = p; w.top = top;
}`;
  }
  outlined(name, schema) {
    const inner = schema instanceof Lazy ? schema.schema : schema;
    const [descend, ascend] = schema instanceof Lazy
      ? ["w.descend();", "w.ascend();"]
      : ["", ""];
    this.#root = inner;
    this.#looping = true;
    const serialize = this.#g.body(() => this.#serialize(inner, "v"));
    const resolve = this.#g.body(() =>
      this.#resolve(inner, { base: "at", offset: 0 }, "v", {})
    );
    this.#looping = false;
    return `function ${name}(w, v) {
${descend}${OPEN}${serialize}
w.position = p; w.top = sp; ${ascend}
}
function ${name}r(w, at, v) {
${OPEN}let rp = w.cursor;
${resolve}
w.cursor = rp;
}`;
  }
  #variable(prefix, value) {
    if (this.#looping) {
      const name = this.#g.name(prefix);
      this.#g.emit(`let ${name}=${value};`);
      return name;
    }
    const name = this.#g.hoist(prefix);
    this.#g.emit(`${name}=${value};`);
    return name;
  }
  #ensure(count) {
    this.#g.emit(
      `if(p+${count}>u8.length){w.position=p;w.ensure(${count});u8=w.bytes;dv=w.view;}`,
    );
  }
  #reserve(size, { align }) {
    const start = this.#g.hoist("q");
    if (align > 1) {
      this.#ensure(`${align - 1}+${size}`);
      this.#g.emit(`for(let e=p+((base-p)&${align - 1});p<e;p++)u8[p]=0;`);
    } else {
      this.#ensure(size);
    }
    this.#g.emit(`${start}=p;p+=${size};`);
    return start;
  }
  #outside(...calls) {
    this.#g.emit(
      "w.position=p;w.top=sp;",
      ...calls,
      "p=w.position;sp=w.top;u8=w.bytes;dv=w.view;",
    );
  }
  #serialize(schema, v) {
    const g = this.#g;
    if (schema.flat) {
      return {};
    }
    if (this.#isOutlined(schema)) {
      return this.#serializeOutside(schema, v);
    }
    if (schema instanceof Struct || schema instanceof Tuple) {
      if (schema instanceof Tuple) {
        this.#checkLength(v, schema.schemas.length);
      }
      return this.#serializeFields(schema.fields, v);
    }
    if (schema instanceof Converted) {
      const value = this.#variable(
        "c",
        `${g.constant(schema.conversion.encode)}(${v})`,
      );
      return { value, inner: this.#serialize(schema.inner, value) };
    }
    if (schema.kind === "string") {
      return this.#serializeString(v);
    }
    if (schema.kind === "bytes") {
      g.emit(`if(!(${v} instanceof Uint8Array))throw BAD;`);
      this.#ensure(`${v}.length`);
      const start = this.#variable("r", "p");
      g.emit(`u8.set(${v},p);p+=${v}.length;`);
      return this.#keep({ start });
    }
    if (schema instanceof Vec) {
      return this.#serializeVec(schema, v);
    }
    if (schema instanceof FixedArray && schema.length <= MAX_UNROLLED2) {
      this.#checkLength(v, schema.length);
      return this.#serializeFields(itemFields(schema), v);
    }
    if (schema instanceof Option && !schema.wrapped) {
      let some = {};
      g.emit(`if(${v}!==null&&${v}!==undefined){`);
      some = this.#serialize(schema.some, v);
      g.emit("}");
      return { some };
    }
    if (schema instanceof ResultSchema) {
      g.emit(`if("ok" in ${v}){`);
      const okValue = this.#variable("o", `${v}.ok`);
      const ok = this.#serialize(schema.ok, okValue);
      g.emit(`}else if("err" in ${v}){`);
      const errValue = this.#variable("o", `${v}.err`);
      const err = this.#serialize(schema.err, errValue);
      g.emit("}else throw BAD;");
      return { okValue, ok, errValue, err };
    }
    if (schema instanceof VariantsSchema) {
      return this.#serializeVariants(schema, v);
    }
    if (schema instanceof Payload) {
      return this.#serializeFields(schema.variant.fields, v);
    }
    if (schema instanceof Box) {
      return this.#serializeBox(schema, v);
    }
    return this.#serializeOutside(schema, v);
  }
  #isOutlined(schema) {
    return schema !== this.#root && isOutlined(schema);
  }
  #serializeBox({ item }, v) {
    if (!this.#looping) {
      const slots = this.#serialize(item, v);
      const start = this.#reserve(String(item.size), item);
      this.#resolve(item, { base: start, offset: 0 }, v, slots);
      return { start };
    }
    const bottom = this.#bind("sp");
    this.#serialize(item, v);
    const start = this.#reserve(String(item.size), item);
    this.#g.emit(`{let rp=${bottom};`);
    this.#resolve(item, { base: start, offset: 0 }, v, {});
    this.#g.emit(`}sp=${bottom};`);
    return this.#keep({ start });
  }
  #serializeOutside(schema, v) {
    const mark = this.#looping ? undefined : this.#variable("m", "sp");
    const isOwn = this.#isOutlined(schema);
    const call = isOwn
      ? `${this.#g.outline(schema)}(w,${v});`
      : `${this.#g.constant(schema)}.serialize(w,${v});`;
    this.#outside(call);
    return { mark };
  }
  #keep(slots) {
    if (!this.#looping) {
      return slots;
    }
    for (const slot of Object.values(slots)) {
      this.#g.emit(`st[sp++]=${slot};`);
    }
    return {};
  }
  #kept(slots, key) {
    if (!this.#looping) {
      return slots[key];
    }
    const name = this.#g.name("r");
    this.#g.emit(`const ${name}=st[rp++];`);
    return name;
  }
  #checkLength(v, length) {
    this.#g.emit(`if(!Array.isArray(${v})||${v}.length!==${length})throw BAD;`);
  }
  #serializeFields(fields, v) {
    const slots = {};
    for (const { key, schema } of fields) {
      if (schema.flat) {
        continue;
      }
      const value = this.#variable("v", member(v, key));
      slots[`value ${key}`] = value;
      slots[`slots ${key}`] = this.#serialize(schema, value);
    }
    return slots;
  }
  #serializeString(v) {
    this.#g.emit(`if(typeof ${v}!=="string")throw BAD;`);
    this.#ensure(`${v}.length*3`);
    const start = this.#variable("r", "p");
    this.#g.emit(`p=${this.#g.constant(appendString)}(u8,p,${v});`);
    return this.#keep({ start, length: this.#variable("l", `p-${start}`) });
  }
  #serializeVec(schema, v) {
    const g = this.#g;
    const { item } = schema;
    g.emit(`if(!Array.isArray(${v}))throw BAD;`);
    const count = this.#variable("n", `${v}.length`);
    const bottom = g.name("b");
    const outer = this.#looping;
    g.emit(`{const ${bottom}=sp;`);
    this.#looping = true;
    if (!item.flat) {
      const i = g.name("i");
      const e = g.name("e");
      g.emit(`for(let ${i}=0;${i}<${count};${i}++){const ${e}=${v}[${i}];`);
      this.#serialize(item, e);
      g.emit("}");
    }
    const start = this.#reserve(
      item.size === 1 ? count : `${count}*${item.size}`,
      item,
    );
    const i = g.name("i");
    const q = g.name("q");
    const e = g.name("e");
    g.emit(
      `{${item.flat ? "" : `let rp=${bottom};`}`,
      `for(let ${i}=0,${q}=${start};${i}<${count};${i}++,${q}+=${item.size}){const ${e}=${v}[${i}];`,
    );
    this.#resolve(item, { base: q, offset: 0 }, e, {});
    g.emit("}}", `sp=${bottom};}`);
    this.#looping = outer;
    return this.#keep({ start, count });
  }
  #serializeVariants(schema, v) {
    const slots = {};
    this.#switch(schema, v, (variant) => {
      if (variant.flat) {
        return;
      }
      slots[variant.name] = this.#serializeFields(
        variant.fields,
        this.#payload(variant, v),
      );
    });
    return slots;
  }
  #payload({ shape, fields }, v) {
    if (shape !== "items") {
      return v;
    }
    const items = this.#g.name("t");
    this.#g.emit(`const ${items}=${v}.value;`);
    this.#checkLength(items, fields.length);
    return items;
  }
  #switch(schema, v, branch) {
    const g = this.#g;
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
  #resolve(schema, to, v, slots) {
    const g = this.#g;
    if (this.#isOutlined(schema)) {
      return this.#resolveOutside(schema, to, v, slots);
    }
    if (schema.kind === "unit") {
      return g.emit(`if(${v}!==undefined&&${v}!==null)throw BAD;`);
    }
    if (schema instanceof SmallInt) {
      return this.#resolveInt(schema, to, v);
    }
    if (schema instanceof Float) {
      g.emit(
        `if(typeof ${v}!=="number")throw BAD;dv.setFloat${8 * schema.size}(${
          at(to)
        },${v},true);`,
      );
    } else if (schema instanceof BigInteger) {
      const [min, max] = [g.constant(schema.min), g.constant(schema.max)];
      g.emit(`if(typeof ${v}!=="bigint"||${v}<${min}||${v}>${max})throw BAD;`);
      g.emit(`dv.setBigInt64(${at(to)},BigInt.asIntN(64,${v}),true);`);
      if (schema.size === 16) {
        g.emit(
          `dv.setBigInt64(${at(to, 8)},BigInt.asIntN(64,${v}>>64n),true);`,
        );
      }
    } else if (schema.kind === "bool") {
      g.emit(`if(typeof ${v}!=="boolean")throw BAD;u8[${at(to)}]=${v}?1:0;`);
    } else if (schema.kind === "string") {
      const start = this.#kept(slots, "start");
      const length = this.#kept(slots, "length");
      g.emit(
        `if(${length}===0)${g.constant(inlineString)}(u8,dv,${
          at(to)
        },${v});else{`,
      );
      g.emit(
        `dv.setInt32(${at(to)},${length},true);dv.setInt32(${
          at(to, 4)
        },${start}-(${at(to)}),true);}`,
      );
    } else if (schema.kind === "bytes") {
      this.#pointer(to, this.#kept(slots, "start"));
      g.emit(`dv.setInt32(${at(to, 4)},${v}.length,true);`);
    } else if (schema instanceof Vec) {
      this.#pointer(to, this.#kept(slots, "start"));
      g.emit(`dv.setInt32(${at(to, 4)},${this.#kept(slots, "count")},true);`);
    } else if (schema instanceof Struct || schema instanceof Tuple) {
      if (schema instanceof Tuple) {
        this.#checkLength(v, schema.schemas.length);
      }
      this.#resolveFields(schema.fields, to, v, slots);
      this.#zeroGaps(to, schema.size, schema.fields);
    } else if (schema instanceof Converted) {
      const value = this.#looping || schema.flat
        ? this.#bind(`${g.constant(schema.conversion.encode)}(${v})`)
        : slots["value"];
      this.#resolve(schema.inner, to, value, slots["inner"] ?? {});
    } else if (schema instanceof FixedArray) {
      this.#resolveArray(schema, to, v, slots);
    } else if (schema instanceof Option && !schema.wrapped) {
      g.emit(`if(${v}===null||${v}===undefined){`);
      this.#zero(to, schema.size);
      g.emit(`}else{u8[${at(to)}]=1;`);
      this.#resolve(
        schema.some,
        plus(to, schema.offset),
        v,
        slots["some"] ?? {},
      );
      this.#zeroGaps(to, schema.size, [{
        key: 0,
        schema: schema.some,
        offset: schema.offset,
      }], 1);
      g.emit("}");
    } else if (schema instanceof ResultSchema) {
      this.#resolveResult(schema, to, v, slots);
    } else if (schema instanceof VariantsSchema) {
      this.#resolveVariants(schema, to, v, slots);
    } else if (schema instanceof Payload) {
      this.#resolveVariant(schema.owner, schema.variant, to, v, slots);
    } else if (schema instanceof Box) {
      this.#pointer(to, this.#kept(slots, "start"));
    } else {
      this.#resolveOutside(schema, to, v, slots);
    }
  }
  #bind(expression) {
    const name = this.#g.name("x");
    this.#g.emit(`const ${name}=${expression};`);
    return name;
  }
  #resolveInt({ kind, size }, to, v) {
    const same = {
      u8: "&255",
      u16: "&65535",
      i8: "<<24>>24",
      i16: "<<16>>16",
      i32: "|0",
      isize: "|0",
    };
    const wrap = kind === "u32" || kind === "usize" ? ">>>0" : same[kind];
    const store = size === 1
      ? `u8[${at(to)}]=${v}`
      : `dv.setInt${8 * size}(${at(to)},${v}${size === 4 ? "|0" : ""},true)`;
    this.#g.emit(`if((${v}${wrap})!==${v})throw BAD;${store};`);
  }
  #pointer(to, target) {
    this.#g.emit(`dv.setInt32(${at(to)},${target}-(${at(to)}),true);`);
  }
  #resolveFields(fields, to, v, slots) {
    for (const { key, schema, offset } of fields) {
      const known = this.#looping ? undefined : slots[`value ${key}`];
      const value = known ?? this.#bind(member(v, key));
      this.#resolve(
        schema,
        plus(to, offset),
        value,
        slots[`slots ${key}`] ?? {},
      );
    }
  }
  #resolveArray(schema, to, v, slots) {
    const g = this.#g;
    if (!schema.flat && schema.length > MAX_UNROLLED2) {
      return this.#resolveOutside(schema, to, v, slots);
    }
    this.#checkLength(v, schema.length);
    if (schema.length <= MAX_UNROLLED2) {
      return this.#resolveFields(itemFields(schema), to, v, slots);
    }
    const i = g.name("i");
    const q = g.name("q");
    const e = g.name("e");
    const outer = this.#looping;
    this.#looping = true;
    g.emit(
      `for(let ${i}=0,${q}=${
        at(to)
      };${i}<${schema.length};${i}++,${q}+=${schema.item.size}){const ${e}=${v}[${i}];`,
    );
    this.#resolve(schema.item, { base: q, offset: 0 }, e, {});
    g.emit("}");
    this.#looping = outer;
  }
  #resolveResult(schema, to, v, slots) {
    const g = this.#g;
    const arm = (tag, key) => {
      const offset = schema.layout.variants[tag][0];
      const known = this.#looping || schema.flat
        ? undefined
        : slots[`${key}Value`];
      g.emit(`u8[${at(to)}]=${tag};`);
      this.#resolve(
        schema[key],
        plus(to, offset),
        known ?? this.#bind(`${v}.${key}`),
        slots[key] ?? {},
      );
      this.#zeroGaps(
        to,
        schema.size,
        [{ key, schema: schema[key], offset }],
        1,
      );
    };
    g.emit(`if("ok" in ${v}){`);
    arm(0, "ok");
    g.emit(`}else if("err" in ${v}){`);
    arm(1, "err");
    g.emit("}else throw BAD;");
  }
  #resolveVariants(schema, to, v, slots) {
    this.#switch(schema, v, (variant) => {
      const payload = this.#payload(variant, v);
      this.#resolveVariant(
        schema,
        variant,
        to,
        payload,
        slots[variant.name] ?? {},
      );
    });
  }
  #resolveVariant(
    { size, layout: { tagBytes } },
    { tag, fields },
    to,
    v,
    slots,
  ) {
    this.#g.emit(
      tagBytes === 1
        ? `u8[${at(to)}]=${tag};`
        : `dv.setUint${8 * tagBytes}(${at(to)},${tag},true);`,
    );
    this.#resolveFields(fields, to, v, slots);
    this.#zeroGaps(to, size, fields, tagBytes);
  }
  #resolveOutside(schema, to, v, slots) {
    const g = this.#g;
    const isOwn = this.#isOutlined(schema);
    if (!isOwn) {
      this.#zero(to, schema.size);
    }
    const start = this.#looping
      ? schema.flat ? "0" : "rp"
      : slots["mark"] ?? "sp";
    if (!schema.flat) {
      g.emit(`w.cursor=${start};`);
    }
    g.emit(
      isOwn
        ? `${g.outline(schema)}r(w,${at(to)},${v});`
        : `${g.constant(schema)}.resolve(w,${at(to)},${v});`,
    );
    if (this.#looping && !schema.flat) {
      g.emit("rp=w.cursor;");
    }
  }
  #zeroGaps(to, size, fields, from = 0) {
    const sorted = fields.filter(({ schema }) => schema.size > 0).sort((a, b) =>
      a.offset - b.offset
    );
    let end = from;
    for (const { offset, schema } of sorted) {
      this.#zero(plus(to, end), offset - end);
      end = offset + schema.size;
    }
    this.#zero(plus(to, end), size - end);
  }
  #zero(to, count) {
    const g = this.#g;
    if (count > 32) {
      return g.emit(`u8.fill(0,${at(to)},${at(to, count)});`);
    }
    let done = 0;
    for (; count - done >= 4; done += 4) {
      g.emit(`dv.setInt32(${at(to, done)},0,true);`);
    }
    for (; done < count; done++) {
      g.emit(`u8[${at(to, done)}]=0;`);
    }
  }
}
var OPEN =
  `let u8=w.bytes,dv=w.view,p=w.position,sp=w.top;const base=w.base,st=w.stack;
`;
function itemFields({ item, length }) {
  return Array.from(
    { length },
    (_, key) => ({ key, schema: item, offset: key * item.size }),
  );
}
var tagMaps = new WeakMap();
function tagsOf(schema) {
  let tags = tagMaps.get(schema);
  if (tags === undefined) {
    tags = new Map(schema.variants.map(({ name, tag }) => [name, tag]));
    tagMaps.set(schema, tags);
  }
  return tags;
}

// codec/compiler.ts
function canCompile() {
  try {
    return new Function("return 1")() === 1;
  } catch {
    return false;
  }
}
var generate = (schema) => {
  const functions = {
    write(writer, value) {
      const generator = new Generator();
      const emitter = new WriteEmitter(generator);
      const main = emitter.main(schema);
      const write = generator.build(
        main,
        (name, part) => emitter.outlined(name, part),
      );
      functions.write = write;
      write(writer, value);
    },
    read(reader) {
      const read = reading(schema, true);
      functions.read = read;
      return read(reader);
    },
    check(reader) {
      const check = reading(schema, false);
      functions.check = check;
      check(reader);
    },
  };
  return functions;
};
function reading(schema, builds) {
  const generator = new Generator();
  const emitter = new ReadEmitter(generator, builds);
  const main = emitter.main(schema);
  return generator.build(main, (name, part) => emitter.outlined(name, part));
}
function useCompiler() {
  const allowed = canCompile();
  if (allowed) {
    setCompiler(generate);
  }
  return allowed;
}
// codec/btree_reader.ts
var NODE_HEADER_BYTES = 12;
var INNER_NODE = 32768;
function readTree(reader, at, shape, readValue) {
  const { view } = reader;
  const count = view.getUint32(at, true);
  if (count === 0) {
    return [];
  }
  const rootAt = reader.claim(
    at + 4,
    view.getInt32(at + 4, true),
    NODE_HEADER_BYTES,
    4,
  );
  const { high } = reader;
  const rootBytes = nodeBytes(reader, rootAt, shape);
  claimNode(reader, rootAt, rootBytes);
  reader.high = rootAt;
  const root = readNode(reader, rootAt, shape, 0, readValue);
  const byPosition = new Map([[rootAt, root]]);
  const inners = [];
  const queue = [root];
  for (let next = 0; next < queue.length && queue[next].inner; next++) {
    const node = queue[next];
    inners.push(node);
    for (const [base, offset] of childPointers(reader, node, shape)) {
      const childAt = reader.claim(base, offset, NODE_HEADER_BYTES, 4);
      claimNode(reader, childAt, nodeBytes(reader, childAt, shape));
      const child = readNode(reader, childAt, shape, node.depth + 1, readValue);
      node.children.push(childAt);
      byPosition.set(childAt, child);
      queue.push(child);
    }
  }
  const leaves = queue.slice(inners.length);
  checkLeaves(reader, leaves, shape.key, count, at);
  for (const node of inners) {
    checkInnerKeys(reader, node, byPosition, shape.key);
  }
  reader.low = rootAt + rootBytes;
  reader.high = high;
  return leaves.flatMap((leaf) =>
    leaf.keys.map((key, i) => [key, leaf.values[i]])
  );
}
function isInner(reader, at) {
  return (reader.view.getUint16(at + 8, true) & INNER_NODE) !== 0;
}
function entryCount(reader, at) {
  return reader.view.getUint16(at + 8, true) & ~INNER_NODE;
}
function nodeBytes(reader, at, shape) {
  const entry = isInner(reader, at) ? shape.innerEntry : shape.leafEntry;
  return roundUp(NODE_HEADER_BYTES, entry.align) +
    entryCount(reader, at) * entry.size;
}
function claimNode(reader, at, bytes) {
  reader.claim(at, 0, bytes, 1);
}
function* childPointers(reader, node, { innerEntry }) {
  const { view } = reader;
  yield [node.at + 4, view.getInt32(node.at + 4, true)];
  const start = node.at + roundUp(NODE_HEADER_BYTES, innerEntry.align);
  for (let i = 0; i < node.keys.length; i++) {
    const base = start + i * innerEntry.size + innerEntry.offsets[0];
    yield [base, view.getInt32(base, true)];
  }
}
function readNode(reader, at, shape, depth, readValue) {
  const inner = isInner(reader, at);
  const entry = inner ? shape.innerEntry : shape.leafEntry;
  const count = entryCount(reader, at);
  if (count === 0) {
    reader.fail(
      inner ? "TooFewInnerNodeEntries" : "TooFewLeafNodeEntries",
      at,
      "a node with entries",
    );
  }
  const block = reader.inside(at, -reader.view.getUint32(at, true), 1, 1);
  const { low } = reader;
  reader.low = block;
  reader.high = at;
  const start = at + roundUp(NODE_HEADER_BYTES, entry.align);
  const keys = new Array(count);
  const values = inner ? [] : new Array(count);
  const keyOffset = entry.offsets[inner ? 1 : 0];
  const depthOfPath = reader.path.length;
  for (let i = count - 1; i >= 0; i--) {
    const entryAt = start + i * entry.size;
    reader.path[depthOfPath] = i;
    keys[i] = shape.key.read(reader, entryAt + keyOffset);
    reader.path.length = depthOfPath;
    if (!inner) {
      values[i] = readValue(entryAt + entry.offsets[1], keys[i], i);
    }
  }
  reader.high = reader.low;
  reader.low = low;
  return { at, inner, keys, values, children: [], depth };
}
function checkLeaves(reader, leaves, key, count, at) {
  const { view } = reader;
  const { depth } = leaves[0];
  let total = 0;
  for (const [i, leaf] of leaves.entries()) {
    if (leaf.inner) {
      reader.fail("InnerNodeInLeafLevel", leaf.at, "a leaf");
    }
    if (leaf.depth !== depth) {
      reader.fail("InvalidLeafNodeDepth", leaf.at, `a leaf at depth ${depth}`);
    }
    total += leaf.keys.length;
    for (let k = 1; k < leaf.keys.length; k++) {
      if (key.compare(leaf.keys[k - 1], leaf.keys[k]) > 0) {
        reader.fail(
          "UnsortedLeafNodeEntries",
          leaf.at,
          "keys in ascending order",
        );
      }
    }
    const offset = view.getInt32(leaf.at + 4, true);
    const next = leaves[i + 1];
    if (next === undefined) {
      if (offset !== 0) {
        reader.fail(
          "LastLeafForwardPointerNotNull",
          leaf.at + 4,
          "no next leaf",
        );
      }
      continue;
    }
    if (reader.inside(leaf.at + 4, offset, NODE_HEADER_BYTES, 4) !== next.at) {
      reader.fail(
        "UnlinkedLeafNode",
        leaf.at + 4,
        "a pointer to the next leaf",
      );
    }
    if (key.compare(leaf.keys.at(-1), next.keys[0]) > 0) {
      reader.fail("UnsortedLeafNodes", next.at, "leaves in ascending order");
    }
  }
  if (total !== count) {
    reader.fail("LengthMismatch", at, `${count} entries, found ${total}`);
  }
}
function checkInnerKeys(reader, node, byPosition, key) {
  for (const [i, own] of node.keys.entries()) {
    let first = byPosition.get(node.children[i + 1]);
    while (first.inner) {
      first = byPosition.get(first.children[0]);
    }
    if (key.compare(own, first.keys[0]) !== 0) {
      reader.fail(
        "MismatchedInnerChildKey",
        node.at,
        "the first key of the child",
      );
    }
  }
}

// codec/sea_hash.ts
var MULTIPLIER_LOW = 2765703759;
var MULTIPLIER_HIGH = 1861029533;
var MAX_KEPT_BYTES2 = 4096;
var INITIAL_BYTES2 = 64;
var SEED_BYTES = 4;
function multiplyHigh(a, b) {
  const aLow = a & 65535, aHigh = a >>> 16;
  const bLow = b & 65535, bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const carry = aLow * bHigh + (middle & 65535);
  return aHigh * bHigh + Math.floor(middle / 65536) +
      Math.floor(carry / 65536) >>> 0;
}
var high = 0;
var low = 0;
function multiply(h, l) {
  high = multiplyHigh(l, MULTIPLIER_LOW) + Math.imul(h, MULTIPLIER_LOW) +
      Math.imul(l, MULTIPLIER_HIGH) >>> 0;
  low = Math.imul(l, MULTIPLIER_LOW) >>> 0;
}
function diffuse(h, l) {
  multiply(h, l);
  multiply(high, (low ^ high >>> (high >>> 28)) >>> 0);
}

class SeaHasher {
  #bytes = new Uint8Array(INITIAL_BYTES2);
  #view = new DataView(this.#bytes.buffer);
  #end = SEED_BYTES;
  reset() {
    this.#end = SEED_BYTES;
    if (this.#bytes.length > MAX_KEPT_BYTES2) {
      this.#bytes = new Uint8Array(INITIAL_BYTES2);
      this.#view = new DataView(this.#bytes.buffer);
    }
  }
  #room(count) {
    const at = this.#end;
    this.#end = at + count;
    if (this.#end > this.#bytes.length) {
      const grown = new Uint8Array(this.#end * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
  u8(value) {
    this.#view.setUint8(this.#room(1), value);
  }
  u16(value) {
    this.#view.setUint16(this.#room(2), value, true);
  }
  u32(value) {
    this.#view.setUint32(this.#room(4), value, true);
  }
  u64(value) {
    this.#view.setBigUint64(this.#room(8), BigInt.asUintN(64, value), true);
  }
  length(value) {
    const at = this.#room(8);
    this.#view.setUint32(at, value, true);
    this.#view.setUint32(at + 4, 0, true);
  }
  write(bytes) {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }
  finish(count) {
    return this.#hash(SEED_BYTES, count);
  }
  finishSeeded(seed, count) {
    this.#view.setUint32(0, seed, true);
    return this.#hash(0, count);
  }
  #hash(start, count) {
    const view = this.#view;
    const length = this.#end - start;
    let ah = 139947958, al = 386621279;
    let bh = 1484223982, bl = 3091889734;
    let ch = 2893025557, cl = 1116661097;
    let dh = 2433739665, dl = 3106648525;
    const whole = start + (length & ~7);
    for (let i = start; i < whole; i += 8) {
      diffuse(
        (ah ^ view.getUint32(i + 4, true)) >>> 0,
        (al ^ view.getUint32(i, true)) >>> 0,
      );
      ah = bh, al = bl;
      bh = ch, bl = cl;
      ch = dh, cl = dl;
      dh = high, dl = low;
    }
    if (whole < this.#end) {
      let wordHigh = 0;
      let wordLow = 0;
      for (let i = this.#end - 1; i >= whole; i--) {
        wordHigh = (wordHigh << 8 | wordLow >>> 24) >>> 0;
        wordLow = (wordLow << 8 | this.#bytes[i]) >>> 0;
      }
      diffuse((ah ^ wordHigh) >>> 0, (al ^ wordLow) >>> 0);
      ah = high, al = low;
    }
    diffuse((ah ^ bh ^ ch ^ dh) >>> 0, (al ^ bl ^ cl ^ dl ^ length) >>> 0);
    let rest = high % count;
    rest = (rest * 2048 + (low >>> 21)) % count;
    rest = (rest * 2048 + (low >>> 10 & 2047)) % count;
    return (rest * 1024 + (low & 1023)) % count;
  }
}

// codec/hash_index.ts
var EMPTY = 4294967295;
var FIRST_SEED = 2147483648;
var hasher = /* @__PURE__ */ new SeaHasher();
function feed(schema, key) {
  hasher.reset();
  schema.hash(hasher, key);
  return hasher;
}
function buildIndex(schema, keys) {
  const count = keys.length;
  const buckets = Array.from({ length: count }, () => []);
  keys.forEach((key, i) => buckets[feed(schema, key).finish(count)].push(i));
  const sorted = buckets.map((_, i) => i).sort((a, b) =>
    buckets[b].length - buckets[a].length || a - b
  );
  const displacements = new Uint32Array(count).fill(EMPTY);
  const order = new Uint32Array(count);
  const taken = new Uint8Array(count);
  let free = 0;
  for (const bucket of sorted) {
    const members = buckets[bucket];
    if (members.length === 0) {
      break;
    }
    if (members.length === 1) {
      while (taken[free] === 1) {
        free++;
      }
      taken[free] = 1;
      order[free] = members[0];
      displacements[bucket] = free;
      continue;
    }
    for (let seed = FIRST_SEED;; seed++) {
      const positions = members.map((i) =>
        feed(schema, keys[i]).finishSeeded(seed, count)
      );
      const fits = positions.every((p, i) =>
        taken[p] === 0 && positions.indexOf(p) === i
      );
      if (!fits) {
        continue;
      }
      positions.forEach((p, i) => {
        taken[p] = 1;
        order[p] = members[i];
      });
      displacements[bucket] = seed;
      break;
    }
  }
  return { displacements, order };
}
function lookUp(reader, displacements, count, schema, key) {
  if (count === 0) {
    return -1;
  }
  const fed = feed(schema, key);
  const displacement = reader.view.getUint32(
    displacements + 4 * fed.finish(count),
    true,
  );
  if (displacement === EMPTY) {
    return -1;
  }
  if (displacement < FIRST_SEED) {
    return displacement < count ? displacement : -1;
  }
  return fed.finishSeeded(displacement, count);
}
function checkDisplacements(reader, displacements, count) {
  for (let i = 0; i < count; i++) {
    const displacement = reader.view.getUint32(displacements + 4 * i, true);
    if (displacement >= count && displacement < FIRST_SEED) {
      reader.fail(
        "InvalidDisplacement",
        displacements + 4 * i,
        `a position below ${count}, a seed or none`,
      );
    }
  }
}

// codec/hash_map.ts
function mapContainer() {
  return {
    expected: "a Map",
    is: (value) => value instanceof Map,
    entries: (value) => value,
    from: (entries) => new Map(entries),
    step: (key) =>
      `get(${typeof key === "string" ? JSON.stringify(key) : String(key)})`,
  };
}
class HashMapSchema extends Schema {
  kind;
  size = 12;
  align = 4;
  niche = undefined;
  flat = false;
  key;
  value;
  #container;
  #layout;
  constructor(kind, key, value, container) {
    super();
    this.kind = kind;
    this.key = key;
    this.value = value;
    this.#container = container;
    const fault = key.keyFault;
    if (fault !== undefined) {
      throw new TypeError(
        `Cannot use ${key.describe()} as the key of a ${kind}: ${fault}`,
      );
    }
  }
  get entry() {
    return this.#layout ??= structLayout([this.key, this.value]);
  }
  serialize(writer, value) {
    if (!this.#container.is(value)) {
      throw BAD_VALUE;
    }
    const entries = [...this.#container.entries(value)];
    const keys = entries.map(([key]) => key);
    for (const key of keys) {
      this.key.accept(key, []);
    }
    if (hasDuplicates(this.key, keys)) {
      throw BAD_VALUE;
    }
    const { displacements, order } = buildIndex(this.key, keys);
    const indexAt = writer.reserve(4 * keys.length, 4);
    displacements.forEach((displacement, i) =>
      writer.setU32(indexAt + 4 * i, displacement)
    );
    const bottom = writer.top;
    for (const i of order) {
      const [key, item] = entries[i];
      this.key.serialize(writer, key);
      this.value.serialize(writer, item);
    }
    const { size, align, offsets } = this.entry;
    const start = writer.reserve(size * keys.length, align);
    const { cursor } = writer;
    writer.cursor = bottom;
    order.forEach((i, position) => {
      const [key, item] = entries[i];
      this.key.resolve(writer, start + position * size + offsets[0], key);
      this.value.resolve(writer, start + position * size + offsets[1], item);
    });
    writer.cursor = cursor;
    writer.top = bottom;
    writer.push(keys.length);
    writer.push(indexAt);
    writer.push(start);
  }
  resolve(writer, at, _value) {
    writer.setU32(at, writer.take());
    writer.setPointer(at + 4, writer.take());
    writer.setPointer(at + 8, writer.take());
  }
  read(reader, at) {
    const { offsets } = this.entry;
    const entries = [];
    this.#visit(reader, at, (entryAt) => {
      const key = this.key.read(reader, entryAt + offsets[0]);
      entries.push([key, this.value.read(reader, entryAt + offsets[1])]);
      return key;
    });
    return this.#container.from(entries);
  }
  check(reader, at) {
    const { offsets } = this.entry;
    const depth = reader.path.length;
    this.#visit(reader, at, (entryAt, i) => {
      reader.path[depth] = i;
      const key = this.key.read(reader, entryAt + offsets[0]);
      reader.path[depth] = this.#container.step(key, i);
      this.value.check(reader, entryAt + offsets[1]);
      reader.path.length = depth;
      return key;
    });
  }
  #visit(reader, at, visit) {
    const { view } = reader;
    const { size, align } = this.entry;
    const count = view.getUint32(at, true);
    const index = reader.claim(
      at + 4,
      view.getInt32(at + 4, true),
      4 * count,
      4,
    );
    checkDisplacements(reader, index, count);
    reader.low = index + 4 * count;
    const start = reader.claim(
      at + 8,
      view.getInt32(at + 8, true),
      count * size,
      align,
    );
    if (size === 0) {
      reader.spendItems(count, at);
    }
    const { high } = reader;
    reader.high = start;
    const keys = [];
    for (let i = 0; i < count; i++) {
      keys.push(visit(start + i * size, i));
    }
    for (let i = 0; i < count; i++) {
      if (lookUp(reader, index, count, this.key, keys[i]) !== i) {
        reader.fail(
          "InvalidKeyPosition",
          start + i * size,
          "a key that its index leads to",
        );
      }
    }
    reader.low = start + count * size;
    reader.high = high;
  }
  accept(value, path) {
    const container = this.#container;
    if (!container.is(value)) {
      refuse(path, container.expected, value);
    }
    const keys = [];
    let index = 0;
    for (const [key, item] of container.entries(value)) {
      const step = [...path, container.step(key, index++)];
      this.key.accept(key, step);
      this.value.accept(item, step);
      keys.push(key);
    }
    if (hasDuplicates(this.key, keys)) {
      const where = formatPath(path);
      throw new CodecError(
        "DuplicateKey",
        `Cannot encode ${where || "the value"}: two keys are equal in Rust`,
        where,
      );
    }
  }
  describe() {
    return this.kind === "hashset"
      ? `hashset<${this.key.describe()}>`
      : `hashmap<${this.key.describe()},${this.value.describe()}>`;
  }
  defaultValue() {
    return this.#container.from([]);
  }
}
function hasDuplicates(schema, keys) {
  if (keys.every((key) => typeof key !== "object")) {
    return new Set(keys).size !== keys.length;
  }
  const sorted = [...keys].sort((a, b) => schema.compare(a, b));
  return sorted.some((key, i) =>
    i > 0 && schema.compare(sorted[i - 1], key) === 0
  );
}
function map(key, value) {
  return new HashMapSchema("hashmap", key, value, mapContainer());
}

// codec/btree_map.ts
var NODE_BYTES = 4096;
var INNER_NODE_ALIGN = 8;

class BTreeMapSchema extends Schema {
  kind;
  size = 8;
  align = 4;
  niche = undefined;
  flat = false;
  key;
  value;
  #container;
  #leaf;
  #inner;
  constructor(kind, key, value, container) {
    super();
    this.kind = kind;
    this.key = key;
    this.value = value;
    this.#container = container;
  }
  get leafEntry() {
    return this.#leaf ??= structLayout([this.key, this.value]);
  }
  get innerEntry() {
    return this.#inner ??= structLayout([{
      size: 4,
      align: 4,
      niche: undefined,
    }, this.key]);
  }
  #sorted(value) {
    return [...this.#container.entries(value)].sort(([a], [b]) =>
      this.key.compare(a, b)
    );
  }
  serialize(writer, value) {
    if (!this.#container.is(value)) {
      throw BAD_VALUE;
    }
    for (const [key] of this.#container.entries(value)) {
      this.key.accept(key, []);
    }
    const entries = this.#sorted(value);
    if (hasEqualNeighbours(this.key, entries)) {
      throw BAD_VALUE;
    }
    if (entries.length === 0) {
      writer.push(0);
      writer.push(writer.base);
      return;
    }
    let level = this.#writeLeaves(writer, entries);
    while (level.length > 1) {
      level = this.#writeInner(writer, level);
    }
    writer.push(entries.length);
    writer.push(level[0].at);
  }
  #writeLeaves(writer, entries) {
    const { size, align, offsets } = this.leafEntry;
    const nodes = [];
    let last = entries.length;
    while (last > 0) {
      const blockStart = writer.position;
      const bottom = writer.top;
      let first = last;
      const tops = [];
      do {
        const [key, item] = entries[--first];
        tops.push(writer.top);
        this.key.serialize(writer, key);
        this.value.serialize(writer, item);
      } while (
        first > 0 &&
        writer.position - blockStart + NODE_HEADER_BYTES +
              (last - first) * size < NODE_BYTES
      );
      const at = this.#header(
        writer,
        Math.max(4, align),
        blockStart,
        last - first,
        nodes.at(-1)?.at,
      );
      const start = writer.reserve((last - first) * size, align);
      const { cursor } = writer;
      for (let i = first; i < last; i++) {
        const [key, item] = entries[i];
        const entryAt = start + (i - first) * size;
        writer.cursor = tops[last - 1 - i];
        this.key.resolve(writer, entryAt + offsets[0], key);
        this.value.resolve(writer, entryAt + offsets[1], item);
      }
      writer.cursor = cursor;
      writer.top = bottom;
      nodes.push({ firstKey: entries[first][0], at });
      last = first;
    }
    return nodes;
  }
  #writeInner(writer, level) {
    const { size, align, offsets } = this.innerEntry;
    const nodes = [];
    let next = 0;
    while (next < level.length) {
      const blockStart = writer.position;
      const bottom = writer.top;
      const first = next;
      const tops = [];
      const take = () => {
        tops.push(writer.top);
        this.key.serialize(writer, level[next++].firstKey);
      };
      while (level.length - next > 1) {
        take();
        const count = next - first;
        if (
          writer.position - blockStart + NODE_HEADER_BYTES + count * size >=
            NODE_BYTES && count >= 2
        ) {
          break;
        }
      }
      if (level.length - next === 2) {
        take();
      }
      const least = level[next++];
      const count = next - 1 - first;
      const headerAlign = Math.max(INNER_NODE_ALIGN, align);
      const at = this.#header(
        writer,
        headerAlign,
        blockStart,
        INNER_NODE | count,
        least.at,
      );
      const start = writer.reserve(count * size, align);
      const { cursor } = writer;
      for (let i = 0; i < count; i++) {
        const child = level[next - 2 - i];
        const entryAt = start + i * size;
        writer.setPointer(entryAt + offsets[0], child.at);
        writer.cursor = tops[count - 1 - i];
        this.key.resolve(writer, entryAt + offsets[1], child.firstKey);
      }
      writer.cursor = cursor;
      writer.top = bottom;
      nodes.push({ firstKey: least.firstKey, at });
    }
    return nodes;
  }
  #header(writer, align, blockStart, meta, target) {
    writer.pad(align);
    const blockBytes = writer.position - blockStart;
    const at = writer.reserve(NODE_HEADER_BYTES, 4);
    writer.setU32(at, blockBytes);
    if (target !== undefined) {
      writer.setPointer(at + 4, target);
    }
    writer.view.setUint16(at + 8, meta, true);
    return at;
  }
  resolve(writer, at, _value) {
    writer.setU32(at, writer.take());
    writer.setPointer(at + 4, writer.take());
  }
  read(reader, at) {
    return this.#container.from(
      readTree(reader, at, this, (entryAt) => this.value.read(reader, entryAt)),
    );
  }
  check(reader, at) {
    const depth = reader.path.length;
    readTree(reader, at, this, (entryAt, key, index) => {
      reader.path[depth] = this.#container.step(key, index);
      this.value.check(reader, entryAt);
      reader.path.length = depth;
      return;
    });
  }
  accept(value, path) {
    const container = this.#container;
    if (!container.is(value)) {
      refuse(path, container.expected, value);
    }
    let index = 0;
    for (const [key, item] of container.entries(value)) {
      const step = [...path, container.step(key, index++)];
      this.key.accept(key, step);
      this.value.accept(item, step);
    }
    if (hasEqualNeighbours(this.key, this.#sorted(value))) {
      const where = formatPath(path);
      throw new CodecError(
        "DuplicateKey",
        `Cannot encode ${where || "the value"}: two keys are equal in Rust`,
        where,
      );
    }
  }
  describe() {
    return this.kind === "btreeset"
      ? `btreeset<${this.key.describe()}>`
      : `btreemap<${this.key.describe()},${this.value.describe()}>`;
  }
  defaultValue() {
    return this.#container.from([]);
  }
  compare(a, b) {
    const x = this.#sorted(a);
    const y = this.#sorted(b);
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      const order = this.key.compare(x[i][0], y[i][0]) ||
        this.value.compare(x[i][1], y[i][1]);
      if (order !== 0) {
        return order;
      }
    }
    return x.length - y.length;
  }
}
function hasEqualNeighbours(schema, entries) {
  return entries.some(([key], i) =>
    i > 0 && schema.compare(entries[i - 1][0], key) === 0
  );
}

// codec/view_key.ts
function probe(schema, key) {
  if (schema.kind === "string") {
    if (typeof key !== "string" || !key.isWellFormed()) {
      return;
    }
    return (reader, at) => compareString(reader, at, key);
  }
  try {
    schema.accept(key, []);
  } catch {
    return;
  }
  if (schema instanceof SmallInt || schema instanceof BigInteger) {
    return (reader, at) => {
      const own = schema.read(reader, at);
      return own < key ? -1 : own > key ? 1 : 0;
    };
  }
  return (reader, at) => schema.compare(schema.read(reader, at), key);
}
function compareString(reader, at, text) {
  const { bytes } = reader;
  let start = at;
  let length = bytes[at + INLINE_CAPACITY];
  if (length >= 128) {
    length = reader.view.getUint32(at, true);
    start = reader.claim(at, reader.view.getInt32(at + 4, true), length, 1);
  } else if (length > INLINE_CAPACITY) {
    reader.fail("StringRepr", at, "an inline length of at most 7");
  }
  const common = Math.min(length, text.length);
  for (let i = 0; i < common; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 128) {
      return compareBytes(bytes, start, length, toUtf8(text));
    }
    if (unit !== bytes[start + i]) {
      return bytes[start + i] - unit;
    }
  }
  return length - text.length;
}
function compareBytes(bytes, start, length, key) {
  const common = Math.min(length, key.length);
  for (let i = 0; i < common; i++) {
    if (bytes[start + i] !== key[i]) {
      return bytes[start + i] - key[i];
    }
  }
  return length - key.length;
}

// codec/view_place.ts
class ViewReader extends Reader {
  busy = false;
  #up;
  #step = "";
  constructor(archive, limits) {
    super(limits);
    this.reset(archive);
    this.open(0, archive.length);
  }
  aim(at, up, step) {
    const reader = this.busy ? new ViewReader(this.bytes, this.limits) : this;
    reader.low = 0;
    reader.high = at;
    reader.#up = up;
    reader.#step = step;
    return reader;
  }
  fail(code, at, expected) {
    const path = pathTo(this.#up, this.#step);
    path.push(...this.path);
    this.path.length = 0;
    this.path.push(...path);
    try {
      return super.fail(code, at, expected);
    } finally {
      this.path.length = 0;
    }
  }
}
function readWhole(aimed, at, up, step, schema) {
  const reader = aimed.aim(at, up, step);
  reader.depth = reader.limits.maxDepth;
  reader.items = reader.limits.maxItems;
  reader.busy = true;
  try {
    return schema.read(reader, at);
  } catch (cause) {
    reader.busy = false;
    reader.aim(at, up, step);
    reader.depth = reader.limits.maxDepth;
    reader.items = reader.limits.maxItems;
    schema.check(reader, at);
    if (cause instanceof CodecError) {
      throw cause;
    }
    return reader.fail(
      "BadValue",
      at,
      `a value that can be converted (${cause})`,
    );
  } finally {
    reader.busy = false;
  }
}

class Place {
  #whole;
  #reader;
  #at;
  #up;
  #step;
  constructor(whole, reader, at, up, step) {
    this.#whole = whole;
    this.#reader = reader;
    this.#at = at;
    this.#up = up;
    this.#step = step;
  }
  static getter(access, offset, step) {
    return function () {
      return access(this.#reader, this.#at + offset, this, step);
    };
  }
  static decode(place) {
    const { schema, part } = place.#whole;
    const value = readWhole(
      place.#reader,
      place.#at,
      place.#up,
      place.#step,
      schema,
    );
    return part === undefined ? value : value[part];
  }
  static path(place) {
    const steps = [];
    for (let next = place; next !== undefined; next = next.#up) {
      steps.push(next.#step);
    }
    return steps.reverse();
  }
}
function pathTo(up, step) {
  return [...Place.path(up), step].map((part) =>
    typeof part === "function" ? part() : part
  ).filter((part) => part !== "");
}

// codec/view_map.ts
function keyStep(key) {
  return () =>
    `get(${
      typeof key === "string"
        ? JSON.stringify(key)
        : typeof key === "object"
        ? "…"
        : String(key)
    })`;
}

class EntriesView extends Place {
  *keys() {
    for (const [key] of this.entries()) {
      yield key;
    }
  }
  *values() {
    for (const [, value] of this.entries()) {
      yield value;
    }
  }
  [Symbol.iterator]() {
    return this.entries();
  }
}

class HashMapView extends EntriesView {
  #reader;
  #schema;
  #access;
  #at;
  #index;
  #start;
  size;
  constructor(schema, access, reader, at, up, step) {
    super({ schema }, reader, at, up, step);
    const { view } = reader;
    const { size, align } = schema.entry;
    const aimed = reader.aim(at, up, step);
    const count = view.getUint32(at, true);
    this.#index = aimed.claim(
      at + 4,
      view.getInt32(at + 4, true),
      4 * count,
      4,
    );
    this.#start = aimed.claim(
      at + 8,
      view.getInt32(at + 8, true),
      count * size,
      align,
    );
    if (size === 0 && count > reader.limits.maxItems) {
      aimed.fail(
        "TooLong",
        at,
        `at most ${reader.limits.maxItems} items without a size`,
      );
    }
    this.size = count;
    this.#reader = reader;
    this.#schema = schema;
    this.#access = access;
    this.#at = at;
  }
  #find(key) {
    const { key: schema, entry: { size, offsets } } = this.#schema;
    const compare = probe(schema, key);
    if (compare === undefined) {
      return -1;
    }
    const index = lookUp(this.#reader, this.#index, this.size, schema, key);
    if (index < 0) {
      return -1;
    }
    const entryAt = this.#start + index * size;
    const keyAt = entryAt + offsets[0];
    const aimed = this.#reader.aim(keyAt, this, index);
    return compare(aimed, keyAt) === 0 ? entryAt : -1;
  }
  get(key) {
    const entryAt = this.#find(key);
    if (entryAt < 0) {
      return;
    }
    const at = entryAt + this.#schema.entry.offsets[1];
    return this.#access.value(this.#reader, at, this, keyStep(key));
  }
  has(key) {
    return this.#find(key) >= 0;
  }
  *entries() {
    const { size, offsets } = this.#schema.entry;
    for (let i = 0; i < this.size; i++) {
      const entryAt = this.#start + i * size;
      yield [
        this.#access.key(this.#reader, entryAt + offsets[0], this, i),
        this.#access.value(this.#reader, entryAt + offsets[1], this, i),
      ];
    }
  }
}

// codec/view_btree.ts
class BTreeView extends EntriesView {
  #reader;
  #schema;
  #access;
  #at;
  size;
  constructor(schema, access, reader, at, up, step) {
    super({ schema }, reader, at, up, step);
    this.size = reader.view.getUint32(at, true);
    const entryBytes = schema.leafEntry.size;
    const most = entryBytes === 0
      ? reader.limits.maxItems
      : Math.floor(at / entryBytes);
    if (this.size > most) {
      reader.aim(at, up, step).fail(
        entryBytes === 0 ? "TooLong" : "LengthMismatch",
        at,
        `at most ${most} entries`,
      );
    }
    this.#reader = reader;
    this.#schema = schema;
    this.#access = access;
    this.#at = at;
  }
  #follow(base, owner) {
    const { view } = this.#reader;
    const aimed = this.#reader.aim(owner, this, "");
    const at = aimed.claim(
      base,
      view.getInt32(base, true),
      NODE_HEADER_BYTES,
      4,
    );
    const meta = view.getUint16(at + 8, true);
    const inner = (meta & INNER_NODE) !== 0;
    const count = meta & ~INNER_NODE;
    const entry = inner ? this.#schema.innerEntry : this.#schema.leafEntry;
    const header = roundUp(NODE_HEADER_BYTES, entry.align);
    aimed.claim(at, 0, header + count * entry.size, 1);
    if (count === 0) {
      aimed.fail(
        inner ? "TooFewInnerNodeEntries" : "TooFewLeafNodeEntries",
        at,
        "a node with entries",
      );
    }
    return { at, inner, start: at + header, count, entry };
  }
  #rank({ at, inner, start, count, entry }, compare) {
    const offset = entry.offsets[inner ? 1 : 0];
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = low + high >>> 1;
      const keyAt = start + middle * entry.size + offset;
      if (compare(this.#reader.aim(at, this, middle), keyAt) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  #find(key) {
    if (this.size === 0) {
      return -1;
    }
    const compare = probe(this.#schema.key, key);
    if (compare === undefined) {
      return -1;
    }
    let node = this.#follow(this.#at + 4, this.#at);
    let rank = this.#rank(node, compare);
    while (node.inner) {
      node = this.#child(node, rank);
      rank = this.#rank(node, compare);
    }
    if (rank === 0) {
      return -1;
    }
    const entryAt = node.start + (rank - 1) * node.entry.size;
    const keyAt = entryAt + node.entry.offsets[0];
    return compare(this.#reader.aim(node.at, this, rank - 1), keyAt) === 0
      ? entryAt
      : -1;
  }
  #child(node, index) {
    const base = index === 0
      ? node.at + 4
      : node.start + (index - 1) * node.entry.size + node.entry.offsets[0];
    return this.#follow(base, node.at);
  }
  get(key) {
    const entryAt = this.#find(key);
    if (entryAt < 0) {
      return;
    }
    const at = entryAt + this.#schema.leafEntry.offsets[1];
    return this.#access.value(this.#reader, at, this, keyStep(key));
  }
  has(key) {
    return this.#find(key) >= 0;
  }
  *entries() {
    if (this.size === 0) {
      return;
    }
    let node = this.#follow(this.#at + 4, this.#at);
    while (node.inner) {
      node = this.#child(node, 0);
    }
    let index = 0;
    for (;;) {
      const { offsets, size } = node.entry;
      if (index + node.count > this.size) {
        break;
      }
      for (let i = 0; i < node.count; i++, index++) {
        const entryAt = node.start + i * size;
        yield [
          this.#access.key(this.#reader, entryAt + offsets[0], this, index),
          this.#access.value(this.#reader, entryAt + offsets[1], this, index),
        ];
      }
      if (index === this.size) {
        return;
      }
      node = this.#follow(node.at + 4, node.at);
      if (node.inner) {
        this.#reader.aim(node.at, this, "").fail(
          "InnerNodeInLeafLevel",
          node.at,
          "a leaf",
        );
      }
    }
    this.#reader.aim(this.#at, this, "").fail(
      "LengthMismatch",
      this.#at,
      `leaves of ${this.size} entries`,
    );
  }
}

// codec/view_list.ts
class ListView extends Place {
  #reader;
  #elements;
  constructor(whole, reader, at, up, step, elements) {
    super(whole, reader, at, up, step);
    this.#reader = reader;
    this.#elements = elements;
  }
  get length() {
    return this.#elements.length;
  }
  at(index) {
    const { start, length, size, access } = this.#elements;
    const whole = Math.trunc(index) || 0;
    const i = whole < 0 ? whole + length : whole;
    if (i < 0 || i >= length) {
      return;
    }
    return access(this.#reader, start + i * size, this, i);
  }
  *[Symbol.iterator]() {
    const { start, length, size, access } = this.#elements;
    for (let i = 0; i < length; i++) {
      yield access(this.#reader, start + i * size, this, i);
    }
  }
}

// codec/view_record.ts
function makeClass(whole) {
  return class RecordView extends Place {
    constructor(reader, at, up, step) {
      super(whole, reader, at, up, step);
    }
  };
}
function define(target, fields) {
  for (const { key, access, offset } of fields) {
    Object.defineProperty(target.prototype, key, {
      get: Place.getter(access, offset, key),
      enumerable: true,
      configurable: true,
    });
  }
}
function recordClass(whole, fields, constants = {}) {
  const made = makeClass(whole);
  for (const [key, value] of Object.entries(constants)) {
    Object.defineProperty(made.prototype, key, { value, enumerable: true });
  }
  define(made, fields);
  return made;
}
function tupleClass(whole, fields) {
  const made = makeClass(whole);
  define(made, fields);
  const { length } = fields;
  Object.defineProperty(made.prototype, "length", { value: length });
  Object.defineProperty(made.prototype, Symbol.iterator, {
    *value() {
      for (let i = 0; i < length; i++) {
        yield this[i];
      }
    },
  });
  return made;
}

// codec/view_access.ts
var known = new WeakMap();
function accessOf(schema) {
  let access = known.get(schema);
  if (access === undefined) {
    access = make(schema);
    known.set(schema, access);
  }
  return access;
}
var DECODED = new Set([
  "bool",
  "char",
  "unit",
  "string",
  "boxstr",
  "duration",
  "nonzero",
  "ipv4",
  "ipv6",
  "uuid",
]);
function make(schema) {
  if (
    schema instanceof SmallInt || schema instanceof BigInteger ||
    schema instanceof Float
  ) {
    return (reader, at) => schema.read(reader, at);
  }
  if (DECODED.has(schema.kind)) {
    return (reader, at, up, step) => schema.read(reader.aim(at, up, step), at);
  }
  if (schema.kind === "bytes") {
    return seeBytes;
  }
  if (schema instanceof Struct) {
    return instances(recordClass({ schema }, seeFields(schema.fields)));
  }
  if (schema instanceof Tuple) {
    return instances(tupleClass({ schema }, seeFields(schema.fields)));
  }
  if (schema instanceof VariantsSchema) {
    return seeVariants(schema);
  }
  if (schema instanceof Option) {
    return seeOption(schema);
  }
  if (schema instanceof ResultSchema) {
    return seeResult(schema);
  }
  if (schema instanceof Vec) {
    return seeVec(schema);
  }
  if (schema instanceof FixedArray) {
    return seeArray(schema);
  }
  if (schema instanceof HashMapSchema) {
    return seeHashMap(schema);
  }
  if (schema instanceof BTreeMapSchema) {
    return seeBTree(schema);
  }
  if (schema instanceof Box) {
    return seeBox(schema);
  }
  if (schema instanceof Lazy) {
    const lazy = schema;
    return (reader, at, up, step) =>
      accessOf(lazy.schema)(reader, at, up, step);
  }
  if (schema instanceof Defaulted) {
    return accessOf(schema.inner);
  }
  return (reader, at, up, step) => readWhole(reader, at, up, step, schema);
}
var seeBytes = (reader, at, up, step) => {
  const { view } = reader;
  const length = view.getUint32(at + 4, true);
  const start = reader.aim(at, up, step).claim(
    at,
    view.getInt32(at, true),
    length,
    1,
  );
  return reader.bytes.subarray(start, start + length);
};
function instances(made) {
  return (reader, at, up, step) => new made(reader, at, up, step);
}
function seeFields(fields) {
  return fields.map(({ key, schema, offset }) => ({
    key,
    access: accessOf(schema),
    offset,
  }));
}
function seeVariants(schema) {
  const views = schema.variants.map((variant) =>
    instances(variantClass(schema, variant))
  );
  const { tagBytes } = schema.layout;
  return (reader, at, up, step) => {
    const { view } = reader;
    const tag = tagBytes === 1
      ? view.getUint8(at)
      : tagBytes === 2
      ? view.getUint16(at, true)
      : view.getUint32(at, true);
    const access = views[tag];
    if (access !== undefined) {
      return access(reader, at, up, step);
    }
    return reader.aim(at, up, step).fail(
      "InvalidTag",
      at,
      `a tag below ${views.length}`,
    );
  };
}
function variantClass(schema, { name, shape, fields }) {
  const type = { type: name };
  if (shape !== "items") {
    return recordClass({ schema }, seeFields(fields), type);
  }
  const items = instances(
    tupleClass({ schema, part: "value" }, seeFields(fields)),
  );
  return recordClass(
    { schema },
    [{ key: "value", access: items, offset: 0 }],
    type,
  );
}
function seeOption(schema) {
  const { offset } = schema;
  const some = accessOf(schema.some);
  const wrapped = instances(
    recordClass({ schema }, [{ key: "some", access: some, offset }]),
  );
  const direct = (reader, at, up, step) => some(reader, at + offset, up, step);
  const present = schema.wrapped ? wrapped : direct;
  return (reader, at, up, step) => {
    const tag = reader.bytes[at];
    if (tag === 0) {
      return null;
    }
    if (tag === 1) {
      return present(reader, at, up, step);
    }
    return reader.aim(at, up, step).fail(
      "InvalidTag",
      at,
      "tag 0 (None) or 1 (Some)",
    );
  };
}
function seeResult(schema) {
  const [ok, err] = ["ok", "err"].map((key, i) =>
    instances(recordClass({ schema }, [{
      key,
      access: accessOf(schema[key]),
      offset: schema.layout.variants[i][0],
    }]))
  );
  return (reader, at, up, step) => {
    const tag = reader.bytes[at];
    if (tag <= 1) {
      return (tag === 0 ? ok : err)(reader, at, up, step);
    }
    return reader.aim(at, up, step).fail(
      "InvalidTag",
      at,
      "tag 0 (Ok) or 1 (Err)",
    );
  };
}
function seeVec(schema) {
  const { item } = schema;
  const { size, align } = item;
  const whole = { schema };
  const access = accessOf(item);
  return (reader, at, up, step) => {
    const { view } = reader;
    const length = view.getUint32(at + 4, true);
    const aimed = reader.aim(at, up, step);
    const start = aimed.claim(
      at,
      view.getInt32(at, true),
      length * size,
      align,
    );
    if (size === 0 && length > reader.limits.maxItems) {
      aimed.fail(
        "TooLong",
        at,
        `at most ${reader.limits.maxItems} items without a size`,
      );
    }
    return new ListView(whole, reader, at, up, step, {
      start,
      length,
      size,
      access,
    });
  };
}
function seeArray(schema) {
  const { item: { size }, length } = schema;
  const whole = { schema };
  const access = accessOf(schema.item);
  return (reader, at, up, step) => {
    if (size === 0 && length > reader.limits.maxItems) {
      reader.aim(at, up, step).fail(
        "TooLong",
        at,
        `at most ${reader.limits.maxItems} items without a size`,
      );
    }
    return new ListView(whole, reader, at, up, step, {
      start: at,
      length,
      size,
      access,
    });
  };
}
function seeHashMap(schema) {
  const access = { key: accessOf(schema.key), value: accessOf(schema.value) };
  const isSet = schema.kind === "hashset";
  return (reader, at, up, step) =>
    new (isSet ? HashSetView : HashMapView)(
      schema,
      access,
      reader,
      at,
      up,
      step,
    );
}
function seeBTree(schema) {
  const access = { key: accessOf(schema.key), value: accessOf(schema.value) };
  const isSet = schema.kind === "btreeset";
  return (reader, at, up, step) =>
    new (isSet ? BTreeSetView : BTreeView)(
      schema,
      access,
      reader,
      at,
      up,
      step,
    );
}

class HashSetView extends HashMapView {
  [Symbol.iterator]() {
    return this.keys();
  }
}

class BTreeSetView extends BTreeView {
  [Symbol.iterator]() {
    return this.keys();
  }
}
function seeBox(schema) {
  const { item } = schema;
  const { size, align } = item;
  const access = accessOf(item);
  return (reader, at, up, step) => {
    const offset = reader.view.getInt32(at, true);
    const start = reader.aim(at, up, step).claim(at, offset, size, align);
    return access(reader, start, up, step);
  };
}

// codec/view.ts
function view(schema, archive, limits) {
  const reader = new ViewReader(archive, limits);
  const at = reader.root(schema.size, schema.align);
  return accessOf(schema)(reader, at, undefined, "");
}
// codec/time.ts
var MAX_SECS = 2n ** 64n - 1n;
// codec/numbers.ts
var IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
function swapBytes(bytes, width) {
  for (let i = 0; i < bytes.length; i += width) {
    bytes.subarray(i, i + width).reverse();
  }
}

class NumberArray extends Schema {
  kind = "numbers";
  size = 8;
  align = 4;
  niche = undefined;
  flat = false;
  #item;
  #type;
  constructor(item, type) {
    super();
    this.#item = item;
    this.#type = type;
  }
  serialize(writer, value) {
    if (!(value instanceof this.#type)) {
      throw BAD_VALUE;
    }
    writer.pad(value.BYTES_PER_ELEMENT);
    const start = writer.position;
    writer.writeBytes(
      new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
    );
    if (!IS_LITTLE_ENDIAN) {
      swapBytes(
        writer.bytes.subarray(start, writer.position),
        value.BYTES_PER_ELEMENT,
      );
    }
    writer.push(start);
  }
  resolve(writer, at, value) {
    writer.setPointer(at, writer.take());
    writer.setU32(at + 4, value.length);
  }
  #claim(reader, at) {
    const width = this.#type.BYTES_PER_ELEMENT;
    const bytes = reader.view.getUint32(at + 4, true) * width;
    const start = reader.claim(
      at,
      reader.view.getInt32(at, true),
      bytes,
      width,
    );
    reader.low = start + bytes;
    return { start, bytes };
  }
  read(reader, at) {
    const { start, bytes } = this.#claim(reader, at);
    const values = new this.#type(bytes / this.#type.BYTES_PER_ELEMENT);
    const copy = new Uint8Array(values.buffer);
    copy.set(reader.bytes.subarray(start, start + bytes));
    if (!IS_LITTLE_ENDIAN) {
      swapBytes(copy, this.#type.BYTES_PER_ELEMENT);
    }
    return values;
  }
  check(reader, at) {
    this.#claim(reader, at);
  }
  accept(value, path) {
    if (!(value instanceof this.#type)) {
      refuse(path, `a ${this.#type.name}`, value);
    }
  }
  describe() {
    return `vec<${this.#item}>`;
  }
  defaultValue() {
    return new this.#type(0);
  }
}
var u32Array = /* @__PURE__ */ new NumberArray("u32", Uint32Array);
var u64Array = /* @__PURE__ */ new NumberArray("u64", BigUint64Array);
var i64Array = /* @__PURE__ */ new NumberArray("i64", BigInt64Array);
// codec/rust_names.ts
var KEYWORDS = new Set(
  ("as break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut " +
    "pub ref return self Self static struct super trait true type unsafe use where while async await abstract " +
    "become box do final macro override priv try typeof unsized virtual yield")
    .split(" "),
);
var NEVER_RAW = new Set(["self", "Self", "super", "crate"]);
var RESERVED = new Set(
  ("Archive Serialize Deserialize String Vec Box Option Result Some None Ok Err Duration Uuid HashMap HashSet " +
    "BTreeMap BTreeSet Range RangeInclusive RangeFrom RangeTo RangeToInclusive IpAddr Ipv4Addr Ipv6Addr " +
    "SocketAddr SocketAddrV4 SocketAddrV6 Self NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroU128 " +
    "NonZeroUsize NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroI128 NonZeroIsize")
    .split(" "),
);

// codec/rust.ts
var PRIMITIVES = new Set(
  "u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char".split(
    " ",
  ),
);
// codec/mod.ts
useCompiler();

// bench/peers/hand_written.ts
var typical = {
  id: 7,
  name: "hello world!",
  tags: ["alpha", "beta", "gamma-long"],
  score: 1.5,
  active: true,
  items: Array.from({ length: 10 }, (_, i) => ({ x: i, y: i * 2 })),
};
var bytes2 = new Uint8Array(8 << 20);
var data = new DataView(bytes2.buffer);
function archiveOf(encode, archive, name) {
  const length = encode();
  const same = length === archive.length &&
    archive.every((byte, i) => byte === bytes2[i]);
  if (!same) {
    throw new Error(`the hand-written ${name} is not the archive`);
  }
}
var encoder2 = new TextEncoder();
var decoder2 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function putText(p, text) {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) {
      return p + encoder2.encodeInto(text, bytes2.subarray(p)).written;
    }
    bytes2[p + i] = unit;
  }
  return p + text.length;
}
function putInline(at, text) {
  data.setInt32(at, 0, true);
  data.setInt32(at + 4, 0, true);
  bytes2[at + 7] = putText(at, text) - at;
}
function putString(at, text, start, length) {
  if (length === 0) {
    return putInline(at, text);
  }
  data.setInt32(at, length, true);
  data.setInt32(at + 4, start - at, true);
}
function u322(value) {
  if (value >>> 0 !== value) {
    throw new RangeError("no u32");
  }
  return value;
}
function encodeCall() {
  bytes2[0] = 1;
  bytes2[1] = 0;
  bytes2[2] = 0;
  bytes2[3] = 0;
  data.setUint32(4, u322(7), true);
  return 8;
}
function decodeCall(archive) {
  if (archive.length < 8) {
    throw new RangeError("too short");
  }
  const at = archive.length - 8;
  const view = new DataView(
    archive.buffer,
    archive.byteOffset,
    archive.byteLength,
  );
  switch (archive[at]) {
    case 0:
      return { type: "newCounter" };
    case 1:
      return { type: "increment", amount: view.getUint32(at + 4, true) };
    case 2:
      return { type: "decrement", amount: view.getUint32(at + 4, true) };
    case 3:
      return { type: "get" };
    default:
      throw new RangeError("no such call");
  }
}
var [NAME, TAGS, SCORE, ITEMS, ID, ACTIVE, SIZE] = [0, 8, 16, 24, 32, 36, 40];
var starts = new Int32Array(64);
function putParts(p, value, parts, at) {
  const { name, tags, items } = value;
  let start = p;
  if (name.length > 7) {
    p = putText(p, name);
  }
  parts[at] = start;
  parts[at + 1] = p - start;
  for (let i = 0; i < tags.length; i++) {
    const tag = tags[i];
    start = p;
    if (tag.length > 7) {
      p = putText(p, tag);
    }
    starts[2 * i] = start;
    starts[2 * i + 1] = p - start;
  }
  while (p & 3) {
    bytes2[p++] = 0;
  }
  parts[at + 2] = p;
  for (let i = 0; i < tags.length; i++, p += 8) {
    putString(p, tags[i], starts[2 * i], starts[2 * i + 1]);
  }
  parts[at + 3] = p;
  for (let i = 0; i < items.length; i++, p += 8) {
    const item = items[i];
    data.setUint32(p, u322(item.x), true);
    data.setUint32(p + 4, u322(item.y), true);
  }
  return p;
}
function putObject(p, value, parts, at) {
  putString(p + NAME, value.name, parts[at], parts[at + 1]);
  data.setInt32(p + TAGS, parts[at + 2] - (p + TAGS), true);
  data.setInt32(p + TAGS + 4, value.tags.length, true);
  data.setFloat64(p + SCORE, value.score, true);
  data.setInt32(p + ITEMS, parts[at + 3] - (p + ITEMS), true);
  data.setInt32(p + ITEMS + 4, value.items.length, true);
  data.setUint32(p + ID, u322(value.id), true);
  data.setInt32(p + ACTIVE, value.active ? 1 : 0, true);
}
var one = new Int32Array(4);
function encodeTypical() {
  let p = putParts(0, typical, one, 0);
  while (p & 7) {
    bytes2[p++] = 0;
  }
  putObject(p, typical, one, 0);
  return p + SIZE;
}
var all = new Int32Array(4096);
function encodeMany(values) {
  let p = 0;
  if (all.length < values.length * 4) {
    all = new Int32Array(values.length * 4);
  }
  for (let i = 0; i < values.length; i++) {
    p = putParts(p, values[i], all, i * 4);
  }
  while (p & 7) {
    bytes2[p++] = 0;
  }
  const start = p;
  for (let i = 0; i < values.length; i++, p += SIZE) {
    putObject(p, values[i], all, i * 4);
  }
  data.setInt32(p, start - p, true);
  data.setInt32(p + 4, values.length, true);
  return p + 8;
}
function encodeNumbers(values) {
  let p = 0;
  for (let i = 0; i < values.length; i++, p += 4) {
    data.setUint32(p, u322(values[i]), true);
  }
  data.setInt32(p, -p, true);
  data.setInt32(p + 4, values.length, true);
  return p + 8;
}
function decodeNumbers(archive) {
  const view = new DataView(
    archive.buffer,
    archive.byteOffset,
    archive.byteLength,
  );
  const at = archive.length - 8;
  const start = at + view.getInt32(at, true);
  const count = view.getUint32(at + 4, true);
  if (start < 0 || start + count * 4 > at) {
    throw new RangeError("out of bounds");
  }
  const values = new Array(count);
  for (let i = 0, p = start; i < count; i++, p += 4) {
    values[i] = view.getUint32(p, true);
  }
  return values;
}
function getText(from, start, length) {
  if (length <= 16) {
    let text = "";
    let i = 0;
    for (; i < length; i++) {
      const unit = from[start + i];
      if (unit > 127) {
        break;
      }
      text += String.fromCharCode(unit);
    }
    if (i === length) {
      return text;
    }
  }
  return decoder2.decode(from.subarray(start, start + length));
}
function getString(from, view, at) {
  const last = from[at + 7];
  if (last < 128) {
    if (last > 7) {
      throw new RangeError("bad length");
    }
    return getText(from, at, last);
  }
  const length = view.getUint32(at, true);
  const start = at + view.getInt32(at + 4, true);
  if (start < 0 || start + length > at) {
    throw new RangeError("out of bounds");
  }
  return getText(from, start, length);
}
function getObject(from, view, at) {
  const name = getString(from, view, at + NAME);
  const tagsAt = at + TAGS + view.getInt32(at + TAGS, true);
  const tagCount = view.getUint32(at + TAGS + 4, true);
  if (tagsAt < 0 || tagsAt + tagCount * 8 > at) {
    throw new RangeError("out of bounds");
  }
  const tags = new Array(tagCount);
  for (let i = 0; i < tagCount; i++) {
    tags[i] = getString(from, view, tagsAt + i * 8);
  }
  const itemsAt = at + ITEMS + view.getInt32(at + ITEMS, true);
  const itemCount = view.getUint32(at + ITEMS + 4, true);
  if (itemsAt < 0 || itemsAt + itemCount * 8 > at) {
    throw new RangeError("out of bounds");
  }
  const items = new Array(itemCount);
  for (let i = 0, p = itemsAt; i < itemCount; i++, p += 8) {
    items[i] = { x: view.getUint32(p, true), y: view.getUint32(p + 4, true) };
  }
  const active = from[at + ACTIVE];
  if (active > 1) {
    throw new RangeError("no bool");
  }
  return {
    id: view.getUint32(at + ID, true),
    name,
    tags,
    score: view.getFloat64(at + SCORE, true),
    active: active === 1,
    items,
  };
}
function decodeTypical(archive) {
  const view = new DataView(
    archive.buffer,
    archive.byteOffset,
    archive.byteLength,
  );
  return getObject(archive, view, archive.length - SIZE);
}
function decodeMany(archive) {
  const view = new DataView(
    archive.buffer,
    archive.byteOffset,
    archive.byteLength,
  );
  const at = archive.length - 8;
  const start = at + view.getInt32(at, true);
  const count = view.getUint32(at + 4, true);
  if (start < 0 || start + count * SIZE > at) {
    throw new RangeError("out of bounds");
  }
  const values = new Array(count);
  for (let i = 0; i < count; i++) {
    values[i] = getObject(archive, view, start + i * SIZE);
  }
  return values;
}

// bench/peers/codec_peers.ts
import { Buffer } from "node:buffer";
import process from "node:process";
var KEYS = ["call", "typical", "numbers", "many"];
async function load(name, version) {
  return await ("Deno" in globalThis
    ? import(`npm:${name}@${version}`)
    : import(name));
}
function peer(name, values, encode, decode) {
  const encoded = {};
  const result = {
    name,
    encode: {},
    decode: {},
    encoded,
  };
  for (const key of KEYS) {
    const value = values[key];
    const made = encode(key, value);
    const bytes = Buffer.isBuffer(made)
      ? Buffer.from(made)
      : new Uint8Array(made);
    encoded[key] = bytes;
    result.encode[key] = () => encode(key, value);
    result.decode[key] = () => decode(key, bytes);
  }
  return result;
}
var PROTO = `
syntax = "proto3";
message Call { oneof call { Empty newCounter = 1; Amount increment = 2; Amount decrement = 3; Empty get = 4; } }
message Empty {}
message Amount { uint32 amount = 1; }
message Item { uint32 x = 1; uint32 y = 2; }
message Typical { uint32 id = 1; string name = 2; repeated string tags = 3; double score = 4; bool active = 5; repeated Item items = 6; }
message Numbers { repeated uint32 numbers = 1; }
message Many { repeated Typical many = 1; }
`;
var PROTO_TYPES = {
  call: "Call",
  typical: "Typical",
  numbers: "Numbers",
  many: "Many",
};
function toProto(key, value) {
  if (key === "call") {
    return { increment: { amount: value.amount } };
  }
  if (key === "numbers") {
    return { numbers: value };
  }
  return key === "many" ? { many: value } : value;
}
async function loadPeers(values) {
  if ("Deno" in globalThis || "Bun" in globalThis) {
    process.env["CBOR_NATIVE_ACCELERATION_DISABLED"] = "true";
    process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] = "true";
  }
  const { Packr, Unpackr } = await load("msgpackr", "2.1.3");
  const { Encoder } = await load("cbor-x", "1.6.9");
  const avro = (await load("avsc", "5.7.9")).default;
  const protobufjs = (await load("protobufjs", "8.8.1")).default;
  const bufbuild = await load("@bufbuild/protobuf", "2.17.0");
  const wkt = await load("@bufbuild/protobuf/wkt", "2.17.0").catch(() =>
    import("npm:@bufbuild/protobuf@2.17.0/wkt")
  );
  const packr = new Packr({ useRecords: false });
  const unpackr = new Unpackr({ useRecords: false });
  const records = new Packr({ structures: [] });
  const cbor = new Encoder({ useRecords: false });
  const text = new TextEncoder();
  const fromText = new TextDecoder();
  const item = {
    type: "record",
    name: "Item",
    fields: [{ name: "x", type: "long" }, { name: "y", type: "long" }],
  };
  const typical = {
    type: "record",
    name: "Typical",
    fields: [
      { name: "id", type: "long" },
      { name: "name", type: "string" },
      { name: "tags", type: { type: "array", items: "string" } },
      { name: "score", type: "double" },
      { name: "active", type: "boolean" },
      { name: "items", type: { type: "array", items: item } },
    ],
  };
  const avroTypes = {
    call: avro.Type.forSchema({
      type: "record",
      name: "Call",
      fields: [
        {
          name: "type",
          type: {
            type: "enum",
            name: "Kind",
            symbols: ["newCounter", "increment", "decrement", "get"],
          },
        },
        { name: "amount", type: "long" },
      ],
    }),
    typical: avro.Type.forSchema(typical),
    numbers: avro.Type.forSchema({ type: "array", items: "long" }),
    many: avro.Type.forSchema({ type: "array", items: typical }),
  };
  const root = protobufjs.parse(PROTO, { keepCase: true }).root;
  const protoTypes = Object.fromEntries(
    KEYS.map((key) => [key, root.lookupType(PROTO_TYPES[key])]),
  );
  const protoValues = Object.fromEntries(KEYS.map((key) => [
    key,
    root.lookupType(PROTO_TYPES[key]).create(toProto(key, values[key])),
  ]));
  const registry = bufbuild.createFileRegistry(
    bufbuild.create(wkt.FileDescriptorSetSchema, {
      file: [descriptor(wkt, bufbuild)],
    }),
  );
  const bufTypes = Object.fromEntries(
    KEYS.map((key) => [key, registry.getMessage(PROTO_TYPES[key])]),
  );
  const bufValues = {};
  for (const key of KEYS) {
    const plain = key === "call"
      ? {
        call: {
          case: "increment",
          value: bufbuild.create(registry.getMessage("Amount"), { amount: 7 }),
        },
      }
      : toProto(key, values[key]);
    bufValues[key] = bufbuild.create(bufTypes[key], plain);
  }
  return [
    peer(
      "msgpackr",
      values,
      (_key, value) => packr.pack(value),
      (_key, bytes) => unpackr.unpack(bytes),
    ),
    peer(
      "msgpackr records",
      values,
      (_key, value) => records.pack(value),
      (_key, bytes) => records.unpack(bytes),
    ),
    peer(
      "cbor-x",
      values,
      (_key, value) => cbor.encode(value),
      (_key, bytes) => cbor.decode(bytes),
    ),
    peer(
      "avsc",
      values,
      (key, value) => avroTypes[key].toBuffer(value),
      (key, bytes) => avroTypes[key].fromBuffer(bytes),
    ),
    peer(
      "protobufjs",
      values,
      (key) => protoTypes[key].encode(protoValues[key]).finish(),
      (key, bytes) => protoTypes[key].decode(bytes),
    ),
    peer(
      "@bufbuild/protobuf",
      values,
      (key) => bufbuild.toBinary(bufTypes[key], bufValues[key]),
      (key, bytes) => bufbuild.fromBinary(bufTypes[key], bytes),
    ),
    await flatbuffersPeer(values),
    peer(
      "JSON",
      values,
      (_key, value) => text.encode(JSON.stringify(value)),
      (_key, bytes) => JSON.parse(fromText.decode(bytes)),
    ),
  ];
}
function descriptor(wkt, bufbuild) {
  const TYPES = {
    double: 1,
    uint32: 13,
    string: 9,
    bool: 8,
    message: 11,
  };
  const field = (
    name,
    number,
    type,
    repeated = false,
    typeName,
    oneofIndex,
  ) => ({
    name,
    number,
    label: repeated ? 3 : 1,
    type: TYPES[type],
    jsonName: name,
    ...typeName ? { typeName: `.${typeName}` } : {},
    ...oneofIndex === undefined ? {} : { oneofIndex },
  });
  return bufbuild.create(wkt.FileDescriptorProtoSchema, {
    name: "bench.proto",
    syntax: "proto3",
    messageType: [
      { name: "Empty" },
      { name: "Amount", field: [field("amount", 1, "uint32")] },
      {
        name: "Call",
        oneofDecl: [{ name: "call" }],
        field: [
          field("newCounter", 1, "message", false, "Empty", 0),
          field("increment", 2, "message", false, "Amount", 0),
          field("decrement", 3, "message", false, "Amount", 0),
          field("get", 4, "message", false, "Empty", 0),
        ],
      },
      {
        name: "Item",
        field: [field("x", 1, "uint32"), field("y", 2, "uint32")],
      },
      {
        name: "Typical",
        field: [
          field("id", 1, "uint32"),
          field("name", 2, "string"),
          field("tags", 3, "string", true),
          field("score", 4, "double"),
          field("active", 5, "bool"),
          field("items", 6, "message", true, "Item"),
        ],
      },
      { name: "Numbers", field: [field("numbers", 1, "uint32", true)] },
      { name: "Many", field: [field("many", 1, "message", true, "Typical")] },
    ],
  });
}
async function flatbuffersPeer(values) {
  const { Builder, ByteBuffer } = await load("flatbuffers", "25.9.23");
  const builder = new Builder(65536);
  const write = (value) => {
    const name = builder.createString(value.name);
    const tagOffsets = value.tags.map((tag) => builder.createString(tag));
    builder.startVector(4, tagOffsets.length, 4);
    for (let i = tagOffsets.length - 1; i >= 0; i--) {
      builder.addOffset(tagOffsets[i]);
    }
    const tags = builder.endVector();
    builder.startVector(8, value.items.length, 4);
    for (let i = value.items.length - 1; i >= 0; i--) {
      builder.prep(4, 8);
      builder.writeInt32(value.items[i].y);
      builder.writeInt32(value.items[i].x);
    }
    const items = builder.endVector();
    builder.startObject(6);
    builder.addFieldInt32(0, value.id, 0);
    builder.addFieldOffset(1, name, 0);
    builder.addFieldOffset(2, tags, 0);
    builder.addFieldFloat64(3, value.score, 0);
    builder.addFieldInt8(4, value.active ? 1 : 0, 0);
    builder.addFieldOffset(5, items, 0);
    return builder.endObject();
  };
  const read = (bb, at) => {
    const field = (slot) => bb.__offset(at, 4 + 2 * slot);
    const string = (where) => bb.__string(where);
    const tagsAt = field(2), itemsAt = field(5);
    const tags = [];
    for (let i = 0; i < bb.__vector_len(at + tagsAt); i++) {
      tags.push(string(bb.__vector(at + tagsAt) + i * 4));
    }
    const items = [];
    for (
      let i = 0, p = bb.__vector(at + itemsAt);
      i < bb.__vector_len(at + itemsAt);
      i++, p += 8
    ) {
      items.push({ x: bb.readUint32(p), y: bb.readUint32(p + 4) });
    }
    return {
      id: bb.readUint32(at + field(0)),
      name: string(at + field(1)),
      tags,
      score: bb.readFloat64(at + field(3)),
      active: bb.readInt8(at + field(4)) === 1,
      items,
    };
  };
  const encode = () => {
    builder.clear();
    builder.finish(write(values.typical));
    return builder.asUint8Array();
  };
  const bytes = new Uint8Array(encode());
  const decode = () => {
    const bb = new ByteBuffer(bytes);
    return read(bb, bb.readInt32(bb.position()) + bb.position());
  };
  return {
    name: "flatbuffers",
    encode: { typical: encode },
    decode: { typical: decode },
    encoded: { typical: bytes },
  };
}

// bench/peers/measure.ts
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import process2 from "node:process";
var kept = [undefined];
var WARM_UP_MS = 250;
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
function time(run, loops) {
  const start = performance.now();
  for (let i = 0; i < loops; i++) {
    kept[0] = run();
  }
  return (performance.now() - start) * 1e6 / loops;
}
function measure(rows, rounds) {
  const results = [];
  for (const { name, loops, contenders } of rows) {
    const able = contenders.filter((contender) => contender.run);
    const times = able.map(() => []);
    for (const { run } of able) {
      for (
        const end = performance.now() + WARM_UP_MS;
        performance.now() < end;
      ) {
        time(run, loops);
      }
    }
    for (let round = 0; round < rounds; round++) {
      able.forEach(({ run }, i) => times[i].push(time(run, loops)));
    }
    able.forEach((contender, i) =>
      results.push({
        row: name,
        name: contender.name,
        bytes: contender.bytes,
        ns: median(times[i]),
        ratio: median(times[i].map((ns, round) => ns / times[0][round])),
      })
    );
    console.error(`  ${name}`);
  }
  return results;
}
function runtimeVersion() {
  if ("Deno" in globalThis) {
    return `Deno ${process2.versions["deno"]}`;
  }
  if ("Bun" in globalThis) {
    return `Bun ${process2.versions["bun"]}`;
  }
  return `Node ${process2.versions.node}`;
}
function report(results) {
  const machine = `${runtimeVersion()} · ${
    cpus()[0]?.model
  } × ${cpus().length} · load ${loadavg()[0].toFixed(1)}`;
  const lines = [`
${machine}
`];
  let last = "";
  for (const { row, name, bytes, ns, ratio } of results) {
    if (row !== last) {
      lines.push(
        "",
        `| ${row} | ns | ratio | bytes |`,
        "| --- | ---: | ---: | ---: |",
      );
    }
    last = row;
    lines.push(
      `| ${name} | ${ns.toFixed(ns < 100 ? 1 : 0)} | ${ratio.toFixed(2)} | ${
        bytes ?? ""
      } |`,
    );
  }
  console.log(lines.join(`
`));
  const folder = new URL("../results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  const id = runtimeVersion().split(" ")[0].toLowerCase();
  writeFileSync(
    new URL(`codec-${id}.json`, folder),
    JSON.stringify({ machine, results }, null, 2),
  );
  writeFileSync(
    new URL(`codec-${id}.md`, folder),
    `${
      lines.join(`
`)
    }
`,
  );
}

// bench/peers/codec.ts
var quick = globalThis.process?.argv.includes("--quick") ?? false;
var Call = variants({
  newCounter: {},
  increment: { amount: u32 },
  decrement: { amount: u32 },
  get: {},
});
var Item = struct({ x: u32, y: u32 });
var Typical = struct({
  id: u32,
  name: string,
  tags: vec(string),
  score: f64,
  active: bool,
  items: vec(Item),
});
var call = { type: "increment", amount: 7 };
var typical2 = typical;
var numbers = Array.from({ length: 1000 }, (_, i) => i * 2654435761 >>> 0);
var numbersTyped = Uint32Array.from(numbers);
var many = Array.from({ length: 1000 }, (_, i) => ({ ...typical2, id: i }));
var table = new Map(
  Array.from(
    { length: 9000 },
    (_, i) => [`key number ${i}`, { ...typical2, tags: [], items: [], id: i }],
  ),
);
var buffer2 = new Uint8Array(8 << 20);
var peers = await loadPeers({
  call,
  typical: typical2,
  numbers,
  many,
});
var rows = [];
function row(name, loops, schema, value, key, handEncode, handDecode) {
  const archive = encode(schema, value);
  archiveOf(handEncode, archive, name);
  rows.push({
    name: `encode ${name}`,
    loops,
    contenders: [
      { name: "hand-written", bytes: archive.length, run: handEncode },
      {
        name: "hardlight",
        bytes: archive.length,
        run: () => encodeInto(schema, value, buffer2),
      },
      ...peers.map((peer) => ({
        name: peer.name,
        bytes: peer.encoded[key]?.length,
        run: peer.encode[key],
      })),
    ],
  });
  rows.push({
    name: `decode ${name}`,
    loops,
    contenders: [
      {
        name: "hand-written",
        bytes: archive.length,
        run: () => handDecode(archive),
      },
      {
        name: "hardlight",
        bytes: archive.length,
        run: () => decode(schema, archive),
      },
      ...peers.map((peer) => ({
        name: peer.name,
        bytes: peer.encoded[key]?.length,
        run: peer.decode[key],
      })),
    ],
  });
}
row("a small call", 50000, Call, call, "call", encodeCall, decodeCall);
row(
  "a typical object",
  1e4,
  Typical,
  typical2,
  "typical",
  encodeTypical,
  decodeTypical,
);
row(
  "1,000 u32",
  1000,
  vec(u32),
  numbers,
  "numbers",
  () => encodeNumbers(numbers),
  decodeNumbers,
);
row(
  "1,000 typical objects",
  10,
  vec(Typical),
  many,
  "many",
  () => encodeMany(many),
  decodeMany,
);
var numbersArchive = encode(u32Array, numbersTyped);
var copied = new Uint8Array(numbersTyped.byteLength);
rows.push({
  name: "encode 1,000 u32 as a typed array",
  loops: 1e4,
  contenders: [
    {
      name: "a copy of the memory",
      run: () => copied.set(new Uint8Array(numbersTyped.buffer)),
    },
    {
      name: "hardlight",
      run: () => encodeInto(u32Array, numbersTyped, buffer2),
    },
  ],
}, {
  name: "decode 1,000 u32 as a typed array",
  loops: 1e4,
  contenders: [
    { name: "a copy of the memory", run: () => new Uint32Array(numbersTyped) },
    { name: "hardlight", run: () => decode(u32Array, numbersArchive) },
  ],
});
var Table = map(string, Typical);
var tableArchive = encode(Table, table);
var seen = view(Table, tableArchive);
var small = view(Table, encode(Table, new Map([...table].slice(0, 10))));
rows.push({
  name: `one key of a map of ${tableArchive.length / 1024 | 0} KiB`,
  loops: 2000,
  contenders: [
    { name: "a Map in memory", run: () => table.get("key number 5").score },
    {
      name: "view of ten entries",
      run: () => small.get("key number 5").score,
    },
    { name: "hardlight view", run: () => seen.get("key number 5").score },
    {
      name: "hardlight view, made anew",
      run: () => view(Table, tableArchive).get("key number 5").score,
    },
  ],
});
var results = measure(rows, quick ? 5 : 15);
await report(results);
