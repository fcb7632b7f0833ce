/**
 * {@linkcode NatsClusters}: the state of a cluster, shared by all prefixes.
 *
 * @module
 */
import type { BrokerNode } from "../wire/broker.ts";
import { NatsCluster } from "./nats_cluster.ts";
import type { NatsConnection } from "./nats_connection.ts";

/** A cluster by each prefix: nodes that share any know of each other's servers. */
export class NatsClusters {
  readonly #node: BrokerNode;
  readonly #clusters: readonly NatsCluster[];
  /** Servers whose nodes are not heard. */
  #silent: ReadonlySet<string> = new Set();
  /** Counts the times that the connection came or went. */
  #turn = 0;

  /** Create for a node, which is notified of its link's status. */
  constructor(connection: NatsConnection, prefixes: readonly string[], node: BrokerNode) {
    this.#node = node;
    this.#clusters = prefixes.map((prefix) =>
      new NatsCluster(connection, prefix, () => this.#onChange())
    );
  }

  /** The connection is there. The link is up when the other servers of a cluster know of this one. */
  async join(): Promise<void> {
    const turn = ++this.#turn;
    await Promise.all(this.#clusters.map((cluster) => cluster.join()));
    if (this.#turn === turn) this.#up();
  }

  #up(): void {
    this.#node.link("up");
    this.#tellSilent();
  }

  #onChange(): void {
    const before = this.#silent;
    this.#silent = new Set(
      this.#clusters.flatMap((cluster) => cluster.silent)
        .filter((server) => !this.#clusters.some((cluster) => cluster.hears(server))),
    );
    if ([...before].some((server) => !this.#silent.has(server))) this.#up();
    else if (this.#silent.size > before.size) this.#tellSilent();
  }

  #tellSilent(): void {
    if (this.#silent.size === 0) return;
    const servers = [...this.#silent].join(", ");
    const error = new Error(`nothing comes from nodes at NATS server ${servers}`);
    this.#node.link("partial", error);
  }

  /** The connection is down. */
  rest(): void {
    this.#turn++;
    for (const cluster of this.#clusters) cluster.rest();
  }

  /** Resolves when every other server that is heard knows what was subscribed before. */
  async know(): Promise<void> {
    await Promise.all(this.#clusters.map((cluster) => cluster.know()));
  }

  /** Take part no more. */
  close(): void {
    this.#turn++;
    for (const cluster of this.#clusters) cluster.close();
  }
}
