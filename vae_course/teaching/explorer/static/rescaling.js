// c on a slider: codes times c, the decoder's first layer divided by c, and no decoded image changes.
// @ts-check

import { DARK, drawAxes, drawCurve, drawDot, drawLabel, drawLevel, yOf } from "./chart.js";
import { decode } from "./inference.js";
import { bytes, floats, smallImage, written } from "./kit.js";
import { createPlane } from "./plane.js";
import { byFactors, rendering, threeDigits } from "./sliders.js";

/** @typedef {import("./inference.js").Network} Network */
/** @typedef {import("./kit.js").Numbers} Numbers */
/** @typedef {{ c: number, squared: number, nats: number, within: number }} Rescaling `squared`: the mean |z|² at c = 1; `nats`: log p(x given z); `within`: share of the codes */

const WITHIN_1 = 1 - Math.exp(-1 / 2); // of N(0, I) in two dimensions
const DRAWN = 600; // codes, the first ones; more would make the movement stutter
const STEPS = 16 * 7; // of c, sixteen for each factor of 2: c = 1 is one of them

// The mean log p(z) of the codes times c, in nats.
/** @type {(squared: number, c: number) => number} */
export const logPrior = (squared, c) => -Math.log(2 * Math.PI) - (c ** 2 * squared) / 2;

// The share of the codes (z1, z2, z1, ...) that lie within radius 1 when they are multiplied by c.
/** @type {(Z: Numbers, c: number) => number} */
export function shareWithin(Z, c) {
  let count = 0;
  for (let i = 0; i < Z.length; i += 2) if (c * Math.hypot(Z[i], Z[i + 1]) <= 1) count++;
  return (2 * count) / Z.length;
}

// W / c and b in the first layer: for c z it computes what it did for z.
/** @type {(decoder: Network, c: number) => Network} */
export function rescaled(decoder, c) {
  const count = decoder.sizes[0] * decoder.sizes[1];
  return { ...decoder, weights: Float32Array.from(decoder.weights, (w, i) => (i < count ? w / c : w)) };
}

/** @type {(now: Rescaling) => string} */
export function describe({ c, squared, nats, within }) {
  const [here, before] = [logPrior(squared, c), logPrior(squared, 1)];
  const moved = c === 1 ? "" : ` (${written(before, 2)} at c = 1)`;
  const percent = (/** @type {number} */ share) => `${written(100 * share, 0)}%`;
  const sum = `log p(x given z) stays ${written(nats, 2)}, log p(z) is ${written(here, 2)}${moved}, together ${written(nats + here, 2)} nats per image`;
  return `c = ${threeDigits(c)}: ${sum}. ${percent(within)} of the codes lie within radius 1; for N(0, I) it is ${percent(WITHIN_1)}.`;
}

const PARTS = `<div class="panels">
  <div><div></div></div>
  <div class="side"><canvas class="chart"></canvas><div class="decoded"><p class="hint">decoded from c z with W / c</p><div class="images"></div></div></div>
</div><div class="settings"></div>`;

/** @type {(host: import("./sliders.js").Host, find: (selector: string) => any) => import("./sliders.js").View} */
function viewOf(host, find) {
  const [Z, labels] = [floats(host.get("_codes")), bytes(host.get("_labels"))];
  const [nats, sent, extent] = [host.get("_nats"), host.get("_decoder"), host.get("_extent")];
  const squared = Z.reduce((sum, z) => sum + z * z, 0) / labels.length;
  /** @type {import("./kit.js").Pair} */
  const range = host.get("_ranges").c;
  const gain = (/** @type {number} */ c) => logPrior(squared, c) - logPrior(squared, 1);
  let c = 1;

  const plane = createPlane(find(".panels > div > div"), {
    alt: `The first ${Math.min(DRAWN, labels.length)} codes times c, each drawn as its digit, and circles at radius 1 and 2 of N(0, I)`,
    ...{ digits: host.get("_digits"), colours: [], onMove: () => {} },
  });
  /** @type {import("./plane.js").Gaussian} */
  const circles = { m: [0, 0], s: [1, 1], label: "N(0, I) at radius 1 and 2", colour: "prior" };
  const decoder = sent && { ...sent, weights: floats(sent.weights) };
  /** @type {number[]} */
  const few = decoder ? host.get("_few") : [];
  const images = few.map(() => smallImage(find(".images")));
  find(".decoded").hidden = !decoder;

  /** @type {import("./sliders.js").Chart} */
  const change = {
    alt: "The change of both terms against c: log p(x given z) stays the same, log p(z) rises as c shrinks",
    drags: [{ trait: "c" }],
    ranges: () => ({ across: range, up: [1.1 * gain(range[1]), 2 * gain(0)], log: true }),
    paint(context, frame, { exact, handle, ink }) {
      const title = "change from c = 1, nats per image";
      drawAxes(context, frame, { title, across: "c" }, ink);
      drawLevel(context, frame, 0, DARK, []);
      drawLevel(context, frame, gain(0), exact);
      drawCurve(context, frame, gain, exact, [], 2.5);
      drawLabel(context, frame, "log p(x given z)", 0, yOf(frame, 0) + 13, DARK);
      const best = `log p(z): at most +${written(gain(0), 2)}, for c → 0`;
      drawLabel(context, frame, best, 0, yOf(frame, gain(0)) - 13, exact);
      drawDot(context, frame, c, gain(c), handle);
    },
  };

  return {
    settings: [{ trait: "c", label: "c, what the codes are multiplied by", scale: byFactors(range, STEPS) }],
    charts: [change],
    look() {
      c = host.get("c");
      const scaled = Z.map((z) => c * z);
      plane.show({
        extent,
        codes: { Z: scaled, labels: labels.subarray(0, DRAWN) },
        gaussians: [circles],
        handles: [],
      });
      const divided = decoder && rescaled(decoder, c);
      for (const [i, n] of few.entries()) {
        images[i].show(decode(divided, [scaled[2 * n], scaled[2 * n + 1]]), "", `The image decoded for a ${labels[n]}`);
      }
    },
    describe: () => describe({ c, squared, nats, within: shareWithin(Z, c) }),
    stop: plane.stop,
  };
}

export default { render: rendering("rescaling", PARTS, viewOf) };
