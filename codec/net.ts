/**
 * IP and socket addresses.
 *
 * Rust: `rkyv/src/net.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { copyBytes } from "./bytes.ts";
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";
import { type EnumLayout, enumLayout, type Niche } from "./layout.ts";
import { Struct } from "./struct.ts";
import { u16, u32 } from "./primitives.ts";

/** Bytes in network order. */
class Octets extends Schema<Uint8Array> {
  readonly kind: string;
  readonly size: number;
  readonly align = 1;
  readonly niche: undefined = undefined;
  readonly flat = true;

  constructor(kind: string, size: number) {
    super();
    this.kind = kind;
    this.size = size;
  }

  override get footprint(): number {
    return 192;
  }

  serialize(): void {}

  resolve(writer: Writer, at: number, value: Uint8Array): void {
    if (!(value instanceof Uint8Array) || value.length !== this.size) throw BAD_VALUE;
    writer.bytes.set(value, at);
  }

  read(reader: Reader, at: number): Uint8Array {
    return copyBytes(reader.bytes, at, this.size);
  }

  check(): void {}

  accept(value: unknown, path: Path): void {
    if (!(value instanceof Uint8Array) || value.length !== this.size) {
      refuse(path, `${this.kind}, a Uint8Array of ${this.size}`, value);
    }
  }

  describe(): string {
    return this.kind;
  }

  defaultValue(): Uint8Array {
    throw new TypeError(`Cannot default ${this.kind}: Rust's has no Default`);
  }

  override compare(a: Uint8Array, b: Uint8Array): number {
    for (let i = 0; i < this.size; i++) {
      if (a[i] !== b[i]) return a[i]! - b[i]!;
    }
    return 0;
  }

  override get keyFault(): string | undefined {
    return this.kind === "uuid"
      ? undefined
      : "Rust's std hashes addresses differently from version to version";
  }

  override hash(hasher: Parameters<Schema<Uint8Array>["hash"]>[0], value: Uint8Array): void {
    hasher.length(value.length);
    hasher.write(value);
  }
}

/** A version 4 socket address. */
export interface SocketAddrV4 {
  /** 4 octets. */
  ip: Uint8Array;
  /** Port. */
  port: number;
}

/** A version 6 socket address. */
export interface SocketAddrV6 {
  /** 16 octets. */
  ip: Uint8Array;
  /** Flow information. */
  flowinfo: number;
  /** Scope. */
  scope_id: number;
  /** Port. */
  port: number;
}

/** One of two versions. */
export type Versioned<V4, V6> = { readonly v4: V4 } | { readonly v6: V6 };

class AddressStruct extends Struct {
  readonly #name: string;
  constructor(name: string, fields: Readonly<Record<string, Schema<unknown>>>) {
    super(fields, true);
    this.#name = name;
  }
  override describe(): string {
    return this.#name;
  }
}

class VersionedSchema<V4, V6> extends Schema<Versioned<V4, V6>> {
  readonly kind: string;
  readonly flat = true;
  readonly v4: Schema<V4>;
  readonly v6: Schema<V6>;
  readonly layout: EnumLayout;

  constructor(kind: string, v4: Schema<V4>, v6: Schema<V6>) {
    super();
    this.kind = kind;
    this.v4 = v4;
    this.v6 = v6;
    this.layout = enumLayout([[v4], [v6]]);
  }

  get size(): number {
    return this.layout.size;
  }

  get align(): number {
    return this.layout.align;
  }

  get niche(): Niche | undefined {
    return this.layout.niche;
  }

  override get footprint(): number {
    return 32 + Math.max(this.v4.footprint, this.v6.footprint);
  }

  serialize(): void {}

  resolve(writer: Writer, at: number, value: Versioned<V4, V6>): void {
    if ("v4" in value) this.v4.resolve(writer, at + this.layout.variants[0]![0]!, value.v4);
    else {
      writer.bytes[at] = 1;
      this.v6.resolve(writer, at + this.layout.variants[1]![0]!, value.v6);
    }
  }

  read(reader: Reader, at: number): Versioned<V4, V6> {
    const tag = reader.bytes[at]!;
    if (tag > 1) reader.fail("InvalidTag", at, "tag 0 (V4) or 1 (V6)");
    if (tag === 0) return { v4: this.v4.read(reader, at + this.layout.variants[0]![0]!) };
    return { v6: this.v6.read(reader, at + this.layout.variants[1]![0]!) };
  }

  check(reader: Reader, at: number): void {
    this.read(reader, at);
  }

  accept(value: unknown, path: Path): void {
    const expected = `${this.kind}, { v4 } or { v6 }`;
    if (typeof value !== "object" || value === null) refuse(path, expected, value);
    if ("v4" in value) this.v4.accept(value.v4, [...path, "v4"]);
    else if ("v6" in value) this.v6.accept(value.v6, [...path, "v6"]);
    else refuse(path, expected, value);
  }

  describe(): string {
    return this.kind;
  }

  defaultValue(): Versioned<V4, V6> {
    throw new TypeError(`Cannot default ${this.kind}: Rust's has no Default`);
  }

  override compare(a: Versioned<V4, V6>, b: Versioned<V4, V6>): number {
    if ("v4" in a) return "v4" in b ? this.v4.compare(a.v4, b.v4) : -1;
    return "v4" in b ? 1 : this.v6.compare(a.v6, b.v6);
  }

  override get keyFault(): string | undefined {
    return "Rust's std hashes addresses differently from version to version";
  }
}

/**
 * `Ipv4Addr`: 4 octets in network order.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, ipv4 } from "@hardlight/hardlight/codec";
 *
 * const schema = ipv4;
 * const value = Uint8Array.of(127, 0, 0, 1);
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const ipv4: Schema<Uint8Array> = /* @__PURE__ */ new Octets("ipv4", 4);
/**
 * `Ipv6Addr`: 16 octets in network order.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, ipv6 } from "@hardlight/hardlight/codec";
 *
 * const schema = ipv6;
 * const value = new Uint8Array(16);
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const ipv6: Schema<Uint8Array> = /* @__PURE__ */ new Octets("ipv6", 16);
/**
 * `uuid::Uuid`: 16 octets.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, uuid } from "@hardlight/hardlight/codec";
 *
 * const schema = uuid;
 * const value = crypto.getRandomValues(new Uint8Array(16));
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const uuid: Schema<Uint8Array> = /* @__PURE__ */ new Octets("uuid", 16);
/**
 * `IpAddr`: a tag, then the octets.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, ip } from "@hardlight/hardlight/codec";
 *
 * const schema = ip;
 * const value = { v4: Uint8Array.of(127, 0, 0, 1) };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const ip: Schema<Versioned<Uint8Array, Uint8Array>> = /* @__PURE__ */ new VersionedSchema(
  "ip",
  ipv4,
  ipv6,
);
/**
 * `SocketAddrV4`: octets, then the port.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, socketAddrV4 } from "@hardlight/hardlight/codec";
 *
 * const schema = socketAddrV4;
 * const value = { ip: Uint8Array.of(127, 0, 0, 1), port: 8080 };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const socketAddrV4: Schema<SocketAddrV4> = /* @__PURE__ */ new AddressStruct("sockv4", {
  ip: ipv4,
  port: u16,
}) as unknown as Schema<SocketAddrV4>;
/**
 * `SocketAddrV6`: octets, flow information, scope, port.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, socketAddrV6 } from "@hardlight/hardlight/codec";
 *
 * const schema = socketAddrV6;
 * const value = { ip: new Uint8Array(16), flowinfo: 0, scope_id: 0, port: 8080 };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const socketAddrV6: Schema<SocketAddrV6> = /* @__PURE__ */ new AddressStruct("sockv6", {
  ip: ipv6,
  flowinfo: u32,
  scope_id: u32,
  port: u16,
}) as unknown as Schema<SocketAddrV6>;
/**
 * `SocketAddr`: a tag, then the address.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, socketAddr } from "@hardlight/hardlight/codec";
 *
 * const schema = socketAddr;
 * const value = { v4: { ip: Uint8Array.of(127, 0, 0, 1), port: 8080 } };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const socketAddr: Schema<Versioned<SocketAddrV4, SocketAddrV6>> =
  /* @__PURE__ */ new VersionedSchema(
    "sock",
    socketAddrV4,
    socketAddrV6,
  );
