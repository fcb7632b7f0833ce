/**
 * Writes and reads valid and invalid strings in a process with or without a global `Buffer`; prints which it
 * is, and the hash of all results.
 *
 * @module
 */
import "./without_buffer.ts";
import { CodecError, decode, encode, string, vec } from "../../codec/mod.ts";
import { createHash } from "node:crypto";
import process from "node:process";

const PIECES = ["a", "é", "€", "😀", "\ufffd", "aé", "a😀z", "\ufeff"];
const hash = createHash("sha256");
let count = 0;

function note(bytes: Uint8Array | string): void {
  hash.update(bytes).update("|");
  count++;
}

function read(archive: Uint8Array): string {
  try {
    return decode(vec(string), archive).join();
  } catch (error) {
    return error instanceof CodecError ? error.code : `not ours: ${error}`;
  }
}

for (const piece of PIECES) {
  for (const length of [1, 2, 3, 4, 7, 8, 12, 13, 16, 17, 20, 21, 48, 49, 64, 65, 100, 1000]) {
    const text = piece.repeat(length);
    const archive = encode(vec(string), [text, text]);
    note(archive);
    if (read(archive) !== `${text},${text}`) note("another text");
    for (const at of [0, length >> 1, length - 1]) {
      for (const byte of [0x80, 0xc0, 0xed, 0xff]) {
        const damaged = archive.slice();
        damaged[at] = byte;
        note(read(damaged));
      }
    }
    try {
      encode(string, `${text}\ud800`);
      note("a lone surrogate");
    } catch (error) {
      note((error as CodecError).code);
    }
  }
}
process.stdout.write(JSON.stringify(["Buffer" in globalThis, count, hash.digest("hex")]));
