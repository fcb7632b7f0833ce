/**
 * A real `nats-server` for tests, benchmarks and examples.
 *
 * @module
 */
import { Engine, findEngine, freePort } from "./engine.ts";

/** Its command. */
export function findNatsServer(): string | undefined {
  return findEngine("nats-server");
}

/** A NATS server. */
export class NatsServer extends Engine {
  /** Start one on a free port. */
  static async start(command: string, ...args: string[]): Promise<NatsServer> {
    const port = await freePort();
    const server = new NatsServer(command, port, ["-a", "127.0.0.1", "-p", String(port), ...args]);
    await server.start();
    return server;
  }
}
