/**
 * The script of the page.
 *
 * @module
 */
// deno-lint-ignore-file no-console
/// <reference lib="dom" />
import { type ClientOf, connect } from "../../../browser.ts";
import { Counter, type CounterEvent } from "../service.ts";
import { Histogram } from "./histogram.ts";

/** The most calls that a connection can have in flight. */
const CALLS_AT_ONCE = 256;
const MAX_EVENTS_SHOWN = 50;
/** Milliseconds between two calls for measuring. */
const MEASURE_EVERY_MS = 250;

function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const decrement = element<HTMLButtonElement>("decrement");
const increment = element<HTMLButtonElement>("increment");
const renew = element<HTMLButtonElement>("new");
const burst = element<HTMLButtonElement>("burst");
const controls = [decrement, increment, renew, burst];
const amount = element<HTMLInputElement>("amount");
const problem = element("problem");
const floor = element("floor");
const histogram = new Histogram(element("histogram"), element("scale"));

/** The parts to draw on the next frame. */
const planned = new Map<string, () => void>();

const address = new URL("/?lobby", location.href);

try {
  run(
    await connect(Counter, address, {
      // The server keeps nothing of the previous connection.
      onConnect({ rpc }) {
        element("last-call").textContent = "newCounter()";
        return rpc.newCounter();
      },
      // The measuring calls wait for the button's calls.
      whenFull: "wait",
      onError: (error) => console.warn("hardlight:", error),
    }),
  );
} catch (error) {
  console.error("hardlight:", error);
  document.body.dataset.state = "closed";
  element("status").textContent = "not connected";
  show(error);
}

function run(client: ClientOf<typeof Counter>): void {
  showStatus(client);
  client.onStatus(() => showStatus(client));
  showState(client);
  client.state.subscribe(() => showState(client));
  showEvents(client);

  increment.onclick = () => {
    const args = { amount: amount.valueAsNumber };
    return act(`increment({ amount: ${args.amount} })`, () => client.rpc.increment(args));
  };
  decrement.onclick = () => {
    floor.hidden = client.state.current.counter > 0;
    const args = { amount: amount.valueAsNumber };
    return act(`decrement({ amount: ${args.amount} })`, () => client.rpc.decrement(args));
  };
  renew.onclick = () => act("newCounter()", () => client.rpc.newCounter());
  burst.onclick = () => callAtOnce(client);
  setInterval(() => {
    if (!document.hidden && client.status.state === "open") call(() => client.rpc.get());
  }, MEASURE_EVERY_MS);
}

/** Make a button's call, and describe it. */
function act(name: string, start: () => Promise<unknown>): Promise<void> {
  element("last-call").textContent = name;
  return call(start);
}

/** All at once, on the one connection. */
async function callAtOnce({ rpc, status }: ClientOf<typeof Counter>): Promise<void> {
  burst.disabled = true;
  element("last-call").textContent = `${CALLS_AT_ONCE} × increment({ amount: 1 })`;
  const startedAt = performance.now();
  try {
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, () => rpc.increment({ amount: 1 })));
    const tookMs = performance.now() - startedAt;
    const result = element("burst-result");
    const eachUs = Math.round(tookMs * 1000 / CALLS_AT_ONCE);
    result.textContent = `${CALLS_AT_ONCE} calls in ${tookMs.toFixed(1)} ms: ${eachUs} µs a call.`;
    result.hidden = false;
  } catch (error) {
    show(error);
  }
  burst.disabled = status.state !== "open";
}

async function call(start: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  try {
    await start();
  } catch (error) {
    return show(error);
  }
  histogram.add(performance.now() - startedAt);
  problem.hidden = true;
  onNextFrame("figures", () => {
    histogram.draw();
    element("p50").textContent = histogram.quantile(0.5);
    element("p99").textContent = histogram.quantile(0.99);
    element("calls").textContent = histogram.total.toLocaleString("en");
  });
}

/** Draw a part of the page once a frame, however often it changes. */
function onNextFrame(part: string, draw: () => void): void {
  planned.set(part, draw);
  if (planned.size > 1) return;
  requestAnimationFrame(() => {
    const draws = [...planned.values()];
    planned.clear();
    for (const draw of draws) draw();
  });
}

function show(error: unknown): void {
  problem.textContent = error instanceof Error && "code" in error
    ? `${error.code}: ${error.message}`
    : String(error);
  problem.hidden = false;
}

function showStatus({ status }: ClientOf<typeof Counter>): void {
  document.body.dataset.state = status.state;
  element("status").textContent = status.state === "open" ? "connected" : status.state;
  for (const control of controls) control.disabled = status.state !== "open";
  if (status.cause === undefined) problem.hidden = true;
  else show(status.cause);
}

function showState({ state }: ClientOf<typeof Counter>): void {
  onNextFrame("state", () => {
    const { counter, topic } = state.current;
    if (counter > 0) floor.hidden = true;
    const count = counter.toLocaleString("en");
    element("count").textContent = count;
    element("last-state").textContent = `counter = ${count}`;
    element("state-topic").textContent = [...topic.bytes].map((byte) =>
      byte.toString(16).padStart(2, "0")
    ).join("") || "–";
  });
}

async function showEvents(client: ClientOf<typeof Counter>): Promise<void> {
  const list = element("events");
  const rows: HTMLLIElement[] = [];
  let own = false;
  let last: CounterEvent | undefined;
  for await (const { topic, payload } of client.events({ buffer: 1024 })) {
    // The page's own event comes twice: on the counter's topic, then in the lobby.
    const fromLobby = topic.isString;
    const again = fromLobby && own;
    own = !fromLobby;
    if (again) continue;
    if (!fromLobby) last = payload;
    rows.unshift(row(payload, fromLobby));
    rows.length = Math.min(rows.length, MAX_EVENTS_SHOWN);
    onNextFrame("events", () => {
      list.prepend(...rows.splice(0));
      if (last !== undefined) element("last-event").textContent = inWords(last);
      while (list.childElementCount > MAX_EVENTS_SHOWN) list.lastElementChild?.remove();
    });
  }
}

function inWords(event: CounterEvent): string {
  return event.type === "serverSentTest" ? event.type : `${event.type} ${event.from} → ${event.to}`;
}

function row(event: CounterEvent, fromLobby: boolean): HTMLLIElement {
  const from = event.type === "serverSentTest" ? "server" : fromLobby ? "other" : "you";
  const item = document.createElement("li");
  item.className = from;
  item.appendChild(document.createElement("b")).textContent = from;
  item.append(event.type);
  if (event.type !== "serverSentTest") {
    item.appendChild(document.createElement("span")).textContent = `${event.from} → ${event.to}`;
  }
  return item;
}

element("second").onclick = (event) => {
  // Beside this window, if the browser allows it.
  const { availWidth, availHeight } = screen;
  const half = Math.floor(availWidth / 2);
  const features = `popup,left=${half},width=${half},height=${availHeight}`;
  if (open(location.href, "second", features) !== null) event.preventDefault();
};

document.addEventListener("keydown", (event) => {
  if (event.target === amount || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = { ArrowUp: increment, ArrowDown: decrement, n: renew, b: burst }[event.key];
  if (target === undefined) return;
  if (event.target === element("events") && event.key.startsWith("Arrow")) return;
  event.preventDefault();
  target.click();
});
