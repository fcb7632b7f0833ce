import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { connect } from "../../client.ts";
import { encode } from "../../codec/mod.ts";
import { bytes, DEFAULT_LIMITS, type Limits, rpc, type RpcError, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { CLIENT_LIMITS, CLOCK_LIMITS } from "./clock_rows.ts";
import type { Row } from "./row.ts";
import { FIXED_LIMITS, SOCKET_LIMITS } from "./socket_rows.ts";

const TABLES: readonly (readonly [where: string, rows: Readonly<Record<string, Row>>])[] = [
  ["over sockets", SOCKET_LIMITS],
  ["over sockets", FIXED_LIMITS],
  ["in memory", CLOCK_LIMITS],
  ["in memory, on the client", CLIENT_LIMITS],
];

for (const [where, rows] of TABLES) {
  for (
    const [name, { limit, within = limit, beyond = limit + 1, expected, run }] of Object.entries(
      rows,
    )
  ) {
    test(`${name} allows ${within}, and not ${beyond}, ${where}`, async () => {
      assertEquals([await run(limit, within), await run(limit, beyond)], [...expected]);
    });
  }
}

test("every limit has its row", () => {
  assertEquals(
    [...new Set([SOCKET_LIMITS, CLOCK_LIMITS].flatMap((rows) => Object.keys(rows)))].toSorted(),
    Object.keys(DEFAULT_LIMITS).toSorted(),
  );
  const text = readFileSync(new URL("../../ARCHITECTURE.md", import.meta.url), "utf8");
  const [, section = ""] = /^## Limits and errors\n([\s\S]*?)^## /m.exec(text) ?? [];
  const named = section.match(/MAX_\w+/g) ?? [];
  assert(named.length > 0);
  for (const name of named) assert(name in FIXED_LIMITS, name);
});

test("README.md's table has every limit, with its unit and default, and the fixed ones", () => {
  const text = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, section = ""] = /^## Limits\n([\s\S]*?)^## /m.exec(text) ?? [];
  const rows = [...section.matchAll(/^\| `(\w+)` +\| (\w+) +\| +([\d,]+) \|/gm)];
  assertEquals(
    Object.fromEntries(rows.map(([, name, , value]) => [name, Number(value!.replaceAll(",", ""))])),
    { ...DEFAULT_LIMITS },
  );
  for (const [, name, unit] of rows) {
    if (name!.endsWith("Bytes")) assertEquals(unit, "bytes");
    if (name!.endsWith("Ms")) assertEquals(unit, "milliseconds");
  }
  const fixed = section.slice(section.indexOf("Fixed:"));
  for (const [name, { limit }] of Object.entries(FIXED_LIMITS)) {
    if (name.startsWith("MAX_")) assert(fixed.includes(limit.toLocaleString("en")), name);
  }
});

const Echo = service({ rpc: { get: rpc({ length: u32 }, bytes) } });

test("a client with maxMessageBytes takes n bytes from a socket, and is not sent n + 1", async () => {
  const length = 4000;
  await using server = await serve(
    Echo,
    { port: 0, hostname: "127.0.0.1", tls: "plain", onError() {} },
    () => ({ get: ({ length }) => new Uint8Array(length) }),
  );
  const get = async (limits: Partial<Limits>): Promise<number | string> => {
    await using client = await connect(Echo, server.url, { level: 0, reconnect: false, limits });
    return await client.rpc.get({ length }).then(
      (data) => data.length,
      (error: RpcError) => error.code,
    );
  };
  const size = encode(bytes, new Uint8Array(length)).length;
  const outcomes: (number | string)[] = [];
  for (let n = size + 20; n <= size + 60; n++) {
    const outcome = await get({ maxMessageBytes: n });
    if (outcomes.at(-1) !== outcome) outcomes.push(outcome);
  }
  assertEquals(outcomes, ["ServerEncodeError", length]);
});
