/**
 * The service of the attacked server: methods whose arguments can decode to far more than their bytes.
 *
 * @module
 */
import {
  bool,
  btreeMap,
  bytes,
  map,
  rpc,
  service,
  stream,
  string,
  struct,
  tuple,
  u32,
  u8,
  unit,
  variants,
  vec,
} from "../../mod.ts";
import { u16Array } from "../../codec/mod.ts";

/** An element of an enum, of one byte. */
export const Kind = variants({ a: null, b: null });

/** The service. Every method but `keep` and those that stream or ask the client answers at once. */
export const Hostile = service({
  rpc: {
    now: rpc({}, u32),
    kinds: rpc({ v: vec(Kind) }, u32),
    tuples: rpc({ v: vec(tuple(u8)) }, u32),
    structs: rpc({ v: vec(struct({ a: u8 })) }, u32),
    units: rpc({ v: vec(unit) }, u32),
    empties: rpc({ v: vec(struct({})) }, u32),
    strings: rpc({ v: vec(string) }, u32),
    blobs: rpc({ v: vec(bytes) }, u32),
    arrays: rpc({ v: vec(u16Array) }, u32),
    hashed: rpc({ v: map(u32, u8) }, u32),
    sorted: rpc({ v: btreeMap(u32, u8) }, u32),
    keep: rpc({ v: vec(Kind) }),
    join: rpc({ room: string }, u32),
    echo: rpc({ data: bytes }, bytes),
    upload: rpc({ parts: stream(bytes) }),
    tail: rpc({}, stream(bytes)),
    parts: rpc({}, stream(bytes)),
    ask: rpc({}, bool),
  },
  client: { confirm: rpc({}, bool) },
  event: u32,
});
