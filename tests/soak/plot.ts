/**
 * {@linkcode plot}: memory over time as SVG.
 *
 * @module
 */

const WIDTH = 800;
const HEIGHT = 300;
const MARGIN = 50;

/** Draw samples as one line, from 0 MiB up. */
export function plot(
  samples: readonly { readonly seconds: number; readonly mebibytes: number }[],
): string {
  const maxSeconds = Math.max(1, ...samples.map(({ seconds }) => seconds));
  const maxMebibytes = Math.max(1, ...samples.map(({ mebibytes }) => mebibytes)) * 1.1;
  const x = (seconds: number): number => MARGIN + seconds / maxSeconds * (WIDTH - 2 * MARGIN);
  const y = (mebibytes: number): number =>
    HEIGHT - MARGIN - mebibytes / maxMebibytes * (HEIGHT - 2 * MARGIN);
  const points = samples.map(({ seconds, mebibytes }) =>
    `${x(seconds).toFixed(1)},${y(mebibytes).toFixed(1)}`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>
<path d="M${MARGIN} ${MARGIN}V${HEIGHT - MARGIN}H${WIDTH - MARGIN}" fill="none" stroke="gray"/>
<polyline points="${points.join(" ")}" fill="none" stroke="steelblue" stroke-width="2"/>
<text x="${MARGIN}" y="${MARGIN - 10}">memory, ${maxMebibytes.toFixed(0)} MiB at the top</text>
<text x="${WIDTH - MARGIN}" y="${HEIGHT - MARGIN + 20}" text-anchor="end">${maxSeconds} s</text>
</svg>
`;
}
