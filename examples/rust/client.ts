/**
 * Calls a server of the Rust crate that serves the counter of its README: see `docs/from-rust.md`.
 *
 * ```sh
 * deno run --allow-net examples/rust/client.ts --port 8080
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { connect } from "../../client.ts";
import { Counter } from "../counter/service.ts";
import { option } from "../support.ts";

const port = option("port", 8080);
await using client = await connect(Counter, `wss://localhost:${port}`, { tls: "self-signed" });
await client.rpc.newCounter();
await client.rpc.increment({ amount: 3 });
console.log(await client.rpc.get()); // 3
// A Rust server sends state and answer in either order.
const { counter } = await client.state.until(({ counter }) => counter === 3);
console.log(counter); // 3
