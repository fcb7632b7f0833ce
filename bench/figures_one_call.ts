/**
 * Figures of `one_call.ts`, from the record.
 *
 * @module
 */
import { number } from "./figures_rows.ts";
import { recorded, type Row, RUNTIMES } from "./record.ts";
import { digits } from "./statistics.ts";
import { formatRows } from "./table.ts";

const runs = (): (readonly Row[])[] =>
  RUNTIMES.map((runtime) => recorded(`one-call-${runtime}`)?.rows ?? []);

const ratio = (value: number): string => Number.isFinite(value) ? value.toFixed(2) : "–";

/** Time, its ratio to the raw socket's with the lowest and highest pair of processes, CPU. */
export function oneCallTable(): string {
  const all = runs();
  const lines = all.find(({ length }) => length > 0) ?? [];
  return formatRows(
    [
      "",
      ...["Deno", "Bun", "Node"].flatMap((
        name,
      ) => [`${name}: µs`, "÷ raw", "CPU µs: client", "server"]),
    ],
    lines.map(({ what, id, name }) => [
      `${what}: ${name}`,
      ...all.flatMap((rows) => {
        const row = rows.find((each) => each["what"] === what && each["id"] === id);
        const [middle, least, most] = ["ratio", "least", "most"].map((of) => number(row, of));
        return [
          digits(number(row, "us")),
          id === "raw" ? "1" : `${ratio(middle!)} (${ratio(least!)} to ${ratio(most!)})`,
          digits(number(row, "clientUs")),
          digits(number(row, "serverUs")),
        ];
      }),
    ]),
  );
}

/** The time of one call beside the raw socket's, in a sentence. */
export function oneCallSentence(): string {
  const all = runs();
  const each = (id: string): string => {
    const [deno, bun, node] = all.map((rows) =>
      ratio(number(rows.find((row) => row["what"] === "one call" && row["id"] === id), "ratio"))
    );
    return `${deno} (Deno), ${bun} (Bun) and ${node} (Node)`;
  };
  return `One call after the other takes ${
    each("hardlight")
  } times as long as an echo over a raw ` +
    `WebSocket in the same two processes, and a call by hand in MessagePack ${each("msgpackr")}.`;
}
