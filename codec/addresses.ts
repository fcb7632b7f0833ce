/**
 * IP and socket addresses.
 *
 * Rust: `rkyv/src/net.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { copyBytes } from "./bytes.ts";
import { BUFFER_FOOTPRINT } from "./parts.ts";
import { composite } from "./struct.ts";
import { u16, u32 } from "./integers.ts";
import { declaredLayout } from "./layout.ts";
import { leaf } from "./scalars.ts";
import type { AnySchema, Schema } from "./schema.ts";
import { sum } from "./sums.ts";

/** Bytes in network order. */
function octets(kind: "ipv4" | "ipv6" | "uuid", size: number): Schema<Uint8Array> {
  const schema = leaf<Uint8Array>(
    kind,
    size,
    1,
    (writer, at, value) => {
      if (!(value instanceof Uint8Array) || value.length !== size) {
        writer.refuse(schema, value);
      }
      writer.out.set(value, at);
    },
    (reader, at) => copyBytes(reader.bytes, at, size),
    { memory: BUFFER_FOOTPRINT },
  );
  return schema;
}

function address<T>(name: string, fields: Readonly<Record<string, AnySchema>>): Schema<T> {
  return composite("struct", name, fields, declaredLayout, {
    name,
    reprC: true,
    text: () => name,
  }) as AnySchema as Schema<T>;
}

function versioned<V4, V6>(
  kind: "ip" | "sock",
  v4: Schema<V4>,
  v6: Schema<V6>,
): Schema<Versioned<V4, V6>> {
  return sum(kind, { v4, v6 }, false) as AnySchema as Schema<Versioned<V4, V6>>;
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
export const ipv4: Schema<Uint8Array> = /* @__PURE__ */ octets("ipv4", 4);
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
export const ipv6: Schema<Uint8Array> = /* @__PURE__ */ octets("ipv6", 16);
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
export const uuid: Schema<Uint8Array> = /* @__PURE__ */ octets("uuid", 16);
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
export const ip: Schema<Versioned<Uint8Array, Uint8Array>> = /* @__PURE__ */ versioned(
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
export const socketAddrV4: Schema<SocketAddrV4> = /* @__PURE__ */ address("sockv4", {
  ip: ipv4,
  port: u16,
});
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
export const socketAddrV6: Schema<SocketAddrV6> = /* @__PURE__ */ address("sockv6", {
  ip: ipv6,
  flowinfo: u32,
  scope_id: u32,
  port: u16,
});
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
export const socketAddr: Schema<Versioned<SocketAddrV4, SocketAddrV6>> = /* @__PURE__ */ versioned(
  "sock",
  socketAddrV4,
  socketAddrV6,
);
