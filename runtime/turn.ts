/**
 * Bounds how long messages may block the event loop, over all sockets of a process.
 *
 * After {@linkcode MAX_TURN_MS} of handling messages, or one message that decodes to {@linkcode TURN_BYTES},
 * the rest wait until the event loop has run. Waiting sockets share the next turn round-robin. Sockets whose
 * last message was small, also when decoded, go before the others, except for the first socket of every second
 * turn. So a small call waits for at most two large messages, regardless of the number of sockets that send
 * them. The clock is read for large messages and for every twentieth small one, so a small call costs one
 * addition.
 *
 * @module
 */
import type { Heard } from "../wire/transport.ts";
import { runtimeName } from "./detect.ts";

/** Milliseconds after which further messages wait. The current one is always finished. */
export const MAX_TURN_MS = 10;
/** Milliseconds of pause on Deno. */
const DENO_PAUSE_MS = 2;
/** Bytes of messages between two readings of the clock. */
const LOOK_BYTES = 2048;
/** Bytes that each message counts in addition to its length. */
const MESSAGE_BYTES = 64;
/** A socket's first message of a turn is handled at once up to this many bytes, even if other sockets wait. */
const SMALL_BYTES = 512;
/** Estimated bytes of memory whose decoding takes a whole turn. */
const TURN_BYTES = 4 << 20;
/** Bytes of a written message whose encoding and deflating take a whole turn. */
const TURN_WRITTEN_BYTES = 512 << 10;
/** Estimated bytes of memory from which a decoded message counts as large. */
const LARGE_BYTES = 64 << 10;

/** A socket with waiting messages. */
export interface Waiter {
  /** Whether its last message was small, also when decoded. */
  readonly isLight: boolean;
  /** Handle messages until {@linkcode endMessage} says so. Returns whether more wait. Never throws. */
  goOn(): boolean;
}

/**
 * Milliseconds of small messages for which nothing is scheduled, though the loop may not have come round: an immediate
 * for each of them costs Bun 4 % of a call.
 */
const LAZY_MS = 4;

/**
 * Bytes by which the reader of a stream makes its window wider. Bun reads up to 512 KiB at once: with less than twice
 * that in the window the two ends would wait for one another. On Deno more items would be alive when the collector runs.
 */
const MORE_BYTES: number = runtimeName() === "bun" ? 786_432 : 0;

let left = LOOK_BYTES;
/** When a turn was first looked at in which nothing is scheduled yet; 0 if none was. */
let looked = 0;
/** Whether the clock is looked at for each message: the looks before were far apart. */
let closely = false;
let began = 0;
/** When the current reader's share of the turn ends. */
let until = 0;
let over = false;
let ended = false;
/** Whether even small messages wait, because one of them was large when decoded. */
let full = false;
let turn = 1;
let catchingUp = false;
let scheduled = 0;
/** Whether the current message is large, on the wire or decoded. */
let heavy = false;
const lightWaiting: Waiter[] = [];
const waiting: Waiter[] = [];

function place(waiter: Waiter): void {
  (waiter.isLight ? lightWaiting : waiting).push(waiter);
}

/** Number of waiting sockets. */
function waiters(): number {
  return lightWaiting.length + waiting.length;
}

type Later = (run: () => void) => void;

/**
 * Run a step when the event loop comes round, whether or not it has polled for input. That is enough if no message
 * waits: each of Deno's timers delays some twenty calls made one after the other by half.
 */
const soon: Later = (globalThis as { setImmediate?: (run: () => void) => void }).setImmediate ??
  setTimeout;

/**
 * Run a step after the event loop has polled for input. Deno polls only when idle, so it needs a short timer:
 * immediates run many times before it polls.
 */
export const afterInput: Later = runtimeName() === "deno"
  ? (run) => setTimeout(run, DENO_PAUSE_MS)
  : soon;

/**
 * `performance.now()`, read once a turn: reading it for each of hundreds of small messages costs Bun 10 % of
 * their handling.
 */
export function turnTime(): number {
  return began === 0 ? performance.now() : began;
}

/** The number of this turn, for {@linkcode mustWait}. */
export function currentTurn(): number {
  return turn;
}

/** Whether a message of so many bytes must wait. `turn`: the turn in which its socket was last read. */
export function mustWait(bytes: number, heardIn: number): boolean {
  return over && (full || bytes > SMALL_BYTES || heardIn === turn);
}

/** Begin a message. Returns whether {@linkcode endMessage} must read the clock. */
export function beginMessage(bytes: number): boolean {
  heavy = bytes >= LARGE_BYTES;
  if ((left -= bytes + MESSAGE_BYTES) > 0) return false;
  // While sockets wait the turns are short, and the clock is cheap compared to the messages.
  left = waiters() > 0 || catchingUp || closely ? 0 : LOOK_BYTES;
  if (began !== 0) return true;
  const now = performance.now();
  until = now + MAX_TURN_MS;
  if (bytes <= SMALL_BYTES) {
    if (looked === 0) looked = now;
    const lookedMs = now - looked;
    if (lookedMs < LAZY_MS) return false;
    until -= LAZY_MS;
    closely = lookedMs > 2 * LAZY_MS;
  }
  began = now;
  schedule(bytes <= SMALL_BYTES ? soon : afterInput);
  return true;
}

/** End a message. Returns whether the next one must wait. */
export function endMessage(looks: boolean): boolean {
  if (looks && !over && performance.now() >= until) {
    over = true;
    // The pause starts now, not at the start of the slow message.
    if (!catchingUp) schedule();
  }
  return over;
}

/** The receiver of messages. */
export interface Hearer {
  /** Whether the last message was small, also when decoded. */
  isLight: boolean;
  /**
   * Handle one message, or the first of several, which begins at `from`. Never throws. Ignores messages after
   * its end.
   */
  hear(message: Uint8Array, from: number): Heard;
}

/** Deliver a message, or the messages of a batch until the turn ends. Returns the rest. */
export function hearInTurn(hearer: Hearer, message: Uint8Array): Uint8Array | undefined {
  // By position: a view on each small message costs more than to handle it.
  for (let from = 0, bytes = message.length;;) {
    const looks = beginMessage(bytes);
    const heard = hearer.hear(message, from) ?? message.length;
    hearer.isLight = !heavy;
    if (heard < 0) endTurn();
    const isOver = endMessage(looks);
    bytes = Math.abs(heard);
    from += bytes;
    if (from >= message.length) return;
    if (isOver) return message.subarray(from);
  }
}

/** Whether the next message must wait. */
export function isTurnOver(): boolean {
  return over;
}

/** Make the next message wait, even after a short turn. */
export function endTurn(): void {
  over = ended = true;
  if (!catchingUp) schedule();
}

/** The event loop's interface for the server core. */
export const eventLoop: {
  readonly moreBytes: number;
  afterInput(run: () => void): void;
  onDecoded(bytes: number): void;
  onEncoded(bytes: number): void;
} = {
  moreBytes: MORE_BYTES,
  afterInput,
  onDecoded(bytes) {
    left -= bytes;
    if (bytes >= LARGE_BYTES) {
      heavy = true;
      if (over) full = true;
    }
    if (bytes >= TURN_BYTES) endTurn();
  },
  onEncoded(bytes) {
    left -= bytes;
    if (bytes >= TURN_WRITTEN_BYTES) endTurn();
  },
};

/** Queue a socket for its turn. */
export function waitForTurn(waiter: Waiter): void {
  place(waiter);
  if (began !== 0) return;
  began = performance.now();
  schedule();
}

/** Run one turn, after everything scheduled before. */
function schedule(later: Later = afterInput): void {
  const mine = ++scheduled;
  later(() => {
    if (mine === scheduled) comeRound();
  });
}

function comeRound(): void {
  began = performance.now();
  turn++;
  catchingUp = true;
  ended = full = false;
  left = 0;
  let spent = false;
  // A constant flow of light sockets must not starve the others.
  let waiter = turn % 2 === 0 ? waiting.shift() : undefined;
  while ((waiter ??= lightWaiting.shift() ?? waiting.shift()) !== undefined) {
    const now = performance.now();
    // The sockets behind it need their share.
    until = now + (began + MAX_TURN_MS - now) / (waiters() + 1);
    over = false;
    if (waiter.goOn()) place(waiter);
    waiter = undefined;
    spent = ended || performance.now() - began >= MAX_TURN_MS;
    if (spent) break;
  }
  catchingUp = false;
  // A socket that continues may have more messages at once: they are for the next turn.
  over = spent || waiters() > 0;
  until = began + MAX_TURN_MS;
  closely = false;
  looked = 0;
  if (over) schedule();
  else began = 0;
}
