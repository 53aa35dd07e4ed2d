// K on a slider: averages of K importance weights scatter less, so the mean of their logs comes nearer to log p(x).
// @ts-check

import {
  DARK,
  drawAxes,
  drawCurve,
  drawDot,
  drawDots,
  drawGap,
  drawLabel,
  drawLevel,
  drawLine,
  xOf,
  yOf,
} from "./chart.js";
import { between, floats, written } from "./kit.js";
import { among, rendering, TWO_CHARTS } from "./sliders.js";

/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {{ K: number, nats: number, error: number, averages: DataView }} Bound L_K, its standard error, and the logs of a few averages of K weights */
/** @typedef {{ K: number, elbo: number, bound: number, logP: number, exact: boolean }} Answers in nats; `exact`: logP is log p(x), else it is the log of the mean weight */

const WIDEST = 3.2; // times p(x): where the weights are cut off on the right

/** @type {(answers: Answers) => string} */
export function describe({ K, elbo, bound, logP, exact }) {
  const truth = exact ? "log p(x)" : "the log of the mean weight";
  const gap = `${truth} is ${written(logP, 2)}, so the gap is ${written(logP - bound, 2)} nats.`;
  if (K === 1) return `With K = 1 the bound L is the ELBO, ${written(elbo, 2)} nats; ${gap}`;
  return `With K = ${K} the bound L is ${written(bound, 2)} nats, and with K = 1, the ELBO, ${written(elbo, 2)}; ${gap}`;
}

/** @param {import("./sliders.js").Host} host */
function viewOf(host) {
  /** @type {Bound[]} */
  const bounds = host.get("_bounds");
  const [logP, exact] = [host.get("_truth"), host.get("_exact")];
  const truth = exact ? "log p(x)" : "log of the mean";
  const widest = Math.max(0.1, logP - bounds[0].nats); // the gap at K = 1
  /** @type {Pair} */
  const depths = [-Math.max(2, 2.2 * widest), Math.log(WIDEST) + 0.3];
  const counts = bounds.map(({ K }) => K);
  let now = bounds[0];

  /** @type {import("./sliders.js").Chart} */
  const curve = {
    alt: host.get("_alt"),
    ranges: () => ({ across: [0, WIDEST], up: depths }),
    paint(context, frame, { approximation, exact: blue, ink }) {
      const what = counts.length === 1 ? "w, the weight" : "w, the average of K weights";
      const across = `${what}, divided by ${exact ? "p(x)" : "the mean"}`;
      drawAxes(context, frame, { title: `log w, in nats from ${truth}`, across }, ink);
      drawCurve(context, frame, Math.log, DARK, [], 1.5);
      const few = Array.from(floats(now.averages), (log) => log - logP);
      const cut = few.filter((log) => log < depths[0] || Math.exp(log) > WIDEST).length;
      const places = few.map((log) => /** @type {Pair} */ ([Math.min(Math.exp(log), WIDEST), between(log, ...depths)]));
      drawDots(context, frame, places, approximation);
      const mean = now.nats - logP;
      drawLevel(context, frame, 0, blue);
      drawLevel(context, frame, mean, approximation);
      drawLabel(context, frame, truth, frame.right, yOf(frame, 0) - 12, blue);
      drawLabel(context, frame, "mean of the logs", frame.right, yOf(frame, mean) + 13, approximation);
      drawGap(context, frame, xOf(frame, 1), [mean, 0], `gap ${written(-mean, 2)}`, blue);
      const words = `${cut} of ${few.length} lie outside, at the edge`;
      if (cut) drawLabel(context, frame, words, frame.right, frame.bottom - 12, DARK);
    },
  };

  /** @type {import("./sliders.js").Chart} */
  const closing = {
    ranges: () => ({
      across: [0.8, 1.25 * Math.max(...counts)],
      up: [bounds[0].nats - 0.25 * widest, logP + 0.3 * widest],
      log: true,
    }),
    paint(context, frame, { approximation, exact: blue, handle, ink }) {
      drawAxes(context, frame, { title: "L with K weights, nats", across: "K" }, ink);
      drawLevel(context, frame, logP, blue);
      drawLabel(context, frame, `${truth} ${written(logP, 2)}`, 0, yOf(frame, logP) - 12, blue);
      const style = { strokeStyle: approximation };
      drawLine(
        context,
        frame,
        bounds.map(({ K, nats }) => [K, nats]),
        style,
      );
      for (const { K, nats, error } of bounds) {
        drawLine(
          context,
          frame,
          [
            [K, nats - 2 * error],
            [K, nats + 2 * error],
          ],
          style,
        );
        drawDot(context, frame, K, nats, approximation, 4);
      }
      drawLabel(context, frame, "ELBO = L₁", xOf(frame, 1) + 6, yOf(frame, bounds[0].nats) + 4, approximation, true);
      drawDot(context, frame, now.K, now.nats, handle);
    },
  };

  return {
    settings:
      counts.length === 1
        ? []
        : [{ trait: "K", label: "K, the number of weights in each average", scale: among(counts) }],
    charts: counts.length === 1 ? [curve] : [curve, closing],
    look() {
      now = bounds[counts.indexOf(host.get("K"))];
    },
    describe: () => describe({ K: now.K, elbo: bounds[0].nats, bound: now.nats, logP, exact }),
  };
}

export default { render: rendering("jensen", TWO_CHARTS, viewOf) };
