// The posterior explorer: an image, its exact posterior on the plane, and whatever is laid on it.
// @ts-check

import { connect, decode, encode, logJoint, logLikelihood, logMeanExp, logPrior } from "./inference.js";
import { imageOf, PAPER } from "./ink.js";
import {
  aDigit,
  between,
  button,
  bytes,
  checkbox,
  choice,
  drawBar,
  floats,
  framed,
  guarded,
  hostOf,
  onceAFrame,
  paletteOf,
  showStill,
  slider,
  smallImage,
  surface,
  written,
} from "./kit.js";
import { createPad } from "./pad.js";
import { createPlane, isOutside, place } from "./plane.js";

/** @typedef {import("./plane.js").Extent} Extent */
/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {ArrayLike<number>} Numbers */
/** @typedef {{ stage: "coarse" | "exact", logP: number, mode: Pair, mean: Pair, sd: Pair }} Posterior */
/** @typedef {{ values: Float64Array, cells: number, extent: Extent, stage: "coarse" | "fine" }} Picture */

const FLOOR = 15; // nats below the top; everything lower has one colour
const BAR = 30; // nats that the bar shows below log p(x)
const CLOSE = 4; // standard deviations of the posterior to each side in the close-up
const SMALLEST = 0.2; // half the width of a close-up, at least
const SD = { min: -2.5, max: 0.3, step: 0.01 }; // of a slider, as powers of ten
const MAX_SAMPLES = 4; // as a power of ten
const DRAWN = 500; // of the samples, the heaviest

// The square around everything within `CLOSE` standard deviations of the Gaussians given.
/** @type {(gaussians: { m: Numbers, s: Numbers }[]) => Extent} */
export function closeUp(gaussians) {
  const ends = [0, 1].map((i) => {
    const low = Math.min(...gaussians.map(({ m, s }) => m[i] - CLOSE * s[i]));
    const high = Math.max(...gaussians.map(({ m, s }) => m[i] + CLOSE * s[i]));
    return { middle: (low + high) / 2, half: (high - low) / 2 };
  });
  const half = Math.max(SMALLEST, ...ends.map((end) => end.half));
  const [z1, z2] = ends.map(({ middle }) => middle);
  return [z1 - half, z1 + half, z2 - half, z2 + half];
}

// Log weights as shares of their sum.
/** @type {(logWeights: Numbers) => Float64Array} */
function shares(logWeights) {
  const total = logMeanExp(logWeights) + Math.log(logWeights.length);
  return Float64Array.from(logWeights, (w) => Math.exp(w - total));
}

// The samples that are drawn: the heaviest, from the largest circle to the smallest, so that none hides another.
/** @type {(points: Numbers, logWeights: Numbers) => { points: number[], weights: number[] }} */
function heaviest(points, logWeights) {
  const all = shares(logWeights);
  const order = Array.from(all.keys()).sort((i, j) => all[j] - all[i]);
  const few = order.slice(0, DRAWN);
  return { points: few.flatMap((i) => [points[2 * i], points[2 * i + 1]]), weights: few.map((i) => all[i]) };
}

// Draws from N(0, I) that are the same each time: pairs, by Box and Muller, from a small generator (mulberry32).
/** @type {(count: number) => Float64Array} */
function standardNormals(count) {
  let state = 1;
  function uniform() {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  }
  const eps = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(uniform())), 2 * Math.PI * uniform()];
    eps.set([radius * Math.cos(angle), radius * Math.sin(angle)], 2 * i);
  }
  return eps;
}

/** @type {(nats: number) => string} */
const nats = (value) => written(value, 1);

// What the samples say about log p(x), against the exact value.
/** @type {(name: string, logWeights: Numbers, logP: number) => string} */
function estimateInWords(name, logWeights, logP) {
  const estimate = logMeanExp(logWeights);
  const effective = 1 / shares(logWeights).reduce((sum, share) => sum + share ** 2, 0);
  const count = `${logWeights.length.toLocaleString("en")} sample${logWeights.length > 1 ? "s" : ""}`;
  const off = `${nats(Math.abs(estimate - logP))} too ${estimate < logP ? "low" : "high"}`;
  const those = `their effective number is ${effective.toFixed(effective < 10 ? 1 : 0)}`;
  return `${count} from ${name} give ${nats(estimate)} nats, ${off}; ${those}.`;
}

const PARTS = `<div class="panels">
  <div><div></div></div>
  <div class="side">
    <div class="images"></div>
    <canvas class="bar" role="img" hidden></canvas>
    <div class="sliders"></div>
    <div class="buttons"></div>
  </div>
</div>`;

/** @param {{ model: any, el: HTMLElement }} props */
function render({ model, el }) {
  const host = hostOf(model);
  const { root, find, say } = framed(el, "posterior", host.get("_title"), PARTS);
  const has = (/** @type {string} */ part) => host.get("_parts").includes(part);
  const network = (/** @type {any} */ sent) => ({ ...sent, weights: floats(sent.weights) });
  const decoder = { network: network(host.get("_model")), sigma: host.get("_sigma") };
  const encoder = host.get("_encoder") && network(host.get("_encoder"));
  const [images, labels] = [floats(host.get("_images")), bytes(host.get("_labels"))];
  const pixels = images.length / labels.length;
  const codes = { Z: floats(host.get("_codes")), labels };
  /** @type {Extent} */
  const everything = host.get("_extent");
  const eps = standardNormals(10 ** MAX_SAMPLES);
  const kinds = ["prior", "q", "encoder"].filter((name) => has(`${name} samples`));

  /** @type {Float32Array} */
  let x = images.slice(0, pixels);
  let extent = everything;
  /** @type {Posterior?} */
  let posterior = null;
  /** @type {Picture?} */
  let picture = null;
  /** @type {import("./plane.js").Heat?} */
  let heat = null;
  /** @type {number?} */
  let elbo = null;
  /** @type {{ logWeights: Numbers, drawn: { points: number[], weights: number[] } }?} */
  let weighed = null;
  let [kind, count, placed, drawn] = [kinds[0], 10, host.get("_placed"), eps];

  const worker = connect(host.get("_worker"), (answer) => {
    if (answer.error) return showStill(el, host.get("_still"), `The browser cannot compute this: ${answer.error}.`);
    if (answer.job === "posterior") hearPosterior(answer);
    if (answer.job === "picture") picture = answer;
    if (answer.job === "elbo") elbo = answer.elbo;
    if (answer.job === "weights") weighed = { logWeights: answer.values, drawn: heaviest(drawn, answer.values) };
    if (answer.job === "best") setGaussian(answer.m, answer.s);
    if (answer.job === "posterior" || answer.job === "picture") colour();
    show();
  });

  /** @param {Posterior} answer */
  function hearPosterior(answer) {
    posterior = answer;
    if (!placed) {
      const { mean, sd, mode } = answer;
      const beside = [mean[0] + 2.5 * sd[0], mean[1] + 2.5 * sd[1]];
      host.set({ z: has("q") ? beside : has("evidence") ? [...mode] : codeOf(host.get("image")) });
      placed = answer.stage === "exact"; // the reader may have moved it before
    }
    look();
  }

  /** @type {(i: number) => number[]} */
  const codeOf = (i) => [codes.Z[2 * i], codes.Z[2 * i + 1]];

  // The part of the plane that is drawn, and its picture.
  function look() {
    const q = has("encoder") || kind === "encoder" ? [encode(encoder, x)] : [];
    const start = has("evidence") ? [] : [{ m: codeOf(host.get("image")), s: [0, 0] }];
    const near = posterior && closeUp([{ m: posterior.mean, s: posterior.sd }, ...q, ...start]);
    const next = host.get("zoom") ? (near ?? extent) : everything;
    if (picture && next.every((end, i) => end === extent[i])) return;
    extent = next;
    worker.ask("picture", { x, extent });
  }

  // Nats below the top; that of a narrow posterior lies between the picture's points.
  function colour() {
    if (!picture) return;
    let top = picture.values.reduce((a, b) => Math.max(a, b));
    if (posterior) top = Math.max(top, logJoint(decoder, x, posterior.mode));
    const values = Float32Array.from(picture.values, (value) => Math.max(value - top, -FLOOR));
    const what = has("evidence") ? "log p(z given x), nats below its mode" : "log p(x, z), nats below its top";
    const label = picture.stage === "coarse" ? `${what} (a coarse first look)` : what;
    heat = { values, columns: picture.cells, extent: picture.extent, low: -FLOOR, high: 0, label };
  }

  function pick() {
    const [strokes, i] = [host.get("strokes"), host.get("image")];
    x = strokes.length ? imageOf(strokes) : images.slice(pixels * i, pixels * (i + 1));
    [posterior, picture, elbo, weighed] = [null, null, null, null];
    worker.ask("posterior", { x });
    look();
    askAboutQ();
    weigh();
    show();
  }

  function askAboutQ() {
    if (has("q")) worker.ask("elbo", { x, m: host.get("z"), s: host.get("s") });
    else if (has("encoder")) worker.ask("elbo", { x, ...encode(encoder, x) });
    if (kind === "q") weigh();
  }

  function weigh() {
    const [m, s] = [host.get("z"), host.get("s")];
    if (!kind) return;
    const from = kind === "q" ? { m, s } : kind === "prior" ? { m: [0, 0], s: [1, 1] } : encode(encoder, x);
    drawn = eps.slice(0, 2 * count).map((e, i) => from.m[i % 2] + from.s[i % 2] * e);
    worker.ask("weights", { x, points: drawn, ...from });
  }

  /** @type {(m: Numbers, s: Numbers) => void} */
  function setGaussian(m, s) {
    const [low, high] = [10 ** SD.min, 10 ** SD.max];
    host.set({ z: [m[0], m[1]], s: [between(s[0], low, high), between(s[1], low, high)] });
  }

  // A handle was moved: z itself, or the end of q's ellipse, two standard deviations away.
  /** @type {(name: string, z: Pair) => void} */
  function move(name, z) {
    const [m, s] = [host.get("z"), host.get("s")];
    if (name === "s₁") setGaussian(m, [Math.abs(z[0] - m[0]) / 2, s[1]]);
    else if (name === "s₂") setGaussian(m, [s[0], Math.abs(z[1] - m[1]) / 2]);
    else host.set({ z });
  }

  // What stands beside the plane, from above to below.
  const [row, sliders, buttons] = [".images", ".sliders", ".buttons"].map(find);
  const pad = has("draw") ? padIn(row, host) : null;
  const [atX, atZ, atMean] = [smallImage(row), smallImage(row), has("mean") ? smallImage(row) : null];
  const imageSlider = slider(
    sliders,
    "image number",
    { min: 0, max: labels.length - 1, step: 1 },
    (i) => (host.get("strokes").length ? "your own" : `${i}, ${aDigit(labels[i])}`),
    (image) => {
      host.set(host.get("strokes").length ? { image, strokes: [] } : { image });
    },
  );
  const widths = has("q")
    ? ["s₁, q's standard deviation along z₁", "s₂, q's standard deviation along z₂"].map((label, i) =>
        slider(
          sliders,
          label,
          SD,
          (power) => (10 ** power).toFixed(3),
          (power) => {
            const s = [...host.get("s")];
            s[i] = 10 ** power;
            host.set({ s });
          },
        ),
      )
    : [];
  if (kind) {
    if (kinds.length > 1) {
      choice(sliders, "samples of", kinds, (name) => {
        kind = name;
        look();
        weigh();
      });
    }
    const range = { min: 0, max: MAX_SAMPLES, step: 0.1 };
    const inWords = (/** @type {number} */ power) => String(Math.round(10 ** power));
    slider(sliders, "number of samples S", range, inWords, (power) => {
      count = Math.round(10 ** power);
      weigh();
    }).show(Math.log10(count));
  }
  if (has("q")) button(buttons, "best Gaussian", () => posterior && worker.ask("best", { x, ...posterior }));
  if (has("q") && encoder) {
    button(buttons, "the encoder's answer", () => {
      const { m, s } = encode(encoder, x);
      setGaussian(m, s);
    });
  }
  const zoom = checkbox(buttons, "close-up", (value) => host.set({ zoom: value }));

  const bar = find(".bar");
  bar.hidden = !has("evidence");
  const bound = surface(bar, (context, width, height) => {
    if (posterior)
      drawBar(context, width, height, { low: posterior.logP - BAR, logP: posterior.logP, elbo }, paletteOf(root));
  });

  const [digits, colours, alt] = [host.get("_digits"), bytes(host.get("_colours")), host.get("_alt")];
  const plane = createPlane(find(".panels > div > div"), { alt, digits, colours, onMove: move });

  const show = onceAFrame(() => {
    const [z, s, i, strokes] = [host.get("z"), host.get("s"), host.get("image"), host.get("strokes")];
    const name = has("q") ? "m" : "z";
    /** @type {import("./plane.js").Handle[]} */
    const handles = [{ at: z, name, label: has("q") ? "m, the mean of q" : "z, the point in the latent plane" }];
    const gaussians = [];
    if (has("encoder"))
      gaussians.push({ ...encode(encoder, x), label: "the encoder's q", colour: "approximation", dashed: true });
    if (has("q")) {
      gaussians.push({ m: z, s, label: "q", colour: "approximation" });
      handles.push(
        {
          at: [z[0] + 2 * s[0], z[1]],
          name: "s₁",
          label: "s₁: twice the standard deviation along z₁",
          along: 0,
          colour: "var(--approximation)",
        },
        {
          at: [z[0], z[1] + 2 * s[1]],
          name: "s₂",
          label: "s₂: twice the standard deviation along z₂",
          along: 1,
          colour: "var(--approximation)",
        },
      );
    }
    const colour = kind === "prior" ? "prior" : "approximation";
    const samples = weighed ? [{ ...weighed.drawn, colour }] : [];
    plane.show({ extent, heat, codes, samples, gaussians, handles });
    atX.show(x, strokes.length ? "x, your digit" : `x, image ${i}: ${aDigit(labels[i])}`);
    atZ.show(decode(decoder.network, z), `decoded at ${name}`, `The image decoded at ${name} = ${place(extent, z)}`);
    if (posterior) atMean?.show(decode(decoder.network, posterior.mean), "decoded at the mean");
    pad?.show(strokes);
    imageSlider.show(i);
    for (const [j, one] of widths.entries()) one.show(Math.log10(s[j]));
    zoom.checked = host.get("zoom");
    bound.paint();
    if (posterior) bar.setAttribute("aria-label", barInWords(posterior, elbo));
    say(sentence());
  });

  function sentence() {
    if (!posterior) return "Computing log p(x, z) over the plane …";
    const [z, { logP, stage }] = [host.get("z"), posterior];
    const words = [];
    const [likelihood, prior] = [logLikelihood(decoder, x, z), logPrior(z)];
    if (has("evidence")) words.push(barInWords(posterior, elbo));
    else {
      const below = logJoint(decoder, x, posterior.mode) - likelihood - prior;
      words.push(
        `At z, log p(x given z) = ${nats(likelihood)} and log p(z) = ${nats(prior)}: together ${nats(likelihood + prior)} nats, ${nats(below)} below the top.`,
      );
    }
    if (has("evidence") && !has("q") && !kind)
      words.push(`At z, log p(z given x) = ${nats(likelihood + prior - logP)}.`);
    if (kind && weighed)
      words.push(
        estimateInWords(
          { prior: "the prior", q: "q", encoder: "the encoder's q" }[kind] ?? "",
          weighed.logWeights,
          logP,
        ),
      );
    if (isOutside(extent, z)) words.push("z lies outside the picture, so its handle waits at the edge.");
    if (stage === "coarse") words.push("(A coarse first sum.)");
    return words.join(" ");
  }

  // A new image takes the handle along; while one draws, q stays where it was laid.
  host.on("image", () => {
    placed = false;
    pick();
  });
  host.on("strokes", () => {
    placed = has("q");
    pick();
  });
  host.on("zoom", () => {
    look();
    show();
  });
  for (const name of ["z", "s"]) {
    host.on(name, () => {
      placed = true; // until `hearPosterior`, which may be what has moved it, says otherwise
      askAboutQ();
      show();
    });
  }
  worker.set({ model: decoder });
  pick();
  return () => {
    host.stop();
    plane.stop();
    bound.stop();
    pad?.remove();
    worker.close();
  };
}

// What the bar shows, in words.
/** @type {(posterior: Posterior, elbo: number?) => string} */
function barInWords({ logP }, elbo) {
  if (elbo === null) return `log p(x) = ${nats(logP)} nats.`;
  return `log p(x) = ${nats(logP)} = ELBO ${nats(elbo)} + KL ${nats(Math.max(logP - elbo, 0))} nats.`;
}

// The reader's paper.
/** @type {(row: HTMLElement, host: ReturnType<typeof hostOf>) => ReturnType<typeof createPad>} */
function padIn(row, host) {
  row.insertAdjacentHTML("beforeend", `<div class="slot"></div>`);
  const slot = /** @type {HTMLElement} */ (row.lastElementChild);
  return createPad(slot, { paper: PAPER, onStrokes: (strokes) => host.set({ strokes }) });
}

export default { render: guarded(render) };
