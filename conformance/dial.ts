/**
 * Dials a server and sends it the tasks: {@linkcode dial}.
 *
 * @module
 */
import { encodeHex } from "@std/encoding";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { inflateRawSync } from "node:zlib";
import { decode, encode, type Infer, type Schema, string, u32 } from "../codec/mod.ts";
import { RPC_HANDLER_ERRORS } from "../mod.ts";
import { type Answer, dataCases, difference } from "./cases.ts";
import { answersPing, type Form, FORMS, REFUSED } from "./forms.ts";
import { handshakesOf, queryOf, type ServerLine } from "./handshakes.ts";
import type { Report } from "./report.ts";
import { headersOf } from "./request.ts";
import { ClientMessage, Conformance, ServerMessage } from "./service.ts";
import { acceptOf, Peer } from "./websocket.ts";

const ANSWER_MS = 10_000;
/** Milliseconds in which a message that must be refused must not be answered. */
const REFUSE_MS = 300;
const CLIENT_ROOT_BYTES = 12;
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const CALLS = Conformance.calls as Schema<unknown>;
const LONG = "0123456789abcdef".repeat(5000);

/** A server, with TLS or without. */
export interface Target {
  /** Whether it uses TLS; any certificate is accepted. */
  readonly secure?: boolean;
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

type Message = Infer<typeof ServerMessage>;

async function open(
  { host, port, path, secure = false }: Target,
  headers: Readonly<Record<string, string>> = { "Sec-WebSocket-Protocol": "hl/2" },
  query = "",
): Promise<[peer: Peer, head: string]> {
  const socket = secure
    ? connectTls({ host, port, rejectUnauthorized: false })
    : connect(port, host);
  const peer = new Peer(socket, "client");
  const lines = Object.entries({
    Host: `${host}:${port}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  peer.write(`GET ${path}${query && `?${query}`} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  return [peer, await peer.head(ANSWER_MS)];
}

/** A connection to the server under test. */
class Dialed {
  readonly peer: Peer;
  readonly messages: Message[] = [];

  constructor(peer: Peer) {
    this.peer = peer;
  }

  static async to(target: Target): Promise<Dialed> {
    const [peer, head] = await open(target);
    if (!/^HTTP\/1\.1 101 /.test(head)) throw new Error(`refused: ${head.split("\r\n")[0]}`);
    return new Dialed(peer);
  }

  archiveOf(id: number, type: string, args: Answer | Record<string, unknown>): Uint8Array {
    const internal = encode(CALLS, { type, ...args });
    return encode(ClientMessage, { type: "RPCRequest", id, internal });
  }

  start(id: number, type: string, args: Record<string, unknown>, form: Form = FORMS[0]!): void {
    form.send(this.peer, this.archiveOf(id, type, args), CLIENT_ROOT_BYTES);
  }

  /** The next message, which is written as Rust writes it; throws if there is none. */
  async next(withinMs: number = ANSWER_MS): Promise<Message> {
    const received = await this.peer.receive(withinMs);
    if (received === undefined) throw new Error(`no message within ${withinMs} ms`);
    if (!("message" in received)) throw new Error(`closed with ${received.code ?? "no code"}`);
    const archive = new Uint8Array(inflateRawSync(received.message));
    const message = decode(ServerMessage, archive);
    const fault = difference(encodeHex(encode(ServerMessage, message)), encodeHex(archive)) ??
      this.peer.faults.shift();
    if (fault !== undefined) throw new Error(`${message.type}: ${fault}`);
    return message;
  }

  /** The output of a call, or its error's name; earlier messages are kept in `messages`. */
  async settled(id: number, output: Schema<unknown>): Promise<unknown> {
    while (true) {
      const message = await this.next();
      if (message.type !== "RPCResponse" || message.id !== id) {
        this.messages.push(message);
        continue;
      }
      const { output: came } = message;
      return "ok" in came ? decode(output, came.ok) : came.err.type;
    }
  }

  async call(type: string, args: Record<string, unknown>, form?: Form): Promise<unknown> {
    this.start(0, type, args, form);
    return await this.settled(0, outputOf(type));
  }
}

function outputOf(method: string): Schema<unknown> {
  return Conformance.methods.find(({ name }) => name === method)!.output as Schema<unknown>;
}

async function checkHandshake(target: Target, line: ServerLine): Promise<string | undefined> {
  const [peer, head] = await open(target, line.headers, queryOf(line));
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  const headers = headersOf(head);
  let fault = difference(line.status, status);
  for (const [name, value] of Object.entries(line.answer ?? {})) {
    const wanted = value === "{accept}" ? acceptOf(KEY) : value;
    fault ??= difference([name, wanted], [name, headers.get(name) ?? null]);
  }
  if (line.close !== undefined) {
    fault ??= difference({ code: line.close }, await peer.receive(ANSWER_MS) ?? {});
  }
  peer.close();
  return fault;
}

/** Run all cases against a server. `groups` limits the groups; default all. `asRust` leaves out additions to Rust. */
export async function dial(
  report: Report,
  target: Target,
  groups: ReadonlySet<string> = new Set(),
  asRust = false,
): Promise<void> {
  /** Run a case; an error that it throws is its failure. */
  async function run(
    group: string,
    name: string,
    check: () => Promise<string | undefined>,
  ): Promise<void> {
    if (groups.size > 0 && !groups.has(group)) return;
    report.add(group, name, await check().catch((error) => `${error.message ?? error}`));
  }
  async function on(
    group: string,
    name: string,
    check: (dialed: Dialed) => Promise<string | undefined>,
  ): Promise<void> {
    await run(group, name, async () => {
      const dialed = await Dialed.to(target);
      try {
        return await check(dialed);
      } finally {
        dialed.peer.close();
      }
    });
  }

  for (const line of handshakesOf("server")) {
    if (line.here === true && asRust) continue;
    await run("handshakes", line.name, () => checkHandshake(target, line));
  }
  for (const form of FORMS) {
    await on("frames", form.name, async (dialed) => {
      const fault = difference(42, await dialed.call("double", { value: 21 }, form));
      if (fault !== undefined) return fault;
      return await answersPing(form, dialed.peer) ? undefined : "the ping was not answered";
    });
  }
  for (const form of REFUSED) {
    await on("refusals", form.name, async (dialed) => {
      dialed.start(3, "double", { value: 21 }, form);
      const received = await dialed.peer.receive(REFUSE_MS);
      if (received !== undefined && "message" in received) return "answered";
      const other = await Dialed.to(target);
      const fault = difference(42, await other.call("double", { value: 21 }));
      other.peer.close();
      return fault;
    });
  }

  await on("calls", "256 at once", async (dialed) => {
    for (let id = 0; id < 256; id++) dialed.start(id, "double", { value: id });
    const outputs = new Map<number, number>();
    while (outputs.size < 256) {
      const message = await dialed.next();
      if (message.type !== "RPCResponse") return `a ${message.type} came`;
      if ("err" in message.output) return message.output.err.type;
      outputs.set(message.id, decode(u32, message.output.ok));
    }
    return difference(
      Array.from({ length: 256 }, (_, id) => [id, 2 * id]),
      [
        ...outputs,
      ].sort(([a], [b]) => a - b),
    );
  });
  for (const [code, name] of RPC_HANDLER_ERRORS.entries()) {
    await on(
      "calls",
      name,
      async (dialed) => difference(name, await dialed.call("fail", { code })),
    );
  }
  await on("calls", "a call that does not decode", async (dialed) => {
    const internal = Uint8Array.of(99, 0, 0, 0);
    const archive = encode(ClientMessage, { type: "RPCRequest", id: 7, internal });
    FORMS[0]!.send(dialed.peer, archive, CLIENT_ROOT_BYTES);
    return difference("ServerDecodeError", await dialed.settled(7, outputOf("fail")));
  });

  const change = (updates: readonly { index: number; data: Uint8Array }[]): unknown => ({
    type: "StateChange",
    value: [updates],
  });
  await on("state", "what changed, whole and in order", async (dialed) => {
    const steps = [
      [{ count: 5, text: "" }, [{ index: 0, data: encode(u32, 5) }]],
      [{ count: 5, text: LONG }, [{ index: 1, data: encode(string, LONG) }]],
      [{ count: 6, text: "x" }, [
        { index: 0, data: encode(u32, 6) },
        { index: 1, data: encode(string, "x") },
      ]],
    ] as const;
    for (const [args, updates] of steps) {
      await dialed.call("change", args);
      // Rust may send it after the response.
      if (dialed.messages.length === 0) dialed.messages.push(await dialed.next());
      const fault = difference(change(updates), dialed.messages.shift());
      if (fault !== undefined) return fault;
    }
    return undefined;
  });
  await on("state", "nothing where nothing changed", async (dialed) => {
    await dialed.call("change", { count: 0, text: "" });
    await dialed.call("double", { value: 1 });
    return difference([], dialed.messages);
  });
  await on("state", "defaults again on a new connection", async (dialed) => {
    await dialed.call("change", { count: 0, text: "y" });
    if (dialed.messages.length === 0) dialed.messages.push(await dialed.next());
    return difference(change([{ index: 1, data: encode(string, "y") }]), dialed.messages.shift());
  });
  for (const isText of [true, false]) {
    await on("events", `on a topic of ${isText ? "text" : "bytes"}`, async (dialed) => {
      const inner = Uint8Array.of(97, 98);
      // On a Rust server, a subscription made in a call may miss an event of the same call.
      for (const text of ["one", LONG]) await dialed.call("emit", { isText, topic: inner, text });
      if (dialed.messages.length === 0) dialed.messages.push(await dialed.next());
      const payload = encode(Conformance.event!, { type: "note", text: LONG });
      const expected = { type: "NewEvent", topic: { inner, is_string: isText }, payload };
      return difference(expected, dialed.messages.at(-1));
    });
  }

  const dialed = await Dialed.to(target).catch(() => undefined);
  for (const { group, name, task, fault } of dataCases()) {
    if (groups.size > 0 && !groups.has(group)) continue;
    if (dialed === undefined) {
      report.skip(group);
      continue;
    }
    await run(group, name, async () => {
      const text = await dialed.call("exchange", { text: JSON.stringify(task) });
      return fault(JSON.parse(String(text)) as Answer);
    });
  }
  dialed?.peer.close();
}
