/**
 * The load of a thousand nodes and ten million connections on a broker, with a random node for each client:
 * `deno run scripts/simulate_nodes.ts [nodes] [connections]`.
 *
 * It opens no connections. Two costs are from `bench/broker.ts`; the rest is counted.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";

/** Microseconds of a core for one event to one local subscriber, sent singly. Measured. */
const DELIVERY_US = 10;
/** Topics a second that one node of Deno subscribes at one NATS server after its return. Measured. */
const SUBSCRIBES_PER_SECOND = 200_000;
/** Milliseconds over which a node that closes spreads its clients, for each of them. `CloseOptions`. */
const SPREAD_MS_PER_CONNECTION = 0.5;

/** Topics of one kind, and their traffic. */
interface Shape {
  readonly name: string;
  readonly topics: number;
  /** Clients on each. */
  readonly clients: number;
  /** Events a second on each. */
  readonly perSecond: number;
  /** Nodes that a topic's clients are kept on; absent, all. */
  readonly homes?: number;
}

const nodes = Number(process.argv[2] ?? 1000);
const connections = Number(process.argv[3] ?? 10_000_000);

/** The same numbers in each run. */
let seed = 1;
function random(below: number): number {
  seed = Math.imul(seed ^ seed >>> 15, 0x2c1b_3c6d) + 0x9e37_79b9 | 0;
  return ((seed ^ seed >>> 13) >>> 0) % below;
}

const SHAPES: readonly Shape[] = [
  { name: "rooms of 100", topics: connections / 100, clients: 100, perSecond: 0.1 },
  {
    name: "rooms of 100, on 4 nodes each",
    topics: connections / 100,
    clients: 100,
    perSecond: 0.1,
    homes: 4,
  },
  { name: "pairs", topics: connections / 2, clients: 2, perSecond: 0.1 },
  { name: "a topic a user", topics: connections, clients: 1, perSecond: 0.01 },
  { name: "one topic, 1 event/s", topics: 1, clients: connections, perSecond: 1 },
  { name: "one topic, 100 events/s", topics: 1, clients: connections, perSecond: 100 },
];

const count = (value: number): string => Math.round(value).toLocaleString("en-US");

function table(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  console.log(`\n### ${title}\n`);
  for (const row of [columns, columns.map((_, i) => i === 0 ? "---" : "---:"), ...rows]) {
    console.log(`| ${row.join(" | ")} |`);
  }
}

/** Draw a shape's clients, and count the nodes that subscribe to each topic. */
function place({ name, topics, clients, perSecond, homes = nodes }: Shape): string[] {
  const topicsOf = new Uint32Array(nodes);
  const seen = new Int32Array(nodes).fill(-1);
  let interest = 0;
  for (let topic = 0; topic < topics; topic++) {
    const home = random(nodes);
    // With so many clients it is practically certain that every node has one.
    const draws = Math.min(clients, 40 * nodes);
    for (let client = 0; client < draws; client++) {
      const node = (home + random(homes)) % nodes;
      if (seen[node] === topic) continue;
      seen[node] = topic;
      topicsOf[node]!++;
      interest++;
    }
  }
  const most = topicsOf.reduce((a, b) => Math.max(a, b), 0);
  const into = topics * perSecond;
  const out = interest * perSecond;
  const deliveries = topics * clients * perSecond / nodes;
  return [
    name,
    count(most),
    count(interest),
    count(into),
    count(out),
    count(out / nodes),
    count(deliveries),
    `${count(deliveries * DELIVERY_US / 1e4)} %`,
    `${(interest / SUBSCRIBES_PER_SECOND).toFixed(1)} s`,
  ];
}

table(`${count(nodes)} nodes, ${count(connections)} connections`, [
  "load",
  "topics on the fullest node",
  "subscriptions at the engine",
  "events/s into it",
  "messages/s out of it",
  "messages/s into a node",
  "writes/s of a node",
  "of a core",
  "all subscribed again by one server",
], SHAPES.map(place));

/** Close nodes `atOnce` at a time, let their clients land on the others, and start new ones. */
function deploy(atOnce: number, choices: number): string[] {
  const load = new Uint32Array(nodes).fill(connections / nodes);
  let most = 0;
  let seconds = 0;
  let moves = 0;
  let fastest = 0;
  for (let first = 0; first < nodes; first += atOnce) {
    const last = Math.min(first + atOnce, nodes);
    let leaving = 0;
    let spreadMs = 0;
    for (let node = first; node < last; node++) {
      leaving += load[node]!;
      spreadMs = Math.max(spreadMs, load[node]! * SPREAD_MS_PER_CONNECTION);
      load[node] = 0;
    }
    for (let client = 0; client < leaving; client++) {
      let to = -1;
      for (let choice = 0; choice < choices; choice++) {
        const other = random(nodes - (last - first));
        const node = other < first ? other : other + last - first;
        if (to === -1 || load[node]! < load[to]!) to = node;
      }
      load[to]!++;
    }
    moves += leaving;
    seconds += spreadMs / 1000;
    fastest = Math.max(fastest, leaving / (spreadMs / 1000));
    most = Math.max(most, load.reduce((a, b) => Math.max(a, b), 0));
  }
  const least = load.reduce((a, b) => Math.min(a, b));
  return [
    `${count(atOnce)}, ${choices === 1 ? "at random" : `the emptiest of ${choices}`}`,
    `${(seconds / 60).toFixed(1)} min`,
    count(fastest),
    (moves / connections).toFixed(2),
    count(most),
    count(least),
  ];
}

table(
  "A deploy, so many nodes at a time",
  [
    "nodes at a time, clients to",
    "takes, restarts aside",
    "connects/s, at most",
    "moves of a client, on average",
    "connections on the fullest node",
    "on the emptiest, at the end",
  ],
  [[1, 1], [50, 1], [1, 2], [50, 2], [50, 10]].map(([atOnce = 1, choices = 1]) =>
    deploy(Math.max(1, Math.round(atOnce * nodes / 1000)), choices)
  ),
);
