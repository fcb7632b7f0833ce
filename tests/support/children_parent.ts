/**
 * Starts a child as tests do, prints its pid, and then throws, or hangs until it is killed.
 *
 * @module
 */
import process from "node:process";
import { spawnChild } from "./children.ts";

const { pid } = spawnChild("sleep", ["600"], {
  stdio: ["ignore", "ignore", "ignore"],
});
process.stdout.write(`${pid}\n`, () => {
  if (process.argv[2] === "throw") throw new Error("planned");
});
setInterval(() => {}, 1000);
