// m and s on sliders: eps stays, z = m + s eps moves, and so the mean of f(z) has a slope in m and in s.
// @ts-check

import { DARK, drawAxes, drawDots, drawLabel, drawLevel, drawLine, placesOf, xOf, yOf } from "./chart.js";
import { between, floats, written } from "./kit.js";
import { evenly, rendering, TWO_CHARTS } from "./sliders.js";

/** @typedef {import("./chart.js").Frame} Frame */
/** @typedef {import("./kit.js").Context} Context */
/** @typedef {import("./kit.js").Numbers} Numbers */
/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {{ low: number, step: number, values: Numbers, slopes: Numbers }} Table of f and f' at z = low, low + step, ... */
/** @typedef {{ m: number, s: number, count: number, mean?: number, byM?: number, byS?: number }} Answers */

const EPS = 150; // height of the line of eps above that of z, in CSS pixels where the chart is large
const ROOM = 62; // above it
const UNIT = 30; // the height of N(0, 1)
const TANGENT = 0.3; // of z: half of one, where it is flat

// Between two places of a table, on a straight line.
/** @type {(table: Table, values: Numbers, z: number) => number} */
function interpolated({ low, step }, values, z) {
  const place = between((z - low) / step, 0, values.length - 1.000001);
  const [i, share] = [Math.floor(place), place % 1];
  return (1 - share) * values[i] + share * values[i + 1];
}

// The mean of f over the dots z = m + s eps, and its gradient: z grows by 1 with m, and by eps with s.
/** @type {(table: Table, eps: Numbers, m: number, s: number) => { mean: number, byM: number, byS: number }} */
export function estimates(table, eps, m, s) {
  let [mean, byM, byS] = [0, 0, 0];
  for (let i = 0; i < eps.length; i++) {
    const slope = interpolated(table, table.slopes, m + s * eps[i]);
    mean += interpolated(table, table.values, m + s * eps[i]) / eps.length;
    byM += slope / eps.length;
    byS += (slope * eps[i]) / eps.length;
  }
  return { mean, byM, byS };
}

/** @type {(answers: Answers) => string} */
export function describe({ m, s, count, mean, byM, byS }) {
  const q = `m = ${written(m, 2)}, s = ${written(s, 2)}`;
  if (mean === undefined || byM === undefined || byS === undefined) {
    return `${q}: the ${count} draws z = m + s ε have moved, and no ε has.`;
  }
  const slopes = `${written(byM, 3)} with respect to m, ${written(byS, 3)} with respect to s`;
  return `${q}: the mean of f over these ${count} draws is ${written(mean, 3)}. Its gradient is ${slopes}.`;
}

/** @type {(host: import("./sliders.js").Host) => import("./sliders.js").View} */
function viewOf(host) {
  const [eps, ranges, shown] = [floats(host.get("_eps")), host.get("_ranges"), host.get("_shown")];
  const sent = host.get("_f");
  /** @type {Table?} */
  const table = sent && { ...sent, values: floats(sent.values), slopes: floats(sent.slopes) };
  /** @type {Answers} */
  let now = { m: 0, s: 1, count: eps.length };
  const zs = () => Array.from(eps, (one) => now.m + now.s * one);

  // Both lines have one scale; z = eps where m = 0 and s = 1.
  /** @type {import("./sliders.js").Chart} */
  const lines = {
    alt: host.get("_alt"),
    drags: [{ trait: "m" }],
    ranges: () => ({ across: shown, up: [0, EPS + ROOM] }),
    margin: { left: 10 },
    paint(context, frame, { approximation, prior, ink }) {
      const moved = zs();
      drawAxes(context, frame, { title: "draws ε from N(0, 1), and z = m + s ε", across: "z", ticked: false }, ink);
      drawHill(context, frame, EPS, { m: 0, s: 1 }, prior);
      drawHill(context, frame, 0, now, approximation);
      const style = { strokeStyle: "rgba(60, 60, 60, 0.45)", lineWidth: 0.8 };
      for (const [i, z] of moved.entries())
        drawLine(
          context,
          frame,
          [
            [eps[i], EPS],
            [z, 0],
          ],
          style,
        );
      drawLevel(context, frame, EPS, DARK, [], 1);
      drawDots(
        context,
        frame,
        Array.from(eps, (one) => [one, EPS]),
        DARK,
      );
      drawDots(
        context,
        frame,
        moved.map((z) => [z, 3]),
        approximation,
      );
      drawLabel(context, frame, "ε stays", 0, yOf(frame, EPS + 12), DARK);
      drawLabel(context, frame, "z moves", 0, yOf(frame, 12), approximation);
      drawLabel(
        context,
        frame,
        "q",
        xOf(frame, now.m),
        yOf(frame, Math.min(UNIT / now.s, EPS - 30) + 11),
        approximation,
      );
    },
  };

  /** @type {import("./sliders.js").Chart} */
  const height = {
    ranges: () => ({ across: shown, up: sent.range }),
    paint(context, frame, { approximation, exact, ink }) {
      const f = /** @type {Table} */ (table);
      const places = zs().map((z) => /** @type {Pair} */ ([z, interpolated(f, f.values, z)]));
      drawAxes(context, frame, { title: "f(z), and its slope at each draw", across: "z" }, ink);
      drawLine(context, frame, placesOf(f, f.values), { strokeStyle: exact });
      drawDots(context, frame, places, approximation);
      const steep = (yOf(frame, 0) - yOf(frame, 1)) / (xOf(frame, 1) - xOf(frame, 0)); // of a slope of 1, on the screen
      for (const [z, value] of places) {
        const slope = interpolated(f, f.slopes, z);
        const half = TANGENT / Math.hypot(1, steep * slope);
        drawLine(
          context,
          frame,
          [-half, half].map((by) => [z + by, value + by * slope]),
          { strokeStyle: DARK, lineWidth: 1.2 },
        );
      }
      const mean = /** @type {number} */ (now.mean);
      drawLevel(context, frame, mean, DARK);
      drawLabel(context, frame, `mean of f ${written(mean, 2)}`, frame.right, yOf(frame, mean) - 11, DARK);
    },
  };

  return {
    settings: [
      { trait: "m", label: "m, the mean of q", scale: evenly(ranges.m, 2) },
      { trait: "s", label: "s, its standard deviation", scale: evenly(ranges.s, 2) },
    ],
    charts: table ? [lines, height] : [lines],
    look() {
      const [m, s] = [host.get("m"), host.get("s")];
      now = { m, s, count: eps.length, ...(table && estimates(table, eps, m, s)) };
    },
    describe: () => describe(now),
  };
}

// The density of N(m, s^2) over a line at this height.
/** @type {(context: Context, frame: Frame, line: number, gaussian: { m: number, s: number }, colour: string) => void} */
function drawHill(context, frame, line, { m, s }, colour) {
  const deviations = Array.from({ length: 81 }, (_, i) => i / 10 - 4);
  const height = (/** @type {number} */ k) => line + (UNIT / s) * Math.exp(-0.5 * k * k);
  const places = deviations.map((k) => /** @type {Pair} */ ([m + k * s, height(k)]));
  drawLine(context, frame, places, { strokeStyle: colour, fillStyle: `${colour}33`, lineWidth: 1.5 });
}

export default { render: rendering("reparametrization", TWO_CHARTS, viewOf) };
