// One pixel, one latent: the joint p(x, z) as a picture, its slice at x, and what the lecture does with it.
// @ts-check

import {
  drawAxes,
  drawCurve,
  drawDot,
  drawLabel,
  drawLevel,
  drawLine,
  heightAt,
  placesOf,
  valueAt,
  xOf,
  yOf,
} from "./chart.js";
import { between, button, bytes, drawBar, FONT, floats, write, written } from "./kit.js";
import { heatPicture, SCALE, showScale } from "./plane.js";
import { evenly, rendering } from "./sliders.js";

/** @typedef {import("./kit.js").Context} Context */
/** @typedef {import("./kit.js").Numbers} Numbers */
/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {import("./chart.js").Frame} Frame */
/** @typedef {import("./sliders.js").Chart} Chart */
/** @typedef {{ low: number, step: number, d: Numbers, sigma: number }} World d at z = low, low + step, ... */
/** @typedef {{ m: number, s: number }} Gaussian */
/** @typedef {{ x: number, logP: number, mode: number, q: Gaussian, elbo: number, kl: number }} Answers log p(x), ELBO and KL in nats */

const HEADROOM = 1.2; // above the highest curve, for its label
const NATS = 5; // that the bar shows below log p(x)
const ROWS = 160; // of the heat picture

/** @type {(value: number, mean: number, sd: number) => number} log N(value; mean, sd^2) */
const logNormal = (value, mean, sd) => -0.5 * ((value - mean) / sd) ** 2 - Math.log(sd * Math.sqrt(2 * Math.PI));

// log p(x, z) at each z of the grid: the slice of the joint at x, as logarithms.
/** @type {(world: World, x: number) => Float64Array} */
export function logJoints({ low, step, d, sigma }, x) {
  return Float64Array.from(d, (mean, i) => logNormal(low + i * step, 0, 1) + logNormal(x, mean, sigma));
}

// log p(x): the logarithm of the slice's area.
/** @type {(world: World, logs: Numbers) => number} */
export function logEvidence({ step }, logs) {
  let [highest, sum] = [-Infinity, 0];
  for (let i = 0; i < logs.length; i++) highest = Math.max(highest, logs[i]);
  for (let i = 0; i < logs.length; i++) sum += Math.exp(logs[i] - highest);
  return highest + Math.log(sum * step);
}

// MAP: the z of the slice's top, between grid points by the parabola through the three highest.
/** @type {(world: World, logs: Numbers) => number} */
export function mode({ low, step }, logs) {
  let best = 0;
  for (let i = 0; i < logs.length; i++) if (logs[i] > logs[best]) best = i;
  const [left, top, right] = [logs[best - 1], logs[best], logs[best + 1]]; // the grid ends far from any top
  return low + step * (best + (left - right) / (2 * (left - 2 * top + right)));
}

// ELBO and KL(q || p(z given x)) in nats, each a sum over the grid.
/** @type {(world: World, logs: Numbers, q: Gaussian) => { elbo: number, kl: number }} */
export function bound(world, logs, { m, s }) {
  const logP = logEvidence(world, logs);
  let [elbo, kl] = [0, 0];
  for (let i = 0; i < logs.length; i++) {
    const logQ = logNormal(world.low + i * world.step, m, s);
    const mass = Math.exp(logQ) * world.step;
    elbo += mass * (logs[i] - logQ);
    kl += mass * (logQ - (logs[i] - logP));
  }
  return { elbo, kl };
}

// The q with the highest ELBO: from the best of a few, steps along m and along log s, halved when none leads higher.
/** @type {(world: World, logs: Numbers, ranges: { m: Pair, s: Pair }) => Gaussian} */
export function bestGaussian(world, logs, ranges) {
  const elbo = (/** @type {Gaussian} */ q) => bound(world, logs, q).elbo;
  /** @param {Gaussian[]} few */
  function best(few) {
    const allowed = few.map(({ m, s }) => ({ m: between(m, ...ranges.m), s: between(s, ...ranges.s) }));
    return allowed.reduce((a, b) => (elbo(b) > elbo(a) ? b : a));
  }
  let at = best([0.1, 0.6].flatMap((s) => Array.from({ length: 71 }, (_, i) => ({ m: i / 10 - 3.5, s }))));
  for (let step = 0.5; step > 1e-3; ) {
    const { m, s } = at;
    const [less, more] = [s / Math.exp(step), s * Math.exp(step)];
    const next = best([
      { m: m + step * s, s },
      { m: m - step * s, s },
      { m, s: less },
      { m, s: more },
    ]);
    if (elbo(next) > elbo(at)) at = next;
    else step /= 2;
  }
  return at;
}

// How many decimals a value in this range is kept at: a few hundred values.
/** @param {Pair} range */
export const decimals = ([low, high]) => Math.max(0, Math.ceil(2 - Math.log10(high - low)));

// A density with three digits.
const density = (/** @type {number} */ value) => written(Number(value.toPrecision(3)));

// The sentence: what is switched on, in the lecture's order.
/** @type {(parts: string[], answers: Answers, places: number) => string} */
export function describe(parts, { x, logP, mode, q, elbo, kl }, places) {
  const words = [`At x = ${written(x, places)}`];
  const p = Math.exp(logP);
  const above = p > 1 ? " (above 1: a density, not a probability)" : "";
  if (parts.includes("area")) words.push(`p(x) = ${density(p)}${above}, log p(x) = ${written(logP, 2)} nats`);
  if (parts.includes("top")) words.push(`MAP: z = ${written(mode, 2)}`);
  if (parts.includes("q")) words.push(`q = N(${written(q.m, 2)}, ${written(q.s, 2)}²)`);
  const sum = `ELBO = ${written(elbo, 2)}, KL = ${written(kl, 2)}, log p(x) = ${written(logP, 2)} nats`;
  if (parts.includes("bar")) words.push(sum);
  return `${words[0]}${words.length > 1 ? ": " : ""}${words.slice(1).join("; ")}.`;
}

// The joint where it is shown: row 0 is the lightest ink.
/** @type {(world: World, shown: Pair, ink: Pair) => import("./plane.js").Heat} */
export function heatOf(world, shown, ink) {
  const [first, last] = shown.map((z) => Math.round((z - world.low) / world.step));
  const columns = last - first + 1;
  const part = { ...world, low: shown[0], d: Array.from(world.d).slice(first, last + 1) };
  const values = new Float32Array(ROWS * columns);
  for (let row = 0; row < ROWS; row++) {
    const x = ink[0] + ((ink[1] - ink[0]) * (row + 0.5)) / ROWS;
    values.set(logJoints(part, x).map(Math.exp), row * columns);
  }
  const high = values.reduce((a, b) => Math.max(a, b));
  return { values, columns, extent: [...shown, ...ink], low: 0, high, label: "p(x, z), a density" };
}

// What the curves are, beside their colours.
/** @type {(parts: string[], divided: boolean, logP: number, palette: { exact: string, approximation: string }) => [string, string][]} */
function namesOf(parts, divided, logP, { exact, approximation }) {
  const area = parts.includes("area") ? `, area p(x) = ${density(Math.exp(logP))}` : "";
  const curve = divided ? "posterior p(z given x)" : `slice${area || " p(x, z)"}`;
  if (!parts.includes("q")) return [[divided ? `${curve}, area 1` : curve, exact]];
  return [
    [curve, exact],
    [divided ? "q(z)" : "p(x) q(z)", approximation],
  ];
}

// Marks of two colours with their names, above a picture.
/** @type {(context: Context, left: number, names: [string, string][], ink: string) => void} */
function drawNames(context, left, names, ink) {
  context.font = `12px ${FONT}`;
  for (const [name, colour] of names) {
    Object.assign(context, { fillStyle: colour }).fillRect(left, 7, 14, 4);
    write(context, name, left + 19, 9, { textAlign: "left", fillStyle: ink });
    left += context.measureText(name).width + 34;
  }
}

const PARTS = `<div class="panels">
  <div><div class="joint"><canvas class="chart"></canvas></div><div class="slice"><canvas class="chart"></canvas></div></div>
  <div class="side">
    <canvas class="bar chart"></canvas><div class="settings"></div><div class="buttons"></div><p class="hint"></p>
    ${SCALE}
  </div>
</div>`;

const NAMES = { x: "x, the pixel's ink", m: "m, the mean of q", s: "s, the standard deviation of q" };

/** @type {(host: import("./sliders.js").Host, find: (selector: string) => any) => import("./sliders.js").View} */
function viewOf(host, find) {
  /** @type {string[]} */
  const parts = host.get("_parts");
  const has = (/** @type {string} */ part) => parts.includes(part);
  /** @type {{ x: Pair, m: Pair, s: Pair }} */
  const ranges = host.get("_ranges");
  const { shown, ...grid } = host.get("_grid");
  /** @type {World} */
  const world = { ...grid, d: floats(host.get("_curve")), sigma: host.get("_sigma") };
  const heat = heatOf(world, shown, ranges.x);
  const picture = heatPicture(heat, bytes(host.get("_colours")));
  showScale(find(".scale"), heat, bytes(host.get("_colours")));
  /** @type {Answers} */
  let now;
  /** @type {Float64Array} */
  let logs;
  let divided = false;
  // p(x, z), or divided by p(x); q has the same scale, so that shapes can be compared.
  const unit = () => (divided ? now.logP : 0);
  const q = (/** @type {number} */ z) => Math.exp(logNormal(z, now.q.m, now.q.s) + now.logP - unit());
  const top = () => Math.exp(Math.max(...logs) - unit());

  /** @type {Chart} */
  const joint = {
    alt: host.get("_alt"),
    drags: [
      {
        trait: "x",
        value: (frame, _, y) => heightAt(frame, y),
        ring: (frame) => [frame.right - 9, yOf(frame, now.x)],
        upright: true,
      },
    ],
    ranges: () => ({ across: shown, up: ranges.x }),
    margin: { left: 48, bottom: 6 },
    paint(context, frame, { handle, data, ink }) {
      const { left, right, top, bottom } = frame;
      drawAxes(context, frame, { title: "joint p(x, z); the white curve is d(z)", up: "pixel's ink, x" }, ink);
      context.drawImage(picture, left, top, right - left, bottom - top);
      drawLine(context, frame, placesOf(world, world.d), { strokeStyle: "#fff", lineWidth: 1 });
      drawLevel(context, frame, now.x, "#fff", [], 4);
      drawLevel(context, frame, now.x, handle, [], 2);
      if (has("top")) drawDot(context, frame, now.mode, now.x, data, 4);
    },
  };

  /** @type {Chart} */
  const slice = {
    alt: "The slice of the joint at x, over the latent z",
    drags: has("q")
      ? [
          { trait: "m", ring: (frame) => [xOf(frame, now.q.m), frame.bottom] },
          { trait: "s", value: (frame, x) => valueAt(frame, x) - now.q.m, ring: ringOfS },
        ]
      : [],
    // Undivided it keeps its scale from x to x, so that its area can be seen to change.
    ranges() {
      const highest = divided ? Math.max(top(), has("q") ? q(now.q.m) : 0) : 1 / (2 * Math.PI * world.sigma);
      return { across: shown, up: [0, HEADROOM * highest] };
    },
    margin: { left: 48 },
    paint(context, frame, { exact, approximation, data, ink }) {
      const heights = logs.map((log) => Math.exp(log - unit()));
      const filled = divided || has("area") ? `${exact}33` : undefined;
      drawAxes(context, frame, { title: "", across: "latent, z", up: "density" }, ink);
      drawNames(context, frame.left, namesOf(parts, divided, now.logP, { exact, approximation }), ink);
      drawLine(context, frame, placesOf(world, heights), { strokeStyle: exact, fillStyle: filled });
      if (has("q")) drawCurve(context, frame, q, approximation, [], 2.5);
      if (!has("top")) return;
      drawLine(
        context,
        frame,
        [
          [now.mode, 0],
          [now.mode, top()],
        ],
        { strokeStyle: data, lineWidth: 1 },
      );
      drawDot(context, frame, now.mode, top(), data, 4);
      drawLabel(context, frame, `MAP: z = ${written(now.mode, 2)}`, xOf(frame, now.mode), yOf(frame, top()) - 14, data);
    },
  };
  /** @type {(frame: Frame) => Pair} */
  function ringOfS(frame) {
    const z = now.q.m + now.q.s;
    return [Math.min(frame.right, xOf(frame, z)), Math.max(frame.top, yOf(frame, q(z)))];
  }

  /** @type {Chart} */
  const bar = {
    alt: "log p(x) as a bar, made up of the ELBO and of the KL",
    ranges: () => ({ across: [0, 1], up: [0, 1] }),
    margin: { left: 0, top: 0, right: 0, bottom: 0 },
    paint(context, { right, bottom }, palette) {
      drawBar(context, right, bottom, { low: now.logP - NATS, logP: now.logP, elbo: now.elbo }, palette);
    },
  };

  const setting = (/** @type {"x" | "m" | "s"} */ trait) => {
    return { trait, label: NAMES[trait], scale: evenly(ranges[trait], decimals(ranges[trait])) };
  };
  const [x, m, s] = [setting("x"), setting("m"), setting("s")];
  function moveToBest() {
    const best = bestGaussian(world, logs, ranges);
    host.set({ m: m.scale.toValue(best.m), s: s.scale.toValue(best.s) });
  }
  if (has("q")) button(find(".buttons"), "best Gaussian", moveToBest);
  find(".hint").textContent = `Drag the line x${has("q") ? ", m and s" : ""}, or use the arrow keys.`;
  const divides = has("posterior") && (has("area") || has("top"));

  return {
    settings: has("q") ? [x, m, s] : [x],
    ticks: divides ? [{ trait: "divided", label: "divide the slice by its area" }] : [],
    charts: has("bar") ? [joint, slice, bar] : [joint, slice],
    look() {
      const [x, q] = [host.get("x"), { m: host.get("m"), s: host.get("s") }];
      divided = host.get("divided");
      logs = logJoints(world, x);
      now = { x, logP: logEvidence(world, logs), mode: mode(world, logs), q, ...bound(world, logs, q) };
    },
    describe: () => describe(parts, now, decimals(ranges.x)),
  };
}

export default { render: rendering("pixel", PARTS, viewOf) };
