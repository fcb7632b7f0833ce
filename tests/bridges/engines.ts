/**
 * The engines that nodes are tested over.
 *
 * @module
 */
import { connect } from "@nats-io/transport-node";
import { createClient } from "redis";
import { natsBroker } from "../../bridges/nats.ts";
import { redisBroker } from "../../bridges/redis.ts";
import type { Broker } from "../../wire/broker.ts";
import { type Engine, findEngine } from "../support/engine.ts";
import { NatsServer } from "../support/nats_server.ts";
import { RedisServer } from "../support/redis_server.ts";

/** An engine. */
export type EngineId = "nats" | "redis";

/** A broker, and its connection. */
export interface OpenBroker {
  readonly broker: Broker;
  close(): Promise<void> | void;
}

/** A broker over an engine's server on loopback, as documented. */
export async function openBroker(engine: EngineId, port: number): Promise<OpenBroker> {
  if (engine === "nats") {
    const nats = await connect({
      port,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      noEcho: true,
    });
    return { broker: natsBroker(nats), close: () => nats.close() };
  }
  const redis = createClient({ socket: { port, host: "127.0.0.1" } });
  redis.on("error", () => {});
  return { broker: redisBroker(redis), close() {} };
}

/** Where an engine's server is installed; if it is not, why tests are skipped. */
export function findServer(
  engine: EngineId,
): { readonly start: () => Promise<Engine>; readonly skip: string | false } {
  const command = findEngine(`${engine}-server`);
  return {
    start: () => (engine === "nats" ? NatsServer : RedisServer).start(command ?? ""),
    skip: command === undefined ? `${engine}-server is not installed` : false,
  };
}
