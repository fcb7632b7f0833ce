/**
 * Nodes over NATS, for tests of faults.
 *
 * @module
 */
import { connect } from "@nats-io/transport-node";
import { natsBroker, type NatsBrokerOptions } from "../../bridges/nats.ts";
import type { Topic } from "../../wire/topic.ts";
import { freePort } from "../support/engine.ts";
import { findNatsServer, NatsServer } from "../support/nats_server.ts";
import { configuration, type LocalNode, localNode } from "./local_node.ts";
import { sleep } from "./members.ts";

/** The command that starts NATS. */
export const found = findNatsServer();
/** Why its tests are skipped, if they are. */
export const skip: string | false = found === undefined ? "nats-server is not installed" : false;

/** Start one with a configuration. */
export async function startNats(config = ""): Promise<NatsServer> {
  return await NatsServer.start(found ?? "", "-c", await configuration(config));
}

/** Options of a connection. */
export type Options = NonNullable<Parameters<typeof connect>[0]>;

/** A node over NATS, with a connection as documented but for some options. */
export async function natsNode(
  port: number,
  options: Options = {},
  joined: readonly Topic[] = [],
  brokerOptions: NatsBrokerOptions = {},
): Promise<LocalNode> {
  const nats = await connect({
    port,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    noEcho: true,
    ...options,
  });
  const node = await localNode(natsBroker(nats, brokerOptions), ...joined);
  return Object.assign(Object.create(node), {
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]();
      await nats.close();
    },
  });
}

/** A server of a cluster. */
export interface Clustered extends AsyncDisposable {
  readonly server: NatsServer;
  /** Where others reach it. */
  readonly routes: number;
}

/** Start one, and a second with the first's routes. */
export async function clustered(seed?: number): Promise<Clustered> {
  for (let attempt = 1;; attempt++) {
    const routes = await freePort();
    const path = await configuration(
      `cluster { name: c, listen: "127.0.0.1:${routes}", no_advertise: true` +
        (seed === undefined ? " }" : `, routes: ["nats://127.0.0.1:${seed}"] }`),
    );
    try {
      const server = await NatsServer.start(found ?? "", "-c", path);
      return { server, routes, [Symbol.asyncDispose]: () => server.kill() };
    } catch (error) {
      // Another process may have taken one of the two ports meanwhile.
      if (attempt === 3) throw error;
    }
  }
}

/** Wait until a message to one server arrives at another. */
export async function joined(from: number, to: number): Promise<void> {
  const [sender, receiver] = await Promise.all([from, to].map((port) => connect({ port })));
  let came = false;
  receiver!.subscribe("x", { callback: () => void (came = true) });
  while (!came) {
    sender!.publish("x");
    await sleep(20);
  }
  await Promise.all([sender!.close(), receiver!.close()]);
}
