import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { closed } from "../../client/failures.ts";
import { CloseCode } from "../../wire/close.ts";
import { REFUSALS } from "../../wire/codes.ts";
import { protocolError } from "../../wire/faults.ts";
import {
  ConnectError,
  type ConnectErrorCode,
  type ProtocolErrorCode,
  RPC_HANDLER_ERRORS,
  RpcError,
  type RpcErrorCode,
} from "../../wire/errors.ts";

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), "utf8").replace(/^ \* /gm, "");
const PAGE = read("docs/errors.md");
const PROTOCOL = read("PROTOCOL.md");
const ERRORS = read("wire/errors.ts");

const isFinal = (error: Error): boolean => error instanceof ConnectError && !error.retryable;

/** The rows of the table whose head has these columns; a row for each code in the first column. */
function table(text: string, ...columns: readonly string[]): Map<string, string[]> {
  const cells = (line: string): string[] => line.slice(1, -1).split("|").map((cell) => cell.trim());
  const lines = text.split("\n");
  const start = lines.findIndex((line) =>
    line.startsWith("|") && cells(line).join() === columns.join()
  );
  assert(start >= 0, `there is no table of ${columns.join(", ")}`);
  const rows = new Map<string, string[]>();
  for (let i = start + 2; lines[i]?.startsWith("|"); i++) {
    const [first, ...rest] = cells(lines[i]!);
    for (const code of first!.split(",")) rows.set(code.trim().replaceAll("`", ""), rest);
  }
  return rows;
}

/** For a failed call: whether it may have run, and whether it can be retried. */
interface RpcCode {
  /** Whether the handler may have run. */
  readonly ran: "no" | "perhaps" | "yes";
  /** Whether it surely did not, and may succeed later. */
  readonly retryable: boolean;
}

/**
 * The codes of failed calls. The four codes for compression are never sent by a server of this module nor by a
 * Rust one, unless a handler throws them, as it may throw any of the first eleven.
 */
const RPC_CODES: Readonly<Record<RpcErrorCode, RpcCode>> = {
  ClientNotConnected: { ran: "no", retryable: true },
  TooManyCallsInFlight: { ran: "no", retryable: true },
  ClientEncodeError: { ran: "no", retryable: false },
  ClientDecodeError: { ran: "yes", retryable: false },
  ServerEncodeError: { ran: "yes", retryable: false },
  ServerDecodeError: { ran: "no", retryable: false },
  ClientCompressError: { ran: "perhaps", retryable: false },
  ClientDecompressError: { ran: "perhaps", retryable: false },
  ServerCompressError: { ran: "perhaps", retryable: false },
  ServerDecompressError: { ran: "perhaps", retryable: false },
  HandlerPanicked: { ran: "yes", retryable: false },
  DeadlineExceeded: { ran: "perhaps", retryable: false },
  Cancelled: { ran: "perhaps", retryable: false },
  ConnectionLost: { ran: "perhaps", retryable: false },
  StreamsUnsupported: { ran: "no", retryable: false },
};

/** The close code of each protocol violation. After a `BadEvent` the connection continues. */
const PROTOCOL_CODES: Readonly<Record<ProtocolErrorCode, number>> = {
  BadDeflate: 4002,
  BadMessage: 4002,
  TooBig: 4009,
  BadState: 4002,
  BadEvent: 4002,
  BadReply: 4002,
  BadCredit: 4002,
};

/** Every code; the compiler reports a missing one. */
const CONNECT: Readonly<Record<ConnectErrorCode, true>> = {
  Unreachable: true,
  TlsFailed: true,
  TimedOut: true,
  BadHandshake: true,
  ProtocolMismatch: true,
  SchemaMismatch: true,
  Unauthorized: true,
  OriginRefused: true,
  TooBusy: true,
  ConnectionLost: true,
  Cancelled: true,
  NoWebSocket: true,
};

const firstWord = (text: string): string => /^[a-z]+/.exec(text)![0];
const yesNo = (yes: boolean): string => yes ? "yes" : "no";
const sorted = (names: Iterable<string>): string[] => [...names].sort();

test("docs/errors.md says of each RpcError whether the call ran, whether it is retryable, and what to do", () => {
  const rows = table(PAGE, "code", "did the call run?", "`retryable`", "what to do");
  assertEquals(sorted(rows.keys()), sorted(Object.keys(RPC_CODES)));
  for (const [code, { ran, retryable }] of Object.entries(RPC_CODES)) {
    const [did, again, advice] = rows.get(code)!;
    assert(advice !== "", code);
    assertEquals([code, firstWord(did!), firstWord(again!)], [code, ran, yesNo(retryable)]);
    assertEquals(new RpcError(code as RpcErrorCode, "").retryable, retryable, code);
  }
});

test("the documentation of RpcErrorCode says the same", () => {
  const rows = table(ERRORS, "code", "may the call have run?");
  assertEquals(sorted(rows.keys()), sorted(Object.keys(RPC_CODES)));
  for (const [code, { ran }] of Object.entries(RPC_CODES)) {
    assertEquals([code, firstWord(rows.get(code)![0]!)], [code, ran]);
  }
});

test("PROTOCOL.md numbers the codes of RPC_HANDLER_ERRORS, which are the first of RPC_CODES", () => {
  const rows = table(PROTOCOL, "code", "name", "sent here by the server itself when");
  assertEquals(
    [...rows].map(([number, [name]]) => `${number} ${name}`),
    RPC_HANDLER_ERRORS.map((code, i) => `${i} \`${code}\``),
  );
  assertEquals(Object.keys(RPC_CODES).slice(0, RPC_HANDLER_ERRORS.length), [...RPC_HANDLER_ERRORS]);
});

test("docs/errors.md says of each ConnectError its status and whether it is retryable", () => {
  const rows = table(PAGE, "code", "why", "status", "`retryable`");
  assertEquals(sorted(rows.keys()), sorted(Object.keys(CONNECT)));
  for (const [code, [, status, again]] of rows) {
    const refusal = Object.hasOwn(REFUSALS, code) ? REFUSALS[code as keyof typeof REFUSALS] : null;
    assertEquals([code, status], [code, String(refusal?.status ?? "")]);
    const error = new ConnectError(code as ConnectErrorCode, "", { status: refusal?.status });
    const retryable = again === "yes" || again === `from status ${refusal?.status} on`;
    assertEquals([code, error.retryable], [code, retryable]);
  }
});

test("PROTOCOL.md has each refusal with its status and close code", () => {
  const rows = table(PROTOCOL, "code", "why", "status", "close");
  assertEquals(
    Object.fromEntries(
      [...rows].map(([code, [, status, closeCode]]) => [
        code,
        { status: Number(status), closeCode: Number(closeCode) },
      ]),
    ),
    { ...REFUSALS },
  );
});

test("docs/errors.md has each ProtocolError with its close code", () => {
  const rows = table(PAGE, "code", "what came", "close");
  assertEquals(sorted(rows.keys()), sorted(Object.keys(PROTOCOL_CODES)));
  for (const [code, closeCode] of Object.entries(PROTOCOL_CODES)) {
    // The connection goes on after an invalid event, regardless of its error.
    assertEquals(rows.get(code)![1], code === "BadEvent" ? "–" : String(closeCode), code);
    const error = protocolError(code as ProtocolErrorCode, "a message");
    assertEquals([error.code, error.closeCode], [code, closeCode]);
  }
});

test("PROTOCOL.md has each close code, and whether clients connect again after it", () => {
  const rows = table(PROTOCOL, "code", "meaning", "reconnect");
  assertEquals(sorted(rows.keys()), sorted(Object.values(CloseCode).map(String)));
  for (const [code, [, again]] of rows) {
    const error = closed({ code: Number(code), reason: "" });
    assertEquals([code, again], [code, yesNo(!isFinal(error))]);
  }
});

test("PROTOCOL.md has the codes of RFC 6455 that come, after which clients connect again", () => {
  const rows = table(PROTOCOL, "code", "the peer sent", "client connects again");
  assertEquals([...rows.keys()], ["1002", "1007", "1009"]);
  for (const [code, [, again]] of rows) {
    const error = closed({ code: Number(code), reason: "" });
    assertEquals([code, again], [code, yesNo(!isFinal(error))]);
  }
});

test("PROTOCOL.md names the refusals that are final, and those after which clients try again", () => {
  const [, final, tried] = /refusal is final where([^;]*);([^.]*)\./.exec(PROTOCOL)!;
  for (const [code, { closeCode }] of Object.entries(REFUSALS)) {
    const error = closed({ code: closeCode, reason: "" }, "BadHandshake");
    const where = (isFinal(error) ? final : tried)!;
    assert(where.replace(/\s+/g, " ").includes(`\`${code}\` (${closeCode})`), code);
  }
});
