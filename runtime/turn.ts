/**
 * How long messages may keep the event loop from coming round: all sockets of a process share it.
 *
 * After {@linkcode MAX_TURN_MS} of messages, or one that has become {@linkcode TURN_BYTES}, the rest wait
 * until the loop has had its turn, in a queue that each socket in it comes to the front of, and whose turn
 * they share. Sockets whose last message was small, decoded as well, come before the others, but for the
 * first of every second turn: so a small call waits for two large messages at most, however many sockets
 * send such. The clock is looked at for messages that are large, or become so, and for every twentieth
 * small one, so that a small call costs no more than an addition.
 *
 * @module
 */
import type { Heard } from "../wire/transport.ts";
import { runtimeName } from "./detect.ts";

/** Milliseconds after which messages wait. One that is being handled goes on to its end. */
export const MAX_TURN_MS = 10;
/** Milliseconds for which Deno is left alone. */
const DENO_PAUSE_MS = 2;
/** Bytes of messages between two looks at the clock. */
const LOOK_BYTES = 2048;
/** Bytes that each counts for besides its own. */
const MESSAGE_BYTES = 64;
/** Bytes up to which a socket's first message of a turn is heard at once, whoever else waits. */
const SMALL_BYTES = 512;
/** Bytes of memory, estimated, whose decoding is a turn by itself. */
const TURN_BYTES = 4 << 20;
/** Bytes of memory, estimated, from which a message was not small, whatever came. */
const LARGE_BYTES = 64 << 10;

/** A socket with something that waits. */
export interface Waiter {
  /** Whether its last message was small, decoded as well. */
  readonly isLight: boolean;
  /** Handle messages until {@linkcode endMessage} says so. Returns whether more wait. Never throws. */
  goOn(): boolean;
}

let left = LOOK_BYTES;
let began = 0;
/** When what is being read has had its part of the turn. */
let until = 0;
let over = false;
let ended = false;
/** Whether even small messages wait: one of them was not small when it was decoded. */
let full = false;
let turn = 1;
let catchingUp = false;
let scheduled = 0;
/** Whether the message that is being handled is not small, or was not when it was decoded. */
let heavy = false;
const lightWaiting: Waiter[] = [];
const waiting: Waiter[] = [];

function place(waiter: Waiter): void {
  (waiter.isLight ? lightWaiting : waiting).push(waiter);
}

/** How many wait. */
function waiters(): number {
  return lightWaiting.length + waiting.length;
}

/**
 * Run after the loop has looked for input. Deno looks only when it has nothing else to do, so that it has
 * to be left alone for a moment: what is due at once comes round many times before.
 */
export const afterInput: (run: () => void) => void = runtimeName() === "deno"
  ? (run) => setTimeout(run, DENO_PAUSE_MS)
  : (globalThis as { setImmediate?: (run: () => void) => void }).setImmediate ?? setTimeout;

/**
 * The time by `performance.now()`, as of this turn: to look at the clock for each of hundreds of small messages
 * that came at once costs Bun a tenth of handling them.
 */
export function turnTime(): number {
  return began === 0 ? performance.now() : began;
}

/** The number of this turn, for {@linkcode mustWait}. */
export function currentTurn(): number {
  return turn;
}

/** Whether what came in so many bytes, to a socket that was heard last in a turn, has to wait. */
export function mustWait(bytes: number, heardIn: number): boolean {
  return over && (full || bytes > SMALL_BYTES || heardIn === turn);
}

/** A message is about to be handled. Returns whether {@linkcode endMessage} is to look at the clock. */
export function beginMessage(bytes: number): boolean {
  heavy = bytes >= LARGE_BYTES;
  if ((left -= bytes + MESSAGE_BYTES) > 0) return false;
  // While somebody waits the turns are short, and the clock is cheap beside what is handled.
  left = waiters() > 0 || catchingUp ? 0 : LOOK_BYTES;
  if (began === 0) {
    began = performance.now();
    until = began + MAX_TURN_MS;
    schedule();
  }
  return true;
}

/** A message was handled. Returns whether the next has to wait. */
export function endMessage(looks: boolean): boolean {
  if (looks && !over && performance.now() >= until) {
    over = true;
    // The pause begins now, and not with the message that has taken so long.
    if (!catchingUp) schedule();
  }
  return over;
}

/** Whom messages are for. */
export interface Hearer {
  /** Whether the last was small, decoded as well. */
  isLight: boolean;
  /** One came; or several, of which it takes the first. Never throws. Hears nothing when it has ended. */
  hear(message: Uint8Array): Heard;
}

/** Hand over a message, or the messages that it is until the turn is over. Returns what is left of them. */
export function hearInTurn(hearer: Hearer, message: Uint8Array): Uint8Array | undefined {
  for (let rest = message, bytes = message.length;;) {
    const looks = beginMessage(bytes);
    const heard = hearer.hear(rest);
    hearer.isLight = !heavy;
    if (heard === true || Number(heard) < 0) endTurn();
    const isOver = endMessage(looks);
    if (typeof heard !== "number") return;
    bytes = Math.abs(heard);
    rest = rest.subarray(bytes);
    if (isOver) return rest;
  }
}

/** Whether the next message has to wait. */
export function isTurnOver(): boolean {
  return over;
}

/** The next message has to wait, however short the turn was. */
export function endTurn(): void {
  over = ended = true;
  if (!catchingUp) schedule();
}

/** The event loop as a server's core knows it. */
export const eventLoop: {
  afterInput(run: () => void): void;
  onDecoded(bytes: number): void;
} = {
  afterInput,
  onDecoded(bytes) {
    left -= bytes;
    if (bytes >= LARGE_BYTES) {
      heavy = true;
      if (over) full = true;
    }
    if (bytes >= TURN_BYTES) endTurn();
  },
};

/** Let a socket go on when it is its turn. */
export function waitForTurn(waiter: Waiter): void {
  place(waiter);
  if (began !== 0) return;
  began = performance.now();
  schedule();
}

/** Come round once, after what was scheduled last. */
function schedule(): void {
  const mine = ++scheduled;
  afterInput(() => {
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
  // Where light ones never end, the others have their turns as well.
  let waiter = turn % 2 === 0 ? waiting.shift() : undefined;
  while ((waiter ??= lightWaiting.shift() ?? waiting.shift()) !== undefined) {
    const now = performance.now();
    // Who waits behind has its part as well.
    until = now + (began + MAX_TURN_MS - now) / (waiters() + 1);
    over = false;
    if (waiter.goOn()) place(waiter);
    waiter = undefined;
    spent = ended || performance.now() - began >= MAX_TURN_MS;
    if (spent) break;
  }
  catchingUp = false;
  // A socket that goes on reading may have more at once: that is for the next turn.
  over = spent || waiters() > 0;
  until = began + MAX_TURN_MS;
  if (over) schedule();
  else began = 0;
}
