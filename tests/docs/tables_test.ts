import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { Counter } from "../../examples/counter/service.ts";
import { offerOf } from "../../server/offer.ts";
import * as handshake from "../../wire/handshake.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { plain, rowsOf, TABLES, text } from "./tables.ts";

const REQUEST = "offset | bytes | `RPCRequest`";
const SERVER = "offset | bytes | `RPCResponse`: tag 0 | `NewEvent`: tag 1 | `StateChange`: tag 2";
const FIELDS = "offset | bytes | field";
const QUERY = "the query has | the client's limits";
const TOKENS = "token | offered by a client | answered by a server";
const GROUPS = "group | text | for the counter of `examples/`";
const TYPES = "type | text";
const CLIENT_X1 = "tag | message | offset 1 | offset 2 | offset 4 | offset 8";
const SERVER_X1 = "tag | message | offset 1 | offset 4 | offset 8";
const AGREEING = "a client that offers | also offers | a server that knows it answers | agreed on";

/** Tables, and the file of this folder that reads them. */
const READ_IN: Readonly<Record<string, string>> = {
  [QUERY]: "tables_test.ts",
  [TOKENS]: "tables_test.ts",
  [GROUPS]: "fingerprints_test.ts",
  [TYPES]: "fingerprints_test.ts",
  [REQUEST]: "offsets_test.ts",
  [SERVER]: "offsets_test.ts",
  [FIELDS]: "offsets_test.ts",
  "offset | bytes | field of `Raw`": "protocol_test.ts",
  [CLIENT_X1]: "offsets_test.ts",
  [SERVER_X1]: "offsets_test.ts",
  [AGREEING]: "tables_test.ts",
  "code | why | status | close": "codes_test.ts",
  "type | size / align | bytes": "layout_test.ts",
  "type | offsets | size / align | why": "layout_test.ts",
  "code | name | sent here by the server itself when": "codes_test.ts",
  "code | meaning | reconnect": "codes_test.ts",
  "code | the peer sent | client connects again": "codes_test.ts",
  "key | hashed bytes": "hash_keys_test.ts",
  "type | value | archive": "types_test.ts",
};

test("every table of PROTOCOL.md is read by a test", () => {
  assertEquals([...new Set(TABLES.map(({ head }) => head))].sort(), Object.keys(READ_IN).sort());
  // The last one of this head is that of a B-tree's node: btree_test.ts.
  assertEquals(TABLES.filter(({ head }) => head === FIELDS).length, 4);
});

const query = (text: string): URLSearchParams => new URLSearchParams(text);
const spelled = (n: number): string => `${n.toLocaleString("en")} bytes`;

test("PROTOCOL.md says what a client takes, by its query", () => {
  const hl = handshake.formatFingerprint(Counter.fingerprint);
  const unsaid = handshake.receivesOf(query(`hl=${hl}`))!;
  assertEquals(rowsOf(QUERY), [
    ["`hl-max`", "its numbers; a client of this module always sends it"],
    [
      "`hl`, not `hl-max`",
      `${spelled(unsaid.maxMessageBytes)} on the wire, ` +
      `${unsaid.maxInflatedBytes.toLocaleString("en")} inflated; this is fixed`,
    ],
    ["neither", "no limits, as with a Rust peer"],
  ]);
  const said = { maxMessageBytes: 1000, maxInflatedBytes: 2000 };
  assertEquals(handshake.receivesOf(query(`hl=${hl}&hl-max=1000.2000`)), said);
  assertEquals(handshake.receivesOf(query("hl-max=1000.2000")), said);
  assertEquals(handshake.receivesOf(query("")), handshake.ANYTHING);
  assertEquals(unsaid, { maxMessageBytes: 1_048_576, maxInflatedBytes: 8_388_608 });
  const { maxMessageBytes, maxInflatedBytes } = DEFAULT_LIMITS;
  assertEquals(maxMessageBytes, maxInflatedBytes);
  const defaults = `defaults of a client here are ${spelled(maxMessageBytes)} for both`;
  assert(text.replace(/\s+/g, " ").includes(defaults));
  assert(/of\s1 to 16 digits without leading zeros, and at least 256,/.test(text));
  assertEquals(handshake.MIN_RECEIVES_BYTES, 256);
});

/** A server's answer to a list of subprotocols. */
function offer(...protocols: readonly string[]) {
  const headers = { "sec-websocket-protocol": protocols.join(", ") };
  return offerOf(new Request("http://localhost/", { headers }), { address: "" });
}

test("PROTOCOL.md has each subprotocol, and what is answered to it", () => {
  const { PROTOCOL, ALIAS, EXTENDED, REFUSAL_TOKEN } = handshake;
  const levelToken = (level: number) => `${ALIAS}.c${level}`;
  assertEquals(rowsOf(TOKENS).map(([token]) => plain(token!)), [
    PROTOCOL,
    ALIAS,
    `${levelToken(0)} … ${levelToken(9)}`,
    EXTENDED,
    REFUSAL_TOKEN,
  ]);
  assertEquals(offer(ALIAS, PROTOCOL, EXTENDED).protocol, PROTOCOL);
  assertEquals(offer(ALIAS).protocol, ALIAS);
  assertEquals([3, 9].map((level) => offer(ALIAS, levelToken(level)).level), [3, 9]);
  assertEquals(offer(ALIAS, levelToken(3)).protocol, ALIAS);
  assertEquals(offer(ALIAS, EXTENDED).protocol, EXTENDED);
  assertEquals([offer(ALIAS, REFUSAL_TOKEN).blind, offer(PROTOCOL, REFUSAL_TOKEN).blind], [
    true,
    false,
  ]);
  const page = [ALIAS, EXTENDED, levelToken(0), REFUSAL_TOKEN].join(", ");
  assert(text.includes(`A page offers \`${page}\``));
});

test("PROTOCOL.md says how x1 is agreed on", () => {
  const { ALIAS, EXTENDED, EXTENSION, EXTENSION_HEADER, EXTENSION_QUERY, PROTOCOL } = handshake;
  assertEquals(rowsOf(AGREEING), [
    [
      `\`${PROTOCOL}\``,
      `\`${EXTENSION_QUERY}=${EXTENSION}\` in the query: the latest it knows`,
      `the header \`${EXTENSION_HEADER}: ${EXTENSION}\``,
      "if the header is there",
    ],
    [
      `\`${ALIAS}\``,
      `the subprotocol \`${EXTENDED}\``,
      `\`${EXTENDED}\` in place of \`${ALIAS}\``,
      "if that is the protocol",
    ],
  ]);
  assertEquals(handshake.extensionOf(query(`${EXTENSION_QUERY}=1`), [PROTOCOL]), EXTENSION);
  assertEquals(handshake.extensionOf(query(""), [ALIAS, EXTENDED]), EXTENSION);
});
