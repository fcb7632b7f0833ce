/**
 * All that are measured, hardlight first.
 *
 * @module
 */
import { versionOf } from "./load.ts";
import type { RpcPeer } from "./types.ts";

/** A row of the table. */
export interface Entry {
  /** Its id for `--only` and for processes. */
  readonly id: string;
  /** Its name, with the package's version. */
  readonly name: string;
  /** Where it cannot be. */
  readonly notOn?: readonly string[];
  /** Loaded only in its own processes: no process loads two packages. */
  readonly load: () => Promise<RpcPeer>;
}

/** The rows. */
export const ENTRIES: readonly Entry[] = [
  {
    id: "raw-own",
    name: "raw echo, hardlight's client",
    // `ws`, which answers there, refuses the name of its subprotocol.
    notOn: ["node"],
    load: async () => (await import("./raw.ts")).own,
  },
  {
    id: "raw",
    name: "raw echo",
    load: async () => (await import("./raw.ts")).builtIn,
  },
  {
    id: "hardlight",
    name: "hardlight",
    load: async () => (await import("./hardlight.ts")).plain,
  },
  {
    id: "hardlight-0",
    name: "hardlight, level 0",
    load: async () => (await import("./hardlight.ts")).level0,
  },
  {
    id: "hardlight-state",
    name: "hardlight, changing state",
    load: async () => (await import("./hardlight.ts")).changing,
  },
  {
    id: "hardlight-tls",
    name: "hardlight, TLS",
    load: async () => (await import("./hardlight.ts")).secure,
  },
  {
    id: "msgpackr",
    name: `msgpackr ${versionOf("msgpackr")} by hand`,
    load: async () => (await import("./msgpackr.ts")).peer,
  },
  {
    id: "msgpackr-deflate",
    name: "the same, permessage-deflate",
    load: async () => (await import("./msgpackr.ts")).deflating,
  },
  {
    id: "capnweb",
    name: `Cap'n Web ${versionOf("capnweb")}`,
    load: async () => (await import("./capnweb.ts")).peer,
  },
  {
    id: "trpc",
    name: `tRPC ${versionOf("@trpc/server")}`,
    load: async () => (await import("./trpc.ts")).peer,
  },
  {
    id: "orpc",
    name: `oRPC ${versionOf("@orpc/server")}`,
    load: async () => (await import("./orpc.ts")).peer,
  },
  {
    id: "socket-io",
    name: `socket.io ${versionOf("socket.io")}`,
    load: async () => (await import("./socket_io.ts")).peer,
  },
  {
    id: "elysia",
    name: `Elysia ${versionOf("elysia")}, JSON by hand`,
    // Its WebSockets are Bun's.
    notOn: ["deno", "node"],
    load: async () => (await import("./elysia.ts")).peer,
  },
  {
    id: "hono",
    name: `Hono ${versionOf("hono")}, JSON by hand`,
    load: async () => (await import("./hono.ts")).peer,
  },
  {
    id: "kkrpc",
    name: `kkrpc ${versionOf("kkrpc")}`,
    load: async () => (await import("./kkrpc.ts")).peer,
  },
  {
    id: "colyseus",
    name: `Colyseus ${versionOf("@colyseus/core")}`,
    load: async () => (await import("./colyseus.ts")).peer,
  },
  {
    id: "centrifugo",
    name: "Centrifugo 6.9.1, in Go",
    load: async () => (await import("./centrifugo.ts")).peer,
  },
  {
    id: "rpc-websockets",
    name: `rpc-websockets ${versionOf("rpc-websockets")}`,
    load: async () => (await import("./rpc_websockets.ts")).peer,
  },
  {
    id: "grpc",
    name: `grpc-js ${versionOf("@grpc/grpc-js")}`,
    load: async () => (await import("./grpc.ts")).peer,
  },
  {
    id: "connect",
    name: `Connect ${versionOf("@connectrpc/connect")}`,
    load: async () => (await import("./connect_rpc.ts")).peer,
  },
];
