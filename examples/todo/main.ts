/**
 * The to-do list, server and client in one process.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { connect } from "../../client.ts";
import { serve } from "../../server.ts";
import { todo } from "./handler.ts";
import { Todo } from "./service.ts";

await using server = await serve(Todo, { port: 0, tls: "self-signed" }, todo);
await using client = await connect(Todo, server.url, { tls: { fingerprint: server.fingerprint! } });

const write = await client.rpc.create({
  task: { text: "Write a server", status: { type: "todo" } },
});
const read = await client.rpc.create({ task: { text: "Read its docs", status: { type: "todo" } } });
await client.rpc.markAsDone({ id: [write] });
console.log("get() →", await client.rpc.get({ ids: [write, read] }));
await client.rpc.deleteDoneTasks();
console.log("state:", client.state.current);
