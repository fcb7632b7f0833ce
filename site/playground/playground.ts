/**
 * The playground: a server and two clients of the counter in one page, and each message between them.
 *
 * @module
 */
/// <reference lib="dom" />
import { counter } from "../../examples/counter/handler.ts";
import { Counter } from "../../examples/counter/service.ts";
import { memoryPair } from "../../memory.ts";
import { explain, type Explained, type Methods, type Side } from "./explain.ts";

const MAX_SHOWN = 60;

function make<K extends keyof HTMLElementTagNameMap>(
  kind: K,
  className: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const element = document.createElement(kind);
  element.className = className;
  element.textContent = text;
  return element;
}

/** A message as a part of the page: a line that opens on its bytes. */
function shown(from: Side, bytes: number, { kind, meaning, pieces }: Explained): HTMLElement {
  const details = make("details", `message ${from}`);
  const summary = details.appendChild(make("summary", ""));
  summary.append(
    make("b", "way", from === "client" ? "client → server" : "server → client"),
    make("code", "kind", kind),
    make("span", "meaning", meaning),
    make("small", "bytes", `${bytes} bytes`),
  );
  const table = details.appendChild(make("table", "pieces"));
  for (const { hex, says } of pieces) {
    const row = table.insertRow();
    row.insertCell().append(make("code", "hex", hex));
    row.insertCell().textContent = says;
  }
  return details;
}

/** Start in an element of the page; returns how to stop. */
export async function start(root: HTMLElement): Promise<() => Promise<void>> {
  const controls = make("div", "controls");
  const state = make("dl", "state");
  const messages = make("div", "messages");
  root.replaceChildren(controls, state, messages);
  root.className = "playground";

  const methods: Methods = new Map();
  const pair = await memoryPair(Counter, counter, {
    // So that the bytes can be read: nothing is compressed.
    client: { level: 0 },
    onMessage(message, from) {
      messages.prepend(shown(from, message.length, explain(message, from, methods)));
      while (messages.childElementCount > MAX_SHOWN) messages.lastElementChild!.remove();
    },
  });
  const { client } = pair;

  const amount = make("input", "amount");
  Object.assign(amount, { type: "number", min: "1", max: "1000000", value: "5" });
  amount.setAttribute("aria-label", "amount");
  const problem = make("p", "problem");
  problem.setAttribute("role", "alert");
  const outcome = make("output", "outcome");
  const button = (name: string, call: () => Promise<unknown>): HTMLButtonElement => {
    const element = make("button", name, `${name}(${/crement$/.test(name) ? "{ amount }" : ""})`);
    element.type = "button";
    element.onclick = async () => {
      try {
        const output = await call();
        problem.textContent = "";
        outcome.textContent = `${name}() → ${output ?? "done"}`;
      } catch (error) {
        problem.textContent = String(error);
      }
    };
    return element;
  };
  const { rpc } = client;
  controls.append(
    button("newCounter", () => rpc.newCounter()),
    amount,
    button("increment", () => rpc.increment({ amount: amount.valueAsNumber })),
    button("decrement", () => rpc.decrement({ amount: amount.valueAsNumber })),
    button("get", () => rpc.get()),
    outcome,
    problem,
  );

  const count = make("dd", "count");
  const topic = make("dd", "topic");
  const event = make("dd", "event", "none yet");
  state.append(
    make("dt", "", "state.counter, as the client has it"),
    count,
    make("dt", "", "state.topic"),
    topic,
    make("dt", "", "the last event"),
    event,
  );
  const showState = (): void => {
    count.textContent = String(client.state.current.counter);
    topic.textContent = client.state.current.topic.bytes.length === 0
      ? "none: call newCounter()"
      : Array.from(client.state.current.topic.bytes, (byte) => byte.toString(16).padStart(2, "0"))
        .join(" ");
  };
  showState();
  client.state.subscribe(showState);
  void (async () => {
    for await (const { payload } of client.events()) {
      event.textContent = payload.type === "serverSentTest"
        ? payload.type
        : `${payload.type}: from ${payload.from} to ${payload.to}`;
    }
  })();
  return () => pair.close();
}
