// Sigma on a slider: squared error is a log-likelihood once sigma is named.
// @ts-check

import { drawAxes, drawCurve, drawDot, drawGap, drawLabel, drawLevel, drawLine, xOf, yOf } from "./chart.js";
import { floats, written } from "./kit.js";
import { byFactors, rendering, TWO_CHARTS, threeDigits } from "./sliders.js";

/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {{ sigma: number, error: number, pixels: number, half: boolean }} Noise `error`: the mean squared residual of a pixel */

const LOG_2_PI = Math.log(2 * Math.PI);
const BAR = "#bbb"; // of the histogram

// log p(x given z) in nats per image, averaged over the images.
/** @type {(error: number, pixels: number, sigma: number) => number} */
export const logLikelihood = (error, pixels, sigma) =>
  -pixels * (Math.log(sigma) + LOG_2_PI / 2 + error / (2 * sigma ** 2));

// The best sigma, and the log-likelihood there.
/** @type {(pixels: number, error: number) => { sigma: number, nats: number }} */
export const topOf = (pixels, error) => ({
  sigma: Math.sqrt(error),
  nats: (-pixels / 2) * (Math.log(error) + LOG_2_PI + 1),
});

/** @type {(noise: Noise) => string} */
export function describe({ sigma, error, pixels, half }) {
  const top = topOf(pixels, error);
  const here = `σ = ${threeDigits(sigma)}: log p(x given z) is ${written(logLikelihood(error, pixels, sigma), 1)} nats per image.`;
  if (!half)
    return `${here} The top is ${written(top.nats, 1)} nats, at σ = ${threeDigits(top.sigma)}, the root mean square of the residuals.`;
  const halved = topOf(pixels, error / 2);
  const [from, to] = [top, halved].map((one) => threeDigits(one.sigma));
  const gain = written(halved.nats - top.nats, 1);
  return `${here} Half the error moves the best σ from ${from} to ${to}, by a factor of √2, and is worth ${gain} nats.`;
}

/** @type {(sigma: number) => (x: number) => number} */
const normal = (sigma) => (x) => Math.exp(-0.5 * (x / sigma) ** 2 - Math.log(sigma) - LOG_2_PI / 2);

/** @param {import("./sliders.js").Host} host */
function viewOf(host) {
  const [error, pixels] = [host.get("_error"), host.get("_pixels")];
  const { low, width, heights: sent } = host.get("_histogram");
  const steps = Array.from(floats(sent)).flatMap((density, i) => [
    [low + i * width, density],
    [low + (i + 1) * width, density],
  ]);
  const histogram = /** @type {Pair[]} */ ([[low, 0], ...steps, [-low, 0]]);
  const [top, halved] = [topOf(pixels, error), topOf(pixels, error / 2)];
  let [sigma, half] = [0, false];
  /** @type {Pair} */
  const range = host.get("_ranges").sigma;
  const tallest = normal(range[0])(0);

  /** @type {import("./sliders.js").Chart} */
  const likelihood = {
    alt: host.get("_alt"),
    drags: [{ trait: "sigma" }],
    ranges: () => ({ across: range, up: [top.nats - pixels, halved.nats + 0.25 * pixels], log: true }),
    paint(context, frame, { exact, handle, ink }) {
      drawAxes(context, frame, { title: "log p(x given z), nats per image", across: "σ, the noise of a pixel" }, ink);
      const tops = half ? [top, halved] : [top];
      for (const [i, { sigma: best, nats }] of tops.entries()) {
        const dash = i ? [6, 4] : [];
        drawCurve(context, frame, (s) => logLikelihood(best ** 2, pixels, s), exact, dash);
        drawDot(context, frame, best, nats, exact, 5);
        const words = `${i ? "half the error: " : ""}best σ ${threeDigits(best)}`;
        drawLabel(context, frame, words, xOf(frame, best), yOf(frame, nats) + (i ? -15 : 24), exact);
      }
      if (half) {
        for (const { nats } of tops) drawLevel(context, frame, nats, exact, [2, 3]);
        const words = `${written(halved.nats - top.nats, 1)} nats`;
        drawGap(context, frame, xOf(frame, 2.2 * top.sigma), [top.nats, halved.nats], words, exact);
        drawDot(context, frame, sigma, logLikelihood(error / 2, pixels, sigma), handle);
      }
      drawDot(context, frame, sigma, logLikelihood(error, pixels, sigma), handle);
    },
  };

  /** @type {import("./sliders.js").Chart} */
  const residuals = {
    ranges: () => ({ across: [low, -low], up: [0, 1.15 * tallest] }),
    paint(context, frame, { handle, ink }) {
      drawAxes(context, frame, { title: "residuals of all pixels, a density", across: "residual x − x̂, in ink" }, ink);
      drawLine(context, frame, histogram, { strokeStyle: BAR, fillStyle: BAR, lineWidth: 1 });
      drawCurve(context, frame, normal(sigma), handle, [], 2.5);
      drawLabel(context, frame, "N(0, σ²)", frame.right, 0, handle);
    },
  };

  return {
    settings: [
      {
        trait: "sigma",
        label: "σ, the standard deviation of a pixel's noise",
        scale: byFactors(range, 300),
      },
    ],
    ticks: [{ trait: "half", label: "half the squared error" }],
    charts: [likelihood, residuals],
    look() {
      [sigma, half] = [host.get("sigma"), host.get("half")];
    },
    describe: () => describe({ sigma, error, pixels, half }),
  };
}

export default { render: rendering("noise", TWO_CHARTS, viewOf) };
