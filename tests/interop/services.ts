/**
 * The services of the Rust peer, declared in TypeScript. The order of everything is wire format.
 *
 * @module
 */
import { Counter } from "../../examples/counter/service.ts";
import { Animal } from "../../examples/pet/service.ts";
import { Todo } from "../../examples/todo/service.ts";
import {
  array,
  bool,
  box,
  btreeMap,
  bytes,
  char,
  f32,
  f64,
  i128,
  i16,
  i32,
  i64,
  i8,
  map,
  option,
  result,
  rpc,
  RPC_HANDLER_ERRORS,
  service,
  set,
  string,
  struct,
  tuple,
  tupleStruct,
  u128,
  u16,
  u32,
  u64,
  u8,
  unit,
  usize,
  variants,
  vec,
} from "../../mod.ts";
import type { Service as AnyService } from "../../mod.ts";
import type { Service } from "./peer.ts";

export { Animal, Counter, Todo };

/** A counter with a handwritten handler. */
export const Custom = service({
  name: "Custom",
  rpc: {
    increment: rpc({ amount: u32 }, u32),
    decrement: rpc({ amount: u32 }, u32),
    get: rpc({}, u32),
    testOverhead: rpc(),
  },
  state: { counter: u32 },
});

/** The value that the crate's `handle()` archives: the whole `HandlerResult<u32>`. */
export const CustomOutput = result(
  u32,
  variants(Object.fromEntries(RPC_HANDLER_ERRORS.map((code) => [code, null]))),
);

/** A struct of three sizes. */
export const Inner = struct({ id: u16, label: string, score: f32 });

/** A struct of structs. */
export const Outer = struct({
  flag: bool,
  inner: Inner,
  list: vec(Inner),
  opt: option(Inner),
  pair: tuple(u8, u64),
});

/** An enum of every kind of variant. */
export const Shape = variants({
  unit: null,
  circle: f64,
  rect: { w: u32, h: u32 },
  named: [string, u8],
  nested: Inner,
  many: vec(Inner),
});

/** An enum without payload. */
export const CStyle = variants({ a: null, b: null, c: null });

/** Fields that rustc reorders. */
export const Mixed = struct({ a: u8, b: u64, c: u16, d: u32, e: u8 });

/** The events of {@linkcode Echo}. */
export const Tick = variants({ tick: { n: u32 }, text: string });

/** A method for every type, and for everything that a handler can do to its connection. */
export const Echo = service({
  name: "Echo",
  rpc: {
    nothing: rpc(),
    echoBool: rpc({ v: bool }, bool),
    echoU8: rpc({ v: u8 }, u8),
    echoI8: rpc({ v: i8 }, i8),
    echoU16: rpc({ v: u16 }, u16),
    echoI16: rpc({ v: i16 }, i16),
    echoU32: rpc({ v: u32 }, u32),
    echoI32: rpc({ v: i32 }, i32),
    echoU64: rpc({ v: u64 }, u64),
    echoI64: rpc({ v: i64 }, i64),
    echoU128: rpc({ v: u128 }, u128),
    echoI128: rpc({ v: i128 }, i128),
    echoUsize: rpc({ v: usize }, usize),
    echoF32: rpc({ v: f32 }, f32),
    echoF64: rpc({ v: f64 }, f64),
    echoChar: rpc({ v: char }, char),
    echoString: rpc({ v: string }, string),
    echoBytes: rpc({ v: bytes }, bytes),
    echoVecU32: rpc({ v: vec(u32) }, vec(u32)),
    echoVecString: rpc({ v: vec(string) }, vec(string)),
    echoVecU64: rpc({ v: vec(u64) }, vec(u64)),
    echoOptString: rpc({ v: option(string) }, option(string)),
    echoOptU32: rpc({ v: option(u32) }, option(u32)),
    echoTuple: rpc({ v: tuple(u8, u32) }, tuple(u8, u32)),
    echoTuple3: rpc({ v: tuple(string, u64, bool) }, tuple(string, u64, bool)),
    echoArray: rpc({ v: array(u16, 4) }, array(u16, 4)),
    echoInner: rpc({ v: Inner }, Inner),
    echoOuter: rpc({ v: Outer }, Outer),
    echoShape: rpc({ v: Shape }, Shape),
    echoShapes: rpc({ v: vec(Shape) }, vec(Shape)),
    echoCstyle: rpc({ v: CStyle }, CStyle),
    echoNewtype: rpc({ v: tupleStruct(u32) }, tupleStruct(u32)),
    echoUnitStruct: rpc({ v: unit }, unit),
    echoMixed: rpc({ v: Mixed }, Mixed),
    echoMap: rpc({ v: map(string, u32) }, map(string, u32)),
    echoMapU32: rpc({ v: map(u32, string) }, map(u32, string)),
    echoSet: rpc({ v: set(u32) }, set(u32)),
    echoBtree: rpc({ v: btreeMap(string, u32) }, btreeMap(string, u32)),
    echoBox: rpc({ v: box(Inner) }, box(Inner)),
    echoResult: rpc({ v: result(u32, string) }, result(u32, string)),
    echoMany: rpc(
      { a: u8, b: u64, c: string, d: option(u32), e: bytes },
      tuple(u8, u64, string, option(u32), bytes),
    ),
    sleepMs: rpc({ ms: u32, tag: u32 }, u32),
    fail: rpc({ code: u8 }, u32),
    panicNow: rpc({ message: string }, u32),
    panicDirty: rpc({ n: u32 }, u32),
    setCounter: rpc({ n: u32 }, u32),
    setName: rpc({ name: string }),
    setMany: rpc({ n: u32, name: string, items: vec(u32) }),
    pushItem: rpc({ n: u32 }, u32),
    setRest: rpc({
      pet: option(Shape),
      flags: tuple(bool, u8),
      tags: map(string, u32),
      ratio: f64,
      big: u64,
    }),
    touch: rpc(),
    flipFlop: rpc(),
    twoWrites: rpc({ n: u32 }, u32),
    getCounter: rpc({}, u32),
    subscribeTo: rpc({ topic: string }),
    unsubscribeFrom: rpc({ topic: string }),
    subscribeBytes: rpc({ topic: bytes }),
    emit: rpc({ topic: string, n: u32 }),
    emitBytes: rpc({ topic: bytes, payload: bytes }),
    burst: rpc({ topic: string, count: u32 }),
    changeAndEmit: rpc({ topic: string, n: u32 }, u32),
    changeThenEmit: rpc({ topic: string, n: u32 }, u32),
    subscribeAndEmit: rpc({ topic: string, n: u32 }),
    topicLog: rpc({}, vec(string)),
  },
  state: {
    counter: u32,
    name: string,
    items: vec(u32),
    pet: option(Shape),
    flags: tuple(bool, u8),
    tags: map(string, u32),
    ratio: f64,
    big: u64,
  },
  event: Tick,
});

/** All of them by the peer's names, without their types. */
export const SERVICES: Readonly<Record<Service, AnyService<unknown, unknown, unknown>>> = {
  counter: Counter,
  pet: Animal,
  todo: Todo,
  custom: Custom,
  echo: Echo,
} as unknown as Record<Service, AnyService<unknown, unknown, unknown>>;
