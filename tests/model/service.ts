/**
 * The service of the model's worlds: one method that does a list of steps, a state of every kind, events.
 *
 * @module
 */
import {
  bytes,
  type Infer,
  map,
  rpc,
  service,
  string,
  struct,
  u16,
  u32,
  u8,
  variants,
  vec,
} from "../../mod.ts";

/** One thing a handler does. Topics are numbers below {@linkcode TOPICS}. */
export const STEP = variants({
  /** Assign a plain field. */
  label: { text: string },
  /** Change an array from inside. */
  push: { value: u32 },
  /** Change an array by a reference that was kept when it was first read or assigned. */
  pushKept: { value: u32 },
  /** Assign an array. */
  items: { values: vec(u32) },
  /** Change a map from inside. */
  count: { word: string },
  /** Change an object from inside an object. */
  deep: { word: string },
  /** `connection.sync()`. */
  sync: null,
  /** Wait for a timer. */
  sleep: { ms: u16 },
  /** Wait for a microtask. */
  turn: null,
  /** Start a timer that changes the state, and sends it. */
  timer: { ms: u16 },
  /** Subscribe. */
  join: { topic: u8 },
  /** Unsubscribe. */
  leave: { topic: u8 },
  /** Emit as many events. */
  emit: { topic: u8, count: u8, bytes: u16 },
  /** Throw an error that is not for the peer. */
  panic: null,
  /** Throw an error for the peer. */
  refuse: null,
  /** End the connection. */
  hangUp: null,
});

/** One thing a handler does. */
export type Step = Infer<typeof STEP>;

/** The service. */
export const Scripted = service({
  rpc: {
    act: rpc({ id: u32, steps: vec(STEP), padding: bytes }, u32),
  },
  state: {
    /** The connection's number: 0 until the server has sent it. */
    connection: u32,
    /** Goes up by one with every other change. */
    revision: u32,
    label: string,
    items: vec(u32),
    counts: map(string, u32),
    nested: struct({ words: vec(string), at: struct({ x: u32, y: u32 }) }),
  },
  event: struct({ id: u32, text: string }),
});

/** Topics there are. */
export const TOPICS = 3;

/** The name of a topic. */
export function topicName(topic: number): string {
  return `room ${topic % TOPICS}`;
}

/** The answer to a call. */
export function answerOf(id: number): number {
  return (id * 2654435761) >>> 0;
}
