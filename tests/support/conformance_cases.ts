/**
 * Input to a WebSocket endpoint and its required behaviour, by the classes of Autobahn's fuzzing suites.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { FrameSource } from "../../runtime/websocket/frame_reader.ts";
import { framesOf } from "./conformance_frames.ts";

/**
 * The behaviour of an endpoint: it goes on and answers the next message, it closes with a code (1005: without
 * a code), it ends without a close frame, or it does nothing.
 */
export type Verdict = "answered" | `close ${number}` | "ends" | "silent";

/** One row. */
export interface ConformanceCase {
  /** Its class, and its input. */
  readonly name: string;
  /** Each is one write. */
  readonly send: readonly Uint8Array[];
  /** The required behaviour. */
  readonly expect: Verdict;
  /** The required payload of the last pong. */
  readonly pong?: Uint8Array;
}

/** The limit that class 9 is about: `maxMessageBytes`. */
export const MAX_MESSAGE_BYTES = 100_000;

const FIN = 0x80;
const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = FIN | 8;
const PING = FIN | 9;
const PONG = FIN | 10;

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const letters = (length: number): Uint8Array => new Uint8Array(length).fill(0x78);
const octets = (bytes: Uint8Array): Uint8Array[] => cut(bytes, 1);

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.slice(i * size, (i + 1) * size),
  );
}

function reasonOf(code: number, reason: Uint8Array = new Uint8Array(0)): Uint8Array {
  return Uint8Array.of(code >> 8, code & 255, ...reason);
}

const GOOD_TEXT: Readonly<Record<string, string>> = {
  "of two octets": "c2a3",
  "of three octets": "e282ac",
  "of four octets": "f09f9880",
  "with a byte order mark": "efbbbf78",
  "of a noncharacter": "efbfbf",
  "of U+10FFFF": "f48fbfbf",
  "of a zero": "00",
};

const BAD_TEXT: Readonly<Record<string, string>> = {
  "with an octet ff": "78ff",
  "with a lone continuation": "80",
  "cut inside a character": "e282",
  "of an overlong slash": "c0af",
  "of an overlong zero": "e08080",
  "of a surrogate": "eda080",
  "above U+10FFFF": "f4908080",
  "of five octets": "f888808080",
};

const GOOD_CODES = [
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014],
  ...[3000, 3999, 4000, 4999],
];
const BAD_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

/**
 * The table of input from `side`. `message` makes a binary message of a given length that the other side
 * accepts without an answer, or with an answer that the test ignores.
 */
export function conformanceCases(
  side: FrameSource,
  message: (length: number) => Uint8Array,
): readonly ConformanceCase[] {
  const frame = framesOf(side);
  const cases: ConformanceCase[] = [];
  const add = (
    name: string,
    expect: Verdict,
    send: readonly Uint8Array[],
    pong?: Uint8Array,
  ): void => void cases.push({ name, expect, send, ...(pong === undefined ? {} : { pong }) });
  const fragments = (opcode: number, parts: readonly Uint8Array[]): Uint8Array[] =>
    parts.map((part, i) =>
      frame((i === 0 ? opcode : CONTINUATION) | (i === parts.length - 1 ? FIN : 0), part)
    );
  const text = frame(FIN | TEXT, letters(5));
  // A server ignores text, as Rust's does; a client ends the connection: no hardlight server sends any.
  const afterText: Verdict = side === "client" ? "answered" : "close 4002";
  const brokenAfterText: Verdict = side === "client" ? "close 1002" : "close 4002";

  for (const length of [0, 1, 125, 126, 127, 128, 65_535, 65_536]) {
    add(`1 text of ${length}`, afterText, [frame(FIN | TEXT, letters(length))]);
    if (length < 125) continue;
    add(`1 binary of ${length}`, "answered", [frame(FIN | BINARY, message(length))]);
  }
  add("1 binary of 0", "close 4002", [frame(FIN | BINARY)]);
  for (const lengthBytes of [2, 8] as const) {
    const lengths = lengthBytes === 2 ? [0, 1, 125] : [0, 1, 125, 126, 65_535];
    for (const length of lengths) {
      add(`1 a length of ${length} in ${lengthBytes} octets`, "close 1002", [
        frame(FIN | TEXT, letters(length), { lengthBytes }),
      ]);
    }
  }
  add("1 text of 125, octet by octet", afterText, octets(frame(FIN | TEXT, letters(125))));
  add("1 binary of 130, octet by octet", "answered", octets(frame(FIN | BINARY, message(130))));
  add("1 binary of 65536, cut", "answered", cut(frame(FIN | BINARY, message(65_536)), 997));
  const masked = side === "client" ? "37fa213d" : "";
  const longBit = side === "client" ? "ff" : "7f";
  add("1 a length of 2^63", "close 1002", [hex(`82${longBit}8000000000000000${masked}`)]);
  add("1 a length of 2^64 - 1", "close 1002", [hex(`82${longBit}ffffffffffffffff${masked}`)]);

  for (const length of [0, 1, 125]) {
    add(`2 ping of ${length}`, "answered", [frame(PING, letters(length))], letters(length));
    add(`2 pong of ${length}`, "answered", [frame(PONG, letters(length))]);
  }
  for (const length of [126, 65_536]) {
    add(`2 ping of ${length}`, "close 1002", [frame(PING, letters(length))]);
    add(`2 pong of ${length}`, "close 1002", [frame(PONG, letters(length))]);
  }
  const last = Uint8Array.of(0, 255, 9);
  const pings = [
    ...Array.from({ length: 9 }, (_, i) => frame(PING, Uint8Array.of(i))),
    frame(PING, last),
  ];
  add("2 ping, octet by octet", "answered", octets(frame(PING, letters(125))), letters(125));
  add("2 pong, then ping", "answered", [frame(PONG, letters(3)), frame(PING, last)], last);
  add("2 ten pings", "answered", pings, last);
  add("2 ten pings in one write", "answered", [Buffer.concat(pings)], last);
  add("2 ten pings, octet by octet", "answered", pings.flatMap(octets), last);

  for (let bits = 1; bits < 8; bits++) {
    add(`3 bits ${bits} of text`, "close 1002", [frame(FIN | bits << 4 | TEXT, letters(2))]);
  }
  add("3 a bit of binary", "close 1002", [frame(0xa2, message(130))]);
  add("3 a bit of an empty text", "close 1002", [frame(0x91)]);
  add("3 a bit of ping", "close 1002", [frame(0x40 | PING, last)]);
  add("3 a bit of pong", "close 1002", [frame(0x20 | PONG, last)]);
  add("3 a bit of close", "close 1002", [frame(0x10 | CLOSE, reasonOf(1000))]);
  add("3 a bit of a fragment", "close 1002", [frame(0x11, letters(2)), frame(FIN, letters(2))]);
  add("3 a bit of a continuation", "close 1002", [frame(0x01, letters(2)), frame(0xc0)]);
  add("3 a bit after text", brokenAfterText, [text, frame(0xf1, letters(2))]);
  add("3 a bit, octet by octet", "close 1002", octets(frame(0xb1, letters(2))));

  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    add(`4 opcode ${opcode}`, "close 1002", [frame(FIN | opcode)]);
    add(`4 opcode ${opcode} with octets`, "close 1002", [frame(FIN | opcode, letters(9))]);
    add(`4 opcode ${opcode} after text`, brokenAfterText, [text, frame(FIN | opcode)]);
  }
  add("4 opcode 3 in a fragment", "close 1002", [frame(3, letters(1)), frame(FIN)]);
  add("4 opcode 3 between fragments", "close 1002", [frame(TEXT, letters(1)), frame(FIN | 3)]);

  const whole = message(130);
  const none = new Uint8Array(0);
  const [one = none, two = none] = fragments(BINARY, cut(whole, 65));
  add("5 two fragments", "answered", [one, two]);
  add("5 two fragments in one write", "answered", [Buffer.concat([one, two])]);
  add("5 two fragments of text", afterText, fragments(TEXT, [letters(3), letters(4)]));
  add("5 fragments of one octet", "answered", fragments(BINARY, octets(whole)));
  add("5 such, in one write", "answered", [Buffer.concat(fragments(BINARY, octets(whole)))]);
  add(
    "5 such, octet by octet",
    "answered",
    fragments(BINARY, octets(message(60))).flatMap(octets),
  );
  add("5 an empty first fragment", "answered", fragments(BINARY, [none, whole]));
  add("5 an empty last fragment", "answered", fragments(BINARY, [whole, none]));
  add("5 empty fragments between", "answered", [one, frame(0), frame(0), two]);
  add("5 empty fragments only", afterText, fragments(TEXT, [none, none, none]));
  add("5 ping between", "answered", [one, frame(PING, last), two], last);
  add("5 ping between, in one write", "answered", [
    Buffer.concat([one, frame(PING, last), two]),
  ], last);
  add("5 ten pings between", "answered", [one, ...pings, two], last);
  add("5 pong between", "answered", [one, frame(PONG, last), two]);
  add("5 close between", "close 1000", [one, frame(CLOSE, reasonOf(1000)), two]);
  add("5 continuation, never begun", "close 1002", [frame(CONTINUATION, letters(3))]);
  add("5 final continuation, never begun", "close 1002", [frame(FIN, letters(3))]);
  add("5 empty continuation, never begun", "close 1002", [frame(FIN)]);
  add("5 continuation of what has ended", "close 1002", [one, two, frame(FIN, letters(3))]);
  add("5 text inside a message", "close 1002", [one, text, two]);
  add("5 binary inside a message", "close 1002", [one, frame(FIN | BINARY, whole), two]);
  add("5 a fragment inside a message", "close 1002", [one, one, two]);
  for (const [name, first] of Object.entries({ ping: PING, pong: PONG, close: CLOSE })) {
    const payload = first === CLOSE ? reasonOf(1000) : letters(2);
    add(`5 fragmented ${name}`, "close 1002", [
      frame(first & ~FIN, payload),
      frame(FIN, letters(2)),
    ]);
    add(`5 fragmented ${name} between`, "close 1002", [one, frame(first & ~FIN, payload), two]);
  }

  for (const [name, text] of Object.entries(GOOD_TEXT)) {
    const bytes = hex(text);
    add(`6 text ${name}`, afterText, [frame(FIN | TEXT, bytes)]);
    add(`6 text ${name}, in fragments`, afterText, fragments(TEXT, octets(bytes)));
    add(`6 a reason ${name}`, "close 1000", [frame(CLOSE, reasonOf(1000, bytes))]);
  }
  for (const [name, text] of Object.entries(BAD_TEXT)) {
    const bytes = hex(text);
    add(`6 text ${name}`, "close 1007", [frame(FIN | TEXT, bytes)]);
    add(`6 text ${name}, in fragments`, "close 1007", fragments(TEXT, octets(bytes)));
    add(`6 a reason ${name}`, "close 1007", [frame(CLOSE, reasonOf(1000, bytes))]);
  }

  add("7 close without a code", "close 1005", [frame(CLOSE)]);
  add("7 close with half a code", "close 1002", [frame(CLOSE, Uint8Array.of(3))]);
  add("7 a reason of 123", "close 1000", [frame(CLOSE, reasonOf(1000, letters(123)))]);
  add("7 a reason of 124", "close 1002", [frame(CLOSE, reasonOf(1000, letters(124)))]);
  add("7 a reason of 65534", "close 1002", [frame(CLOSE, reasonOf(1000, letters(65_534)))]);
  for (const code of GOOD_CODES) {
    add(`7 code ${code}`, `close ${code}`, [frame(CLOSE, reasonOf(code))]);
  }
  for (const code of BAD_CODES) {
    add(`7 code ${code}`, "close 1002", [frame(CLOSE, reasonOf(code))]);
  }
  const bye = frame(CLOSE, reasonOf(1000, letters(3)));
  add("7 close, octet by octet", "close 1000", octets(bye));
  add("7 two closes", "close 1000", [bye, frame(CLOSE, reasonOf(4000))]);
  add("7 two closes in one write", "close 1000", [
    Buffer.concat([bye, frame(CLOSE, reasonOf(4000))]),
  ]);
  add("7 ping after close", "close 1000", [Buffer.concat([bye, frame(PING, last)])]);
  add("7 text after close", "close 1000", [Buffer.concat([bye, text])]);
  add("7 a broken frame after close", "close 1000", [Buffer.concat([bye, frame(0xff)])]);

  const mask = side === "client" ? undefined : [1, 2, 3, 4];
  for (
    const [name, first] of Object.entries({
      text: FIN | TEXT,
      ping: PING,
      pong: PONG,
      close: CLOSE,
    })
  ) {
    const payload = first === CLOSE ? reasonOf(1000) : letters(4);
    add(`8 ${name}, wrongly masked`, "close 1002", [frame(first, payload, { mask })]);
    if (first === CLOSE) continue;
    add(`8 empty ${name}, wrongly masked`, "close 1002", [frame(first, none, { mask })]);
  }
  add("8 a continuation, wrongly masked", "close 1002", [
    frame(TEXT, letters(3)),
    frame(FIN, letters(3), { mask }),
  ]);
  if (side === "client") {
    add("8 a mask of zeros", "answered", [
      frame(FIN | BINARY, message(130), { mask: [0, 0, 0, 0] }),
    ]);
    add("8 a mask of ones", "answered", [
      frame(FIN | BINARY, message(130), { mask: [255, 255, 255, 255] }),
    ]);
  }

  const most = letters(MAX_MESSAGE_BYTES);
  const more = letters(MAX_MESSAGE_BYTES + 1);
  const tiny = (parts: number, size: number): Uint8Array =>
    Buffer.concat(fragments(TEXT, Array.from({ length: parts }, () => letters(size))));
  add("9 text of the limit", afterText, [frame(FIN | TEXT, most)]);
  add("9 binary of the limit", "answered", [frame(FIN | BINARY, message(MAX_MESSAGE_BYTES))]);
  add("9 text over the limit", "close 4009", [frame(FIN | TEXT, more)]);
  add("9 binary over the limit", "close 4009", [frame(FIN | BINARY, more)]);
  add("9 binary over the limit, in fragments", "close 4009", fragments(BINARY, cut(more, 50_000)));
  add("9 a length over the limit", "close 4009", [
    frame(FIN | BINARY, more).subarray(0, side === "client" ? 14 : 10),
  ]);
  add("9 a length of 2^32", "close 4009", [hex(`82${longBit}0000000100000000${masked}`)]);
  add("9 a length of 2^63 - 1", "close 4009", [hex(`82${longBit}7fffffffffffffff${masked}`)]);
  add("9 100000 fragments of one octet", afterText, [tiny(100_000, 1)]);
  add("9 100001 fragments of one octet", "close 4009", [tiny(100_001, 1)]);
  add("9 100000 empty fragments", afterText, [tiny(100_000, 0)]);
  add("9 1000 pings in one write", "answered", [
    Buffer.concat([...Array.from({ length: 100 }, () => pings).flat()]),
  ], last);
  return cases;
}
