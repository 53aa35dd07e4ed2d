// Two roads from one digit to another: a blend of the pixels, and a walk on the plane. t says how far.
// @ts-check

import { decode } from "./inference.js";
import {
  aDigit,
  between,
  bytes,
  choice,
  drawSheet,
  floats,
  framed,
  guarded,
  hostOf,
  onceAFrame,
  slider,
  smallImage,
  written,
} from "./kit.js";
import { createPlane } from "./plane.js";

/** @typedef {import("./kit.js").Numbers} Numbers */
/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {{ index: number, distance: number }} Near the number of a training image, and its squared distance */
/** @typedef {{ name: string, at: (t: number) => Numbers }} Road */

const SIDE = 8; // pixels
const STOPS = 9; // images of a strip
const WIDTH = STOPS * (SIDE + 1) - 1; // of a strip, with the gaps

// (1 - t) a + t b, number by number: of two images, or of two points of the plane.
/** @type {(a: Numbers, b: Numbers, t: number) => number[]} */
export const blend = (a, b, t) => Array.from(a, (value, i) => (1 - t) * value + t * b[i]);

// The t at which the way from a to b comes closest to z, or null if it has no length.
/** @type {(a: Pair, b: Pair, z: Pair) => number?} */
export function closest(a, b, z) {
  const [d1, d2] = [b[0] - a[0], b[1] - a[1]];
  if (!d1 && !d2) return null;
  return between(((z[0] - a[0]) * d1 + (z[1] - a[1]) * d2) / (d1 * d1 + d2 * d2), 0, 1);
}

// Which row of X is nearest to x, and its squared distance, summed over the pixels.
/** @type {(X: Numbers, x: Numbers) => Near} */
export function nearestImage(X, x) {
  let [index, least] = [0, Infinity];
  for (let row = 0; row < X.length / x.length; row++) {
    let sum = 0;
    for (let i = 0, at = row * x.length; i < x.length; i++) sum += (X[at + i] - x[i]) ** 2;
    if (sum < least) [index, least] = [row, sum];
  }
  return { index, distance: least };
}

// How far across a strip the image at t has its middle, in percent.
/** @type {(t: number) => number} */
export const across = (t) => (100 * (SIDE / 2 + t * (WIDTH - SIDE))) / WIDTH;

// What the roads are nearest to at t.
/** @type {(t: number, digits: number[], distances: number[]) => string} */
export function describe(t, digits, distances) {
  const [blended, walked] = digits.map(
    (digit, i) => `${aDigit(digit)}, at squared distance ${written(distances[i], 1)}`,
  );
  const start = `At t = ${written(t, 2)} the training image nearest to the blend is ${blended}`;
  return walked === undefined ? `${start}.` : `${start}; nearest to the walk is ${walked}.`;
}

const PARTS = `<div class="both">
  <div><div class="ends"></div><div class="rows"></div><div class="time"></div></div>
  <div class="walk"><div></div><p class="hint">Drag the ring, or the slider: both set t.</p></div>
</div>`;

/** @param {{ model: any, el: HTMLElement }} props */
function render({ model, el }) {
  const host = hostOf(model);
  const { find, say } = framed(el, "roads", host.get("_title"), PARTS);
  const [X, labels] = [floats(host.get("_images")), bytes(host.get("_labels"))];
  const Z = floats(host.get("_codes"));
  const sent = host.get("_decoder");
  const decoder = sent && { ...sent, weights: floats(sent.weights) };
  const digits = [...new Set(labels)].sort();
  const first = (/** @type {string} */ name) => labels.indexOf(host.get(name));
  const image = (/** @type {number} */ i) => X.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
  const code = (/** @type {number} */ i) => /** @type {Pair} */ ([Z[2 * i], Z[2 * i + 1]]);
  const ends = () => /** @type {Pair} */ ([first("first"), first("second")]);
  function blended(/** @type {number} */ t) {
    const [a, b] = ends();
    return blend(image(a), image(b), t);
  }
  function along(/** @type {number} */ t) {
    const [a, b] = ends();
    return /** @type {Pair} */ (blend(code(a), code(b), t));
  }

  /** @type {Road[]} */
  const roads = [{ name: "Blend of the pixels", at: blended }];
  if (decoder) roads.push({ name: "Walk on the plane", at: (t) => decode(decoder, along(t)) });
  const strips = roads.map(({ name }) => createStrip(find(".rows"), name));

  const selects = ["first", "second"].map((name) =>
    choice(find(".ends"), `${name} digit`, digits.map(String), (digit) => change({ [name]: Number(digit) })),
  );
  const time = slider(
    find(".time"),
    "t, how far along",
    { min: 0, max: 1, step: 0.01 },
    (t) => written(t, 2),
    (t) => change({ t }),
  );

  /** @param {Record<string, number>} values */
  function change(values) {
    host.set(values);
    show();
  }

  find(".walk").hidden = !decoder;
  find(".both").classList.toggle("alone", !decoder);
  const codes = { Z, labels };
  const plane =
    decoder &&
    createPlane(find(".walk > div"), {
      alt: "The latent plane: the code of each training image as its digit, the way from the first digit's code to the second's, and a ring at t",
      digits: host.get("_digits"),
      colours: bytes(host.get("_colours")),
      onMove(_, z) {
        const [a, b] = ends().map(code);
        const t = closest(a, b, z);
        if (t !== null) change({ t: Number(t.toFixed(3)) });
      },
    });
  const extent = host.get("_extent");
  const limit = host.get("_limit") ?? Infinity; // farther images are framed
  const isBad = (/** @type {Numbers} */ x) => limit < Infinity && nearestImage(X, x).distance > limit;
  let drawn = ""; // the two digits of the strips

  const show = onceAFrame(() => {
    const t = host.get("t");
    const [a, b] = [host.get("first"), host.get("second")];
    const here = roads.map((road) => road.at(t));
    for (const [i, strip] of strips.entries()) {
      if (drawn !== `${a} ${b}`) strip.draw(roads[i].at, `${roads[i].name}, from ${aDigit(a)} to ${aDigit(b)}`, isBad);
      strip.show(here[i], t);
    }
    drawn = `${a} ${b}`;
    const path = decoder && [along(0), along(1)];
    plane?.show({ extent, codes, path, handles: [{ at: along(t), name: "z", label: "z at t, on the walk" }] });
    const near = here.map((x) => nearestImage(X, x));
    say(
      describe(
        t,
        near.map(({ index }) => labels[index]),
        near.map(({ distance }) => distance),
      ),
    );
    time.show(t);
    for (const [i, digit] of [a, b].entries()) selects[i].value = String(digit);
  });
  for (const name of ["t", "first", "second"]) host.on(name, show);
  show();
  return () => {
    host.stop();
    plane?.stop();
  };
}

// A road as a strip of images with a mark at t, and the image at t beside it.
/** @type {(host: HTMLElement, name: string) => { draw: (at: Road["at"], alt: string, isBad: (x: Numbers) => boolean) => void, show: (image: Numbers, t: number) => void }} */
function createStrip(host, name) {
  host.insertAdjacentHTML(
    "beforeend",
    `<div class="road"><div></div><div><p class="name"></p><div class="strip"><canvas role="img"></canvas><i class="mark"></i></div></div></div>`,
  );
  const road = /** @type {HTMLElement} */ (host.lastElementChild);
  const [large, right] = /** @type {HTMLElement[]} */ ([...road.children]);
  const canvas = /** @type {HTMLCanvasElement} */ (right.querySelector("canvas"));
  const mark = /** @type {HTMLElement} */ (right.querySelector(".mark"));
  /** @type {HTMLElement} */ (right.querySelector(".name")).textContent = name;
  const at = smallImage(large);
  return {
    draw(imageAt, alt, isBad) {
      const images = Array.from({ length: STOPS }, (_, i) => imageAt(i / (STOPS - 1)));
      drawSheet(canvas, images, STOPS);
      for (const frame of right.querySelectorAll(".bad")) frame.remove();
      const bad = images.map(isBad);
      for (const [i, is] of bad.entries()) {
        if (!is) continue;
        const frame = document.createElement("i");
        frame.className = "bad";
        frame.style.left = `${across(i / (STOPS - 1))}%`;
        canvas.after(frame);
      }
      const count = bad.filter(Boolean).length;
      canvas.setAttribute("aria-label", count ? `${alt}; ${count} of ${STOPS} are bad, and framed` : alt);
    },
    show(image, t) {
      at.show(image, `t = ${written(t, 2)}`, `${name}: the image at t = ${written(t, 2)}`);
      mark.style.left = `${across(t)}%`;
    },
  };
}

export default { render: guarded(render) };
