/**
 * Listens for a client and sends it the tasks: {@linkcode listen}.
 *
 * @module
 */
import { createServer, type Socket } from "node:net";
import { type Answer, type Case, dataCases, difference, expecting } from "./cases.ts";
import { answersPing, type Form, FORMS, REFUSED } from "./forms.ts";
import { handshakesOf } from "./handshakes.ts";
import { checkRequest, headersOf, protocolOf } from "./request.ts";
import type { Report } from "./report.ts";
import { type Exchange, ServedConnection } from "./served.ts";
import { RPC_HANDLER_ERRORS } from "../mod.ts";
import { acceptOf, Peer } from "./websocket.ts";

/** Milliseconds for one answer. */
const ANSWER_MS = 10_000;
/** Milliseconds in which a client may close after a message that it must refuse. */
const REFUSE_MS = 500;

/** A client case's actions before its task is sent, and how the task is sent. */
interface ClientCase extends Case {
  readonly before?: (served: ServedConnection) => void;
  readonly form?: Form;
  readonly after?: (served: ServedConnection) => Promise<string | undefined>;
}

const ECHOED = "sixteen bytes and more: " + "äöü€😀 ".repeat(4);
/** More than the two length bytes of a frame allow, and more than a stored block holds. */
const LONG = "0123456789abcdef".repeat(5000);

function* frames(): Generator<ClientCase> {
  for (const text of [ECHOED, LONG]) {
    for (const form of FORMS) {
      const name = `${form.name}, ${text.length} characters`;
      yield {
        ...expecting("frames", name, { do: "echo", text }, { text }),
        form,
        after: async ({ peer }) =>
          await answersPing(form, peer) ? undefined : "the ping was not answered",
      };
    }
  }
  for (const [i, { name }] of REFUSED.entries()) {
    yield {
      group: "refusals",
      name,
      task: { do: "dial", path: `/refused/${i}` },
      fault: (answer) => "refused" in answer ? undefined : `accepted: ${JSON.stringify(answer)}`,
    };
  }
}

function* handshakes(): Generator<ClientCase> {
  for (const [i, { name, ok }] of handshakesOf("client").entries()) {
    yield {
      group: "handshakes",
      name,
      task: { do: "dial", path: `/handshake/${i}` },
      fault: (answer) =>
        ok ? difference({ ok: 42 }, answer) : "refused" in answer ? undefined : "taken",
    };
  }
}

function* calls(): Generator<ClientCase> {
  const call = (method: string, args: Answer): Case["task"] => ({ do: "call", method, args });
  yield expecting("calls", "a value", call("double", { value: 21 }), { ok: 42 });
  for (const [code, err] of RPC_HANDLER_ERRORS.entries()) {
    yield expecting("calls", err, call("fail", { code }), { err });
  }
  const values = Array.from({ length: 256 }, (_, i) => i * 3);
  yield {
    ...expecting("calls", "256 at once, answered from the last to the first", {
      do: "calls",
      values,
    }, { ok: values.map((value) => 2 * value) }),
    before: (served) => served.hold(values.length),
  };
  yield {
    ...expecting("calls", "a response to a call that nobody made", { do: "echo", text: "x" }, {
      text: "x",
    }),
    before: (served) => served.respond(200, "double", 1),
  };
}

function* state(): Generator<ClientCase> {
  const task = { do: "state" };
  const steps: readonly (readonly [string, (served: ServedConnection) => void, Answer])[] = [
    ["a change of one field", (served) => served.change({ count: 5 }), { count: 5, text: "" }],
    ["of the other", (served) => served.change({ text: ECHOED }), { count: 5, text: ECHOED }],
    ["of both", (served) => served.change({ count: 7, text: "" }), { count: 7, text: "" }],
    [
      "of a field that the client does not know",
      (served) => served.change({ count: 8 }, true),
      { count: 8, text: "" },
    ],
    ["of none", (served) => served.change({}), { count: 8, text: "" }],
  ];
  yield expecting("state", "the defaults", task, { state: { count: 0, text: "" } });
  for (const [name, before, expected] of steps) {
    yield { ...expecting("state", name, task, { state: expected }), before };
  }
  const args = { count: 9, text: "nine" };
  yield expecting("state", "a call that changes it", { do: "call", method: "change", args }, {
    ok: null,
  });
  yield expecting("state", "and what came of it", task, { state: args });
}

function* events(): Generator<ClientCase> {
  const note = (text: string): Answer => ({ v: "note", f: { text } });
  const [text, octets] = [{ inner: "6162", is_string: true }, { inner: "6162", is_string: false }];
  yield {
    ...expecting("events", "on a topic of text, and one of bytes", { do: "events" }, {
      events: [
        { topic: text, payload: note("one") },
        { topic: octets, payload: note(LONG) },
        { topic: { inner: "", is_string: false }, payload: { v: "stop" } },
      ],
    }),
    before(served) {
      served.emit(text, { type: "note", text: "one" });
      served.emit(octets, { type: "note", text: LONG });
      served.emit({ inner: "", is_string: false }, { type: "stop" });
    },
  };
  const args = { isText: true, topic: "6162", text: "two" };
  yield expecting("events", "a call that emits", { do: "call", method: "emit", args }, {
    ok: null,
  });
  yield expecting("events", "and what came of it", { do: "events" }, {
    events: [{ topic: text, payload: note("two") }],
  });
}

function* allCases(): Generator<ClientCase> {
  yield* frames();
  yield* handshakes();
  yield* calls();
  yield* state();
  yield* events();
  yield* dataCases();
}

/** A server for the client under test. */
export interface Listening {
  readonly port: number;
  /** Resolves when all cases are done, or when no client has connected for some time. */
  readonly done: Promise<void>;
  /** The number of finished cases. */
  readonly progress: number;
  /** Report that no client will connect any more. */
  stop(): void;
}

/** Serve one client after the other until all cases are done. `groups` limits the groups; default all. */
export async function listen(
  report: Report,
  port = 0,
  groups: ReadonlySet<string> = new Set(),
): Promise<Listening> {
  const chosen = (group: string): boolean => groups.size === 0 || groups.has(group);
  const cases = [...allCases()].filter(({ group }) => chosen(group));
  let resolve: () => void = () => {};
  const done = new Promise<void>((settle) => resolve = settle);
  let next = 0;
  let requestChecked = false;

  async function main(peer: Peer): Promise<void> {
    const served = new ServedConnection(peer);
    // The first exchange answers nothing.
    let request = await served.exchange(ANSWER_MS);
    if (request === undefined) report.add("requests", "the first exchange", served.ended);
    while (request !== undefined) {
      const current = cases[next];
      if (current === undefined) {
        served.respond(request.id, "exchange", "");
        finish();
        await peer.receive(ANSWER_MS);
        return peer.close();
      }
      const { group, name, task } = current;
      current.before?.(served);
      served.respond(request.id, "exchange", JSON.stringify(task), current.form);
      const answer: Exchange | undefined = await served.exchange(ANSWER_MS);
      next++;
      const fault = answer === undefined ? served.ended : await judge(current, served, answer.text);
      report.add(group, name, fault);
      request = answer;
    }
    peer.close();
  }

  async function judge(
    current: ClientCase,
    served: ServedConnection,
    text: string,
  ): Promise<string | undefined> {
    let answer: Answer;
    try {
      answer = JSON.parse(text) as Answer;
    } catch {
      return `not JSON: ${text}`;
    }
    return served.peer.faults.shift() ?? current.fault(answer) ?? await current.after?.(served);
  }

  async function serve(socket: Socket): Promise<void> {
    const peer = new Peer(socket, "server");
    const head = await peer.head(ANSWER_MS);
    const headers = headersOf(head);
    const accept = acceptOf(headers.get("sec-websocket-key") ?? "");
    const protocol = protocolOf(headers);
    const [, kind, number] = /^GET (?:\S*?)\/(handshake|refused)\/(\d+)/.exec(head) ?? [];
    const upgraded = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Accept: {accept}",
      "sec-websocket-protocol: {protocol}",
    ];
    const lines = kind === "handshake" ? handshakesOf("client")[Number(number)]!.head : upgraded;
    const answer = `${lines.join("\r\n")}\r\n\r\n`;
    peer.write(answer.replace("{accept}", accept).replace("{protocol}", protocol));
    if (kind === undefined) {
      if (!requestChecked && chosen("requests")) checkRequest(head, report);
      requestChecked = true;
      return main(peer);
    }
    const served = new ServedConnection(peer);
    const request = await served.next(REFUSE_MS);
    if (request !== undefined && kind === "refused") {
      REFUSED[Number(number)]!.send(peer, served.answerTo(request.id, "double", 42), 24);
      await peer.receive(REFUSE_MS);
      return peer.close();
    }
    if (request !== undefined) served.respond(request.id, "double", 42);
    await peer.receive(ANSWER_MS);
    peer.close();
  }

  const server = createServer((socket) => void serve(socket));
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));

  function finish(): void {
    for (const { group } of cases.slice(next)) report.skip(group);
    next = cases.length;
    server.close();
    resolve();
  }

  return {
    port: (server.address() as { port: number }).port,
    done,
    get progress() {
      return next;
    },
    stop: finish,
  };
}
