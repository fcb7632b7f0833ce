/**
 * Cost of a connection with an unknown fingerprint: of the first one, which makes the server compute all
 * older forms of its service, and of each later one.
 *
 * Run by itself: `deno run -A bench/ancestry.ts` or `bun bench/ancestry.ts`.
 *
 * @module
 */
import process from "node:process";
import { rpc, service, string, struct, u32, vec } from "../mod.ts";
import { Ancestry } from "../service/ancestry.ts";
import { digits, median } from "./statistics.ts";
import { formatTable, type Table } from "./table.ts";

const METHODS = [10, 100, 500] as const;
const TURNS = 15;
const UNKNOWN = "0000000000000000";

const Order = struct({ id: u32, items: vec(struct({ name: string, amount: u32 })) });

function timeOf(run: () => unknown): number {
  const before = performance.now();
  run();
  return performance.now() - before;
}

/** Time it, and make a table of it. */
export function runAncestry(): Table {
  const rows = METHODS.map((count) => {
    const methods = Array.from(
      { length: count },
      (_, i) => [`method${i}`, rpc({ id: u32 }, Order)],
    );
    const subject = service({ rpc: Object.fromEntries(methods) });
    const turns = Array.from({ length: TURNS }, () => {
      const ancestry = new Ancestry(subject as never);
      const ask = () => ancestry.includes("methods", UNKNOWN);
      return [timeOf(ask), timeOf(ask)] as const;
    });
    const first = turns.map(([ms]) => ms);
    return [
      `${count} methods`,
      digits(median(first)),
      digits(Math.max(...first)),
      digits(median(turns.map(([, ms]) => ms))),
    ];
  });
  return {
    title: "A client of an unknown form of the service",
    columns: ["ms", "first, p50", "first, most", "later, p50"],
    rows,
    notes: ["This blocks the event loop once for each server, before `authorize` is called."],
  };
}

if (import.meta.main) process.stdout.write(`${formatTable(runAncestry())}\n`);
