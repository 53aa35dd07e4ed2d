// Training as a film: the codes move from checkpoint to checkpoint; pictures and numbers change at checkpoints only.
// @ts-check

import {
  button,
  bytes,
  choice,
  drawBar,
  drawSheet,
  FONT,
  floats,
  framed,
  guarded,
  hostOf,
  movesLess,
  paletteOf,
  slider,
  smallImage,
  surface,
  ticks,
  write,
  written,
} from "./kit.js";
import { createPlane, drawGaussian, heatPicture } from "./plane.js";

/** @typedef {import("./kit.js").Context} Context */
/** @typedef {import("./kit.js").Numbers} Numbers */
/** @typedef {import("./kit.js").Palette} Palette */
/** @typedef {import("./plane.js").Extent} Extent */
/** @typedef {import("./plane.js").Heat} Heat */
/** @typedef {import("./plane.js").Gaussian} Gaussian */
/** @typedef {{ elbo: number, logP: number }} Bound nats, of one image at one checkpoint */

const LEG = 450; // ms from one checkpoint to the next; the sentence is spoken only after a longer rest
const GLIDE = 90; // ms in which two thirds of the way to another checkpoint are gone
const SHOWN = 150; // nats that the bars and curves show, at most
const NAMES = ["training image", "held-out image"];
const HISTORY = { left: 44, right: 20, top: 6, bottom: 20 };

// The codes at a time between checkpoints: each on the straight way from one place to the next.
/** @type {(codes: Float32Array, size: number, time: number) => Float32Array} */
export function codesAt(codes, size, time) {
  const before = Math.floor(time);
  const [share, start] = [time - before, before * size];
  if (!share) return codes.slice(start, start + size);
  const next = start + size;
  return Float32Array.from({ length: size }, (_, i) => (1 - share) * codes[start + i] + share * codes[next + i]);
}

// The time after some ms of playing; it stops at the last checkpoint.
/** @type {(time: number, elapsed: number, last: number) => number} */
export const played = (time, elapsed, last) => Math.min(time + elapsed / LEG, last);

// The time after some ms on the way to a checkpoint: fast first, and there in the end.
/** @type {(time: number, target: number, elapsed: number) => number} */
export function settled(time, target, elapsed) {
  const left = (target - time) * Math.exp(-elapsed / GLIDE);
  return Math.abs(left) < 0.01 ? target : target - left;
}

// One scale for all the film, with a little room at both ends.
/** @type {(bounds: Numbers) => { low: number, high: number }} */
export function scaleOf(bounds) {
  const highest = Math.max(...Array.from(bounds));
  const lowest = Math.max(Math.min(...Array.from(bounds)), highest - SHOWN);
  const room = 0.05 * (highest - lowest) + 1;
  return { low: lowest - room, high: highest + room };
}

// Which of the labels at these places have room, at least `gap` apart: the last one always, then from the first on.
/** @type {(places: number[], gap: number) => number[]} */
export function spaced(places, gap) {
  const end = places.length - 1;
  /** @type {number[]} */
  const chosen = [];
  for (let i = 0; i < end; i++) {
    const free = !chosen.length || places[i] - places[chosen[chosen.length - 1]] >= gap;
    if (free && places[end] - places[i] >= gap) chosen.push(i);
  }
  return [...chosen, end];
}

/** @type {(step: number) => string} */
const counted = (step) => step.toLocaleString("en");

/** @type {(bound: Bound) => string} */
function boundInWords({ elbo, logP }) {
  const [p, bound, kl] = [logP, elbo, logP - elbo].map((nats) => written(nats, 1));
  return `log p(x) = ${p} = ELBO ${bound} + KL ${kl} nats`;
}

// The sentence for a checkpoint.
/** @type {(step: number, sigma: number, bounds: Bound[]) => string} */
export function describe(step, sigma, bounds) {
  const [train, heldOut] = bounds.map(boundInWords);
  return `After step ${counted(step)}, sigma is ${sigma.toFixed(2)}. Training image: ${train}. Held-out image: ${heldOut}.`;
}

const PARTS = `<div class="parts"><div class="panels">
  <div><div></div></div>
  <div>
    <div class="squares">
      <figure><canvas class="decoded" role="img"></canvas><figcaption>Decoded all over the plane</figcaption></figure>
      <figure class="close"><canvas role="img"></canvas><figcaption></figcaption></figure>
    </div>
    <div class="bounds"></div>
  </div>
</div>
<div class="run">
  <div><div class="buttons"></div><div class="which"></div></div>
  <div>
    <p class="legend">
      <span><i class="exact"></i>log p(x)</span><span><i class="approximation"></i>ELBO</span>
      <span><i></i>training</span><span><i class="dashed"></i>held out</span>
    </p>
    <canvas class="history" role="img" aria-label="ELBO and log p(x) of both images over the training steps"></canvas>
    <div class="time"></div>
  </div>
</div></div>`;

/** @param {{ model: any, el: HTMLElement }} props */
function render({ model, el }) {
  const host = hostOf(model);
  const { root, find, say } = framed(el, "film", host.get("_title"), PARTS);
  /** @type {number[]} */
  const steps = host.get("_steps");
  const last = steps.length - 1;
  const [images, codes, q, bounds, sigma, squares] = ["images", "codes", "q", "bounds", "sigma", "squares"].map(
    (name) => floats(host.get(`_${name}`)),
  );
  const [labels, posteriors, closeUps, decoded] = ["labels", "posteriors", "close_ups", "decoded"].map((name) =>
    bytes(host.get(`_${name}`)),
  );
  const [digits, colours] = [host.get("_digits"), bytes(host.get("_colours"))];
  /** @type {Extent} */
  const extent = host.get("_extent");
  const [low, high] = host.get("_floor");
  const scale = scaleOf(bounds);
  const index = () => steps.indexOf(host.get("step"));
  const which = () => NAMES.indexOf(host.get("image")); // -1 for none

  // What belongs to a checkpoint, and to an image there.
  /** @type {(all: Numbers & { slice: (from: number, to: number) => any }, part: number, parts: number) => any} */
  const cut = (all, part, parts) => all.slice((part * all.length) / parts, ((part + 1) * all.length) / parts);
  /** @type {(all: any, i: number, image: number) => any} */
  const of = (all, i, image) => cut(all, 2 * i + image, 2 * steps.length);
  /** @type {(i: number, image: number) => Bound} */
  function boundOf(i, image) {
    const [elbo, logP] = of(bounds, i, image);
    return { elbo, logP };
  }
  /** @type {(i: number, image: number) => Gaussian} */
  function gaussianOf(i, image) {
    const [m1, m2, s1, s2] = of(q, i, image);
    return { m: [m1, m2], s: [s1, s2], label: "q", colour: "approximation", dashed: image === 1 };
  }
  /** @type {(pictures: Uint8Array, i: number, image: number, square: Extent) => Heat} */
  function heatOf(pictures, i, image, square) {
    const values = Float32Array.from(of(pictures, i, image), (byte) => low + (byte / 255) * (high - low));
    const label = "posterior, nats below its top";
    return { values, columns: Math.sqrt(values.length), extent: square, low, high, label };
  }

  const plane = createPlane(find(".panels > div > div"), { alt: host.get("_alt"), digits, colours, onMove() {} });
  const closeUp = createCloseUp(find(".close canvas"), colours);
  const bars = NAMES.map((name, image) => {
    const row = `<div class="bound"><div><p>${name}</p><canvas class="bar" role="img"></canvas></div></div>`;
    find(".bounds").insertAdjacentHTML("beforeend", row);
    const bar = find(".bounds").lastElementChild;
    const picture = smallImage(bar);
    bar.prepend(picture.figure);
    picture.show(cut(images, image, 2), name);
    const canvas = bar.querySelector(".bar");
    const { paint, stop } = surface(canvas, (context, width, height) =>
      drawBar(context, width, height, { ...scale, ...boundOf(index(), image) }, paletteOf(root)),
    );
    return { canvas, paint, stop };
  });
  const history = surface(find(".history"), (context, width, height) => {
    drawHistory(context, width, height, { steps, bounds, scale, time }, paletteOf(root));
  });

  const back = button(find(".buttons"), "‹ Back", () => go(index() - 1));
  const play = button(find(".buttons"), "Play", () => {
    if (host.get("playing")) go(Math.round(time));
    else host.set({ playing: true });
  });
  const next = button(find(".buttons"), "Next ›", () => go(index() + 1));
  const names = [...NAMES, "none"];
  const select = choice(find(".which"), "posterior of", names, (image) => host.set({ image }));
  const range = { min: 0, max: last, step: 1 };
  const atStep = slider(find(".time"), "training step", range, (i) => counted(steps[i]), go);

  /** @param {number} i */
  function go(i) {
    host.set({ playing: false, step: steps[i] });
  }

  let time = index(); // in checkpoints: where the codes are; at rest it is whole
  let [asked, before, shown] = [0, 0, ""];
  /** @type {Heat?} */
  let heat = null;

  /** @param {number} now */
  function frame(now) {
    const elapsed = Math.max(now - before, 0);
    before = now;
    if (host.get("playing")) {
      time = played(time, elapsed, last);
      if (Math.floor(time) !== index()) host.set({ step: steps[Math.floor(time)] });
      if (time === last) host.set({ playing: false });
    } else time = movesLess() ? index() : settled(time, index(), elapsed);
    asked = host.get("playing") || time !== index() ? requestAnimationFrame(frame) : 0;
    show();
  }

  function wake() {
    if (asked) return;
    before = performance.now();
    asked = requestAnimationFrame(frame);
  }

  function show() {
    const [i, image] = [index(), which()];
    const key = `${i} ${image}`;
    if (shown !== key) showCheckpoint(i, image);
    shown = key;
    const Z = codesAt(codes, 2 * labels.length, movesLess() ? Math.floor(time) : time);
    const gaussians = image < 0 ? [] : [gaussianOf(i, image)];
    plane.show({ extent, heat, codes: { Z, labels }, gaussians, handles: [] });
    history.paint();
    const label = host.get("playing") ? "Pause" : "Play";
    if (play.textContent !== label) play.textContent = label;
  }

  /** @type {(i: number, image: number) => void} */
  function showCheckpoint(i, image) {
    heat = image < 0 ? null : heatOf(posteriors, i, image, extent);
    find(".close").style.visibility = image < 0 ? "hidden" : "visible";
    if (image >= 0) {
      const square = /** @type {Extent} */ ([...of(squares, i, image)]);
      const words = `Close-up, ${(square[1] - square[0]).toPrecision(2)} across`;
      closeUp.show(
        heatOf(closeUps, i, image, square),
        gaussianOf(i, image),
        `${words}: posterior of the ${NAMES[image]}, and q`,
      );
      find(".close figcaption").textContent = words;
    }
    const sheet = /** @type {Uint8Array} */ (cut(decoded, i, steps.length));
    const side = Math.sqrt(sheet.length / 64);
    const pictures = Array.from({ length: side * side }, (_, k) => {
      const at = side * (side - 1 - Math.floor(k / side)) + (k % side); // the highest z2 on top
      return Float32Array.from(cut(sheet, at, side * side), (ink) => ink / 255);
    });
    drawSheet(find(".decoded"), pictures, side);
    find(".decoded").setAttribute("aria-label", `Images decoded all over the plane after step ${counted(steps[i])}`);
    for (const [j, { canvas, paint }] of bars.entries()) {
      paint();
      canvas.setAttribute("aria-label", `${NAMES[j]}: ${boundInWords(boundOf(i, j))}`);
    }
    atStep.show(i);
    [back.disabled, next.disabled] = [i === 0, i === last];
    select.value = host.get("image");
    say(
      describe(
        steps[i],
        sigma[i],
        NAMES.map((_, j) => boundOf(i, j)),
      ),
    );
  }

  host.on("step", () => {
    if (host.get("playing") && index() !== Math.floor(time)) time = index();
    wake();
  });
  host.on("playing", () => {
    if (host.get("playing") && time === last) time = 0; // once more
    wake();
  });
  host.on("image", wake);
  wake();
  return () => {
    cancelAnimationFrame(asked);
    host.stop();
    for (const one of [plane, closeUp, history, ...bars]) one.stop();
  };
}

// A heat picture with q on it, and nothing around it.
/** @type {(canvas: HTMLCanvasElement, colours: Numbers) => { show: (heat: Heat, gaussian: Gaussian, alt: string) => void, stop: () => void }} */
function createCloseUp(canvas, colours) {
  let pixels = document.createElement("canvas");
  /** @type {{ extent: Extent, gaussian: Gaussian }?} */
  let now = null;
  const { paint, stop } = surface(canvas, (context, width) => {
    if (!now) return;
    context.imageSmoothingEnabled = false;
    context.drawImage(pixels, 0, 0, width, width);
    const gaussian = { ...now.gaussian, colour: paletteOf(canvas).approximation };
    drawGaussian(context, { extent: now.extent, left: 0, top: 0, size: width }, gaussian);
  });
  return {
    show(heat, gaussian, alt) {
      pixels = heatPicture(heat, colours);
      now = { extent: heat.extent, gaussian };
      canvas.setAttribute("aria-label", alt);
      paint();
    },
    stop,
  };
}

// ELBO and log p(x) of both images over the checkpoints, the gap shaded, and a mark at the time.
/** @type {(context: Context, width: number, height: number, film: { steps: number[], bounds: Numbers, scale: { low: number, high: number }, time: number }, palette: Palette) => void} */
function drawHistory(context, width, height, { steps, bounds, scale, time }, palette) {
  const [right, bottom] = [width - HISTORY.right, height - HISTORY.bottom];
  const across = (/** @type {number} */ i) =>
    HISTORY.left + ((right - HISTORY.left) * i) / Math.max(steps.length - 1, 1);
  const down = (/** @type {number} */ nats) =>
    bottom - ((bottom - HISTORY.top) * (nats - scale.low)) / (scale.high - scale.low);
  Object.assign(context, { fillStyle: "#fff", font: `11px ${FONT}` });
  context.fillRect(HISTORY.left - 8, HISTORY.top, right - HISTORY.left + 16, bottom - HISTORY.top);
  for (const tick of ticks(scale.low, scale.high, 4)) {
    Object.assign(context, { fillStyle: "#ddd" });
    context.fillRect(HISTORY.left - 8, down(tick), right - HISTORY.left + 16, 1);
    write(context, written(tick), HISTORY.left - 12, down(tick), { textAlign: "right", fillStyle: palette.ink });
  }
  const places = steps.map((_, i) => across(i));
  for (const i of spaced(places, 48)) {
    context.fillRect(places[i] - 0.5, bottom, 1, 4);
    write(context, counted(steps[i]), places[i], bottom + 12, { fillStyle: palette.ink });
  }
  context.save();
  context.beginPath();
  context.rect(HISTORY.left - 8, HISTORY.top, right - HISTORY.left + 16, bottom - HISTORY.top);
  context.clip();
  for (const image of [0, 1]) {
    const curves = [0, 1].map((k) => places.map((x, i) => [x, down(bounds[4 * i + 2 * image + k])]));
    trace(context, [...curves[0], ...curves[1].toReversed()]);
    Object.assign(context, { fillStyle: palette.exact, globalAlpha: 0.18 }).fill();
    Object.assign(context, { globalAlpha: 1, lineWidth: 2 });
    context.setLineDash(image === 1 ? [6, 4] : []);
    for (const [k, strokeStyle] of [palette.approximation, palette.exact].entries()) {
      trace(context, curves[k]);
      Object.assign(context, { strokeStyle }).stroke();
    }
  }
  context.restore();
  Object.assign(context, { fillStyle: palette.handle }).fillRect(
    across(time) - 1,
    HISTORY.top,
    2,
    bottom - HISTORY.top,
  );
}

/** @type {(context: Context, points: number[][]) => void} */
function trace(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
}

export default { render: guarded(render) };
