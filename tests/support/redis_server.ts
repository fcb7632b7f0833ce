/**
 * A real `redis-server` for tests.
 *
 * @module
 */
import { Engine, findEngine, freePort } from "./engine.ts";

/** Its command. */
export function findRedisServer(): string | undefined {
  return findEngine("redis-server");
}

/** A Redis server without persistence. */
export class RedisServer extends Engine {
  /** Start one on a free port. */
  static async start(command: string, ...more: string[]): Promise<RedisServer> {
    const port = await freePort();
    const args = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--dir", "/tmp"];
    const server = new RedisServer(command, port, [...args, "--appendonly", "no", ...more]);
    await server.start();
    return server;
  }
}
