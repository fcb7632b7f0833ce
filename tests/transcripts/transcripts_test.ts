import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { test } from "node:test";
import { CodecError } from "../../codec/mod.ts";
import { inflate, InflateError } from "../../deflate/inflate.ts";
import { createZlibDeflater } from "../../runtime/node/zlib.ts";
import { fromJson, snakeCase } from "../interop/json.ts";
import { SERVICES } from "../interop/services.ts";
import { debug, withoutNames } from "./debug.ts";
import { readAnswer, readCall, write } from "./messages.ts";
import { readTranscripts, type Row } from "./transcripts.ts";

const ROWS = readTranscripts();
const MAX_BYTES = 8 << 20;

/** The methods of the calls in flight at `row`, by id. */
function methodsOf(row: Row): ReadonlyMap<number, string> {
  return new Map(
    row.means !== undefined && "reply" in row.means ? [[row.means.id, row.means.reply]] : [],
  );
}

function read(row: Row): unknown {
  const archive = decodeHex(row.inflated ?? "");
  return row.from === "client"
    ? readCall(row.service, archive)
    : readAnswer(row.service, archive, methodsOf(row));
}

/** Handwritten archives with the same meaning as Rust's, in other bytes. */
const UNUSUAL = /^(padding_dirty|internal at odd)/;

test("transcripts: all of the reference's messages are there", () => {
  assertEquals(ROWS.length, 1011);
  assertEquals(ROWS.filter(({ means }) => means !== undefined).length, 988);
});

test("transcripts: each deflated message inflates to the bytes it was made of", async () => {
  const native = createZlibDeflater();
  for (const { n, deflated, inflated, verdict } of ROWS) {
    if (inflated === undefined || verdict === "dropped") continue;
    const bytes = decodeHex(deflated);
    assertEquals(encodeHex(inflate(bytes, MAX_BYTES)), inflated, `message ${n}`);
    const archive = await native?.inflate(bytes, MAX_BYTES);
    assertEquals(encodeHex(archive ?? new Uint8Array(0)), inflated, `message ${n}`);
  }
});

test("transcripts: each archive decodes to its message", () => {
  for (const row of ROWS) {
    if (row.means !== undefined) assertEquals(read(row), row.means, `message ${row.n}`);
  }
});

test("transcripts: values are those that Rust printed", () => {
  let compared = 0;
  for (const { n, service, means, debug: text } of ROWS) {
    if (text === undefined || means === undefined) continue;
    const { methods, calls } = SERVICES[service];
    if ("call" in means) {
      const variant = calls.arms.find(({ name }) => snakeCase(name) === means.call)!;
      const { schema } = variant.fields[0]!;
      const value = fromJson(schema, means.args["v"]!);
      assertEquals(debug(schema, value), withoutNames(text), `message ${n}`);
      compared++;
    } else if ("ok" in means) {
      const { output } = methods.find(({ name }) => snakeCase(name) === means.reply)!;
      const value = fromJson(output, means.ok);
      assertEquals(debug(output, value), withoutNames(text), `message ${n}`);
      compared++;
    }
  }
  assert(compared > 140, `${compared} values`);
});

test("transcripts: what a message means is written as Rust wrote it", () => {
  for (const { n, step, service, inflated, means } of ROWS) {
    if (means === undefined || UNUSUAL.test(step)) continue;
    assertEquals(encodeHex(write(service, means)), inflated, `message ${n}`);
  }
});

test("transcripts: messages that Rust drops are refused, and those it answers with an error are no calls", () => {
  const refused = ROWS.filter(({ verdict }) => verdict !== undefined && verdict !== "accepted");
  assertEquals(refused.length, 23);
  for (const row of refused) {
    const bytes = decodeHex(row.deflated);
    if (row.inflated === undefined) {
      assertThrows(() => inflate(bytes, MAX_BYTES), InflateError);
    } else {
      assertEquals(encodeHex(inflate(bytes, MAX_BYTES)), row.inflated, row.step);
      assertThrows(() => read(row), CodecError);
    }
  }
});
