/**
 * {@linkcode levelChart}: bytes saved against time.
 *
 * @module
 */
import { Canvas, colour, logScale, logTicks, microseconds } from "./svg.ts";

/** A payload at a level. */
export interface LevelPoint {
  readonly kind: string;
  readonly bytes: number;
  /** At level 9; else at the default one. */
  readonly isMost: boolean;
  /** Time beyond level 0's, there and back, both ends together. */
  readonly us: number;
  /** Part of the bytes. */
  readonly saved: number;
}

const WIDTH = 960;
const HEIGHT = 480;
const PLOT = { left: 70, right: WIDTH - 240, top: 60, bottom: HEIGHT - 50 };
/** Shorter times are noise. */
const LEAST_US = 1;
/** Payloads that are stored send a few bytes more than they have. */
const LEAST_SAVED = -0.15;

/** A dot for each payload and level: filled at the default level, hollow at level 9. */
export function levelChart(points: readonly LevelPoint[]): string {
  const canvas = new Canvas(WIDTH, HEIGHT, "Bytes saved against time that it takes, Bun");
  const high = Math.max(10, ...points.map(({ us }) => us));
  const x = logScale(LEAST_US, high, PLOT.left, PLOT.right);
  const y = (saved: number): number =>
    PLOT.bottom - (saved - LEAST_SAVED) / (1 - LEAST_SAVED) * (PLOT.bottom - PLOT.top);
  for (const us of logTicks(LEAST_US, high)) {
    canvas.rule(x(us), PLOT.top, x(us), PLOT.bottom);
    canvas.text(x(us), PLOT.bottom + 18, microseconds(us), { anchor: "middle" });
  }
  for (const saved of [0, 0.25, 0.5, 0.75]) {
    canvas.rule(PLOT.left, y(saved), PLOT.right, y(saved));
    canvas.text(PLOT.left - 6, y(saved) + 4, `${saved * 100} %`, { anchor: "end" });
  }
  canvas.text(
    PLOT.left,
    PLOT.bottom + 38,
    "time beyond level 0, there and back, both ends together (≤ 1 µs at the left edge)",
  );
  const kinds = [...new Set(points.map(({ kind }) => kind))];
  for (const { kind, bytes, isMost, us, saved } of points) {
    const stroke = colour(kinds.indexOf(kind) * 2 + 2);
    const fill = isMost ? "none" : stroke;
    const radius = 3 + Math.log2(bytes / 100) / 1.5;
    const [cx, cy] = [x(us).toFixed(1), y(saved).toFixed(1)];
    canvas.add(
      `<circle cx="${cx}" cy="${cy}" r="${
        radius.toFixed(1)
      }" fill="${fill}" fill-opacity="0.6" stroke="${stroke}" stroke-width="1.6"/>`,
    );
  }
  kinds.forEach((kind, i) => {
    const row = PLOT.top + 12 + i * 20;
    canvas.add(
      `<circle cx="${PLOT.right + 28}" cy="${row - 4}" r="6" fill="${colour(i * 2 + 2)}"/>`,
    );
    canvas.text(PLOT.right + 42, row, kind);
  });
  const notes = ["filled: the default level", "hollow: level 9", "larger: 200 B to 16 KiB"];
  notes.forEach((note, i) =>
    canvas.text(PLOT.right + 22, PLOT.top + 12 + (kinds.length + 1 + i) * 20, note)
  );
  return canvas.toString();
}
