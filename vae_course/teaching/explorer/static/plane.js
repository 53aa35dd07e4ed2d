// The latent plane: a heat picture, codes as digits, samples, Gaussians, and handles to drag.
// @ts-check

import { between, FONT, KEEP_KEYS, PAPER, paletteOf, surface, ticks, write, writeUp, written } from "./kit.js";

/** @typedef {import("./kit.js").Context} Context */
/** @typedef {import("./kit.js").Numbers} Numbers */
/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {import("./kit.js").Palette} Palette */
/** @typedef {[number, number, number, number]} Extent z1 lowest, z1 highest, z2 lowest, z2 highest */
/** @typedef {{ extent: Extent, left: number, top: number, size: number }} View where the plane lies in its drawing, in CSS pixels */
/** @typedef {{ m: Pair, s: Pair, label: string, colour: string, dashed?: boolean }} Gaussian its colour is a role, such as "exact", or a colour */
/** @typedef {{ points: Numbers, weights: Numbers, colour: string }} Samples weights from 0 to 1, the largest circle */
/** @typedef {{ values: Float32Array, columns: number, extent: Extent, low: number, high: number, label: string }} Heat row 0 is the lowest z2 */
/** @typedef {{ at: Pair, name: string, label: string, along?: 0 | 1, colour?: string }} Handle `along`: moves along this axis only */
/**
 * All that is drawn.
 * @typedef {{ extent: Extent, heat?: Heat?, codes?: { Z: Numbers, labels: Numbers }?, samples?: Samples[], gaussians?: Gaussian[], path?: Pair[]?, handles: Handle[] }} Scene
 */

const MARGIN = { left: 44, top: 6, right: 10, bottom: 38 };
const STEPS = 200; // arrow presses from one edge of the plane to the other
const CIRCLE = { largest: 18, dot: 1.7 }; // radii of a sample of weight 1, and of one too light to be seen
/** @type {Record<string, number[]>} in presses; those that would throw the page about move far instead */
const KEYS = {
  ...{ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] },
  ...{ Home: [-20, 0], End: [20, 0], PageDown: [0, -20], PageUp: [0, 20] },
};

// Where a plane of this extent lies in a drawing of this width.
/** @type {(extent: Extent, width: number) => View} */
export function viewOf(extent, width) {
  return { extent, left: MARGIN.left, top: MARGIN.top, size: width - MARGIN.left - MARGIN.right };
}

// Where z lies in the drawing.
/** @type {(view: View, z: Numbers) => Pair} */
export function toPixel({ extent: [left, right, bottom, top], ...at }, z) {
  const [across, down] = [(z[0] - left) / (right - left), (top - z[1]) / (top - bottom)];
  return [at.left + at.size * across, at.top + at.size * down];
}

// The z at a point of the drawing: the inverse of `toPixel`.
/** @type {(view: View, pixel: Pair) => Pair} */
export function toLatent({ extent: [left, right, bottom, top], ...at }, [x, y]) {
  const [across, down] = [(x - at.left) / at.size, (y - at.top) / at.size];
  return [left + (right - left) * across, top - (top - bottom) * down];
}

// The point of the plane that is closest to z: z itself, unless it lies outside.
/** @type {(extent: Extent, z: Numbers) => Pair} */
export function clip([left, right, bottom, top], z) {
  return [between(z[0], left, right), between(z[1], bottom, top)];
}

/** @type {(extent: Extent, z: Numbers) => boolean} */
export const isOutside = (extent, z) => clip(extent, z).some((value, i) => value !== z[i]);

// How many decimals z is kept at: about a thousand values across the plane.
/** @param {Extent} extent */
export const decimals = ([left, right]) => Math.max(0, Math.ceil(3 - Math.log10(right - left)));

// z at `decimals`, and in the plane.
/** @type {(extent: Extent, z: Pair) => Pair} */
export function kept(extent, [z1, z2]) {
  const digits = decimals(extent);
  return clip(extent, [Number(z1.toFixed(digits)), Number(z2.toFixed(digits))]);
}

// z as it is written in a sentence.
/** @type {(extent: Extent, z: Numbers) => string} */
export const place = (extent, z) => `(${[z[0], z[1]].map((value) => written(value, decimals(extent))).join(", ")})`;

// Which of the codes (z1, z2, z1, z2, ...) lies closest to z, and how far away.
/** @type {(codes: Numbers, z: Numbers) => { index: number, distance: number }} */
export function nearest(codes, z) {
  let [index, best] = [0, Infinity];
  for (let i = 0; i < codes.length / 2; i++) {
    const distance = Math.hypot(codes[2 * i] - z[0], codes[2 * i + 1] - z[1]);
    if (distance < best) [index, best] = [i, distance];
  }
  return { index, distance: best };
}

// The heat picture: row 0, the lowest z2, at the bottom. `colours` are 256 times red, green, blue.
/** @type {(heat: Heat, colours: Numbers) => HTMLCanvasElement} */
export function heatPicture({ values, columns, low, high }, colours) {
  const rows = values.length / columns;
  const pixels = new ImageData(columns, rows);
  for (let i = 0; i < values.length; i++) {
    const shade = Math.round((255 * (between(values[i], low, high) - low)) / (high - low || 1));
    const at = 4 * ((rows - 1 - Math.floor(i / columns)) * columns + (i % columns));
    pixels.data.set([colours[3 * shade], colours[3 * shade + 1], colours[3 * shade + 2], 255], at);
  }
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  /** @type {Context} */ (canvas.getContext("2d")).putImageData(pixels, 0, 0);
  return canvas;
}

/** @type {(context: Context, view: View, picture: CanvasImageSource, extent: Extent) => void} */
function drawHeat(context, view, picture, [left, right, bottom, top]) {
  const [x, y] = toPixel(view, [left, top]);
  const [xEnd, yEnd] = toPixel(view, [right, bottom]);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, x, y, xEnd - x, yEnd - y);
}

// Each code as its digit.
/** @type {(context: Context, view: View, codes: Numbers, labels: Numbers, colours: string[]) => void} */
export function drawCodes(context, view, codes, labels, colours) {
  Object.assign(context, { font: `600 11px ${FONT}`, textAlign: "center", textBaseline: "middle" });
  Object.assign(context, { lineWidth: 2, strokeStyle: PAPER }); // a rim, to be read on any background
  for (let i = 0; i < labels.length; i++) {
    /** @type {Pair} */
    const z = [codes[2 * i], codes[2 * i + 1]];
    if (isOutside(view.extent, z)) continue;
    const [x, y] = toPixel(view, z);
    context.strokeText(String(labels[i]), x, y);
    context.fillStyle = colours[labels[i]];
    context.fillText(String(labels[i]), x, y);
  }
}

// Samples as circles whose area is proportional to their weight; what would be too small to see is a tiny ring.
/** @type {(context: Context, view: View, samples: Samples) => void} */
function drawSamples(context, view, { points, weights, colour }) {
  for (let i = 0; i < weights.length; i++) {
    const radius = CIRCLE.largest * Math.sqrt(weights[i]);
    const [x, y] = toPixel(view, [points[2 * i], points[2 * i + 1]]);
    const heavy = radius > CIRCLE.dot;
    context.beginPath();
    context.arc(x, y, Math.max(radius, CIRCLE.dot), 0, 2 * Math.PI);
    if (heavy) Object.assign(context, { strokeStyle: "#fff", lineWidth: 3.5 }).stroke();
    Object.assign(context, { strokeStyle: colour, fillStyle: colour, lineWidth: heavy ? 1.5 : 0.8 }).stroke();
    context.globalAlpha = 0.75;
    if (heavy) context.fill();
    context.globalAlpha = 1;
  }
}

// N(m, diag s^2) as its ellipses at one and two standard deviations, its label above them.
/** @type {(context: Context, view: View, gaussian: Gaussian) => void} */
export function drawGaussian(context, view, { m, s, label, colour, dashed }) {
  const [x, y] = toPixel(view, m);
  const [xOne, yOne] = toPixel(view, [m[0] + s[0], m[1] + s[1]]);
  for (const style of [
    { strokeStyle: "#fff", lineWidth: 5 },
    { strokeStyle: colour, lineWidth: 2.5 },
  ]) {
    for (const k of [1, 2]) {
      context.beginPath();
      context.ellipse(x, y, k * (xOne - x), k * (y - yOne), 0, 0, 2 * Math.PI);
      context.setLineDash(dashed ? [7, 5] : []);
      Object.assign(context, style).stroke();
    }
  }
  context.setLineDash([]);
  context.font = `600 13px ${FONT}`;
  writeOnPaper(context, view, label, colour, x, y - 2 * (y - yOne) - 15);
}

// A label over whatever is drawn, its middle at (x, y) or as near as the plane's frame allows.
/** @type {(context: Context, view: View, label: string, colour: string, x: number, y: number) => void} */
function writeOnPaper(context, view, label, colour, x, y) {
  if (!label) return;
  const half = context.measureText(label).width / 2 + 5;
  const middle = between(x, view.left + half, view.left + view.size - half);
  const height = between(y, view.top + 10, view.top + view.size - 10);
  Object.assign(context, { fillStyle: PAPER }).fillRect(middle - half, height - 10, 2 * half, 20);
  write(context, label, middle, height, { fillStyle: colour });
}

/** @type {(context: Context, view: View, palette: Palette) => void} */
function drawAxes(context, view, { ink }) {
  const { extent, left, top, size } = view;
  Object.assign(context, { strokeStyle: ink, fillStyle: ink, lineWidth: 1, font: `11px ${FONT}` });
  context.strokeRect(left - 0.5, top - 0.5, size + 1, size + 1);
  const count = Math.max(3, Math.floor(size / 45));
  for (const tick of ticks(extent[0], extent[1], count)) {
    const [x] = toPixel(view, [tick, 0]);
    context.fillRect(x - 0.5, top + size, 1, 4);
    write(context, written(tick), x, top + size + 11, { fillStyle: ink });
  }
  for (const tick of ticks(extent[2], extent[3], count)) {
    const [, y] = toPixel(view, [0, tick]);
    context.fillRect(left - 4, y - 0.5, 4, 1);
    write(context, written(tick), left - 6, y, { textAlign: "right", fillStyle: ink });
  }
  context.font = `12px ${FONT}`;
  write(context, "first latent, z₁", left + size / 2, top + size + 29, { fillStyle: ink });
  writeUp(context, "second latent, z₂", 7, top + size / 2, ink);
}

export const SCALE = `<div class="scale" hidden><span class="label"></span><span class="low"></span><i></i><span class="high"></span></div>`;

// Beside a heat picture: what it shows and its unit, and which colour is which number.
/** @type {(scale: HTMLElement, heat: Heat, colours: Numbers) => void} */
export function showScale(scale, { label, low, high }, colours) {
  const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (scale.querySelector(selector));
  scale.hidden = false;
  const shades = [0, 51, 102, 153, 204, 255].map((i) => `rgb(${[0, 1, 2].map((j) => colours[3 * i + j])})`);
  find(".label").textContent = label;
  find("i").style.background = `linear-gradient(90deg, ${shades})`;
  find(".low").textContent = written(Number(low.toPrecision(3)));
  find(".high").textContent = written(Number(high.toPrecision(3)));
}

// The plane on a page. `host` is filled; `onMove(name, z)` is called while a handle is moved.
/**
 * @type {(host: HTMLElement, options: { alt: string, digits: string[], colours: Numbers, onMove: (name: string, z: Pair) => void }) =>
 *   { show: (scene: Scene) => void, stop: () => void, canvas: HTMLCanvasElement }}
 */
export function createPlane(host, { alt, digits, colours, onMove }) {
  host.classList.add("plane");
  host.innerHTML = `<canvas class="below" role="img"></canvas><canvas class="above" aria-hidden="true"></canvas>`;
  host.insertAdjacentHTML("afterend", SCALE);
  const scale = /** @type {HTMLElement} */ (host.nextElementSibling);
  const [canvas, overlay] = /** @type {HTMLCanvasElement[]} */ ([...host.children]);
  canvas.setAttribute("aria-label", alt);
  /** @type {Map<string, HTMLElement>} */
  const rings = new Map();
  /** @type {Scene} */
  let scene = { extent: [-3, 3, -3, 3], handles: [] };
  /** @type {{ of: Heat?, canvas: HTMLCanvasElement? }} */
  const picture = { of: null, canvas: null };
  /** @type {string?} the handle that a pointer holds */
  let held = null;
  const view = () => viewOf(scene.extent, canvas.clientWidth || 400);

  /** @param {Context} context */
  function inside(context, /** @type {() => void} */ draw) {
    const { left, top, size } = view();
    context.save();
    context.beginPath();
    context.rect(left, top, size, size);
    context.clip();
    draw();
    context.restore();
  }

  const below = surface(canvas, (context) => {
    const now = view();
    inside(context, () => {
      Object.assign(context, { fillStyle: "#fff" }).fillRect(now.left, now.top, now.size, now.size);
      if (picture.canvas && scene.heat) drawHeat(context, now, picture.canvas, scene.heat.extent);
      if (scene.codes) drawCodes(context, now, scene.codes.Z, scene.codes.labels, digits);
    });
    drawAxes(context, now, paletteOf(host));
    placeRings(); // the size may have changed
  });
  const above = surface(overlay, (context) => {
    const now = view();
    inside(context, () => {
      /** @type {Record<string, string>} */
      const roles = { ...paletteOf(host) };
      const coloured = (/** @type {any} */ part) => ({ ...part, colour: roles[part.colour] ?? part.colour });
      for (const samples of scene.samples ?? []) drawSamples(context, now, coloured(samples));
      for (const gaussian of scene.gaussians ?? []) drawGaussian(context, now, coloured(gaussian));
      if (scene.path) drawPath(context, now, scene.path);
    });
  });

  /** @type {(context: Context, now: View, path: Pair[]) => void} */
  function drawPath(context, now, path) {
    for (const style of [
      { strokeStyle: "#fff", lineWidth: 5 },
      { strokeStyle: paletteOf(host).handle, lineWidth: 2 },
    ]) {
      context.beginPath();
      for (const z of path) context.lineTo(...toPixel(now, z));
      Object.assign(context, style).stroke();
    }
  }

  function placeRings() {
    for (const { name, at, along } of scene.handles) {
      const ring = rings.get(name);
      if (!ring) continue;
      const [x, y] = toPixel(view(), clip(scene.extent, at));
      ring.style.transform = `translate(${x}px, ${y}px)`;
      if (held) continue; // a screen reader would read each step of a drag aloud
      const z = place(scene.extent, at);
      ring.setAttribute("aria-valuenow", String(at[along ?? 0]));
      ring.setAttribute("aria-valuemin", String(scene.extent[along === 1 ? 2 : 0]));
      ring.setAttribute("aria-valuemax", String(scene.extent[along === 1 ? 3 : 1]));
      ring.setAttribute("aria-valuetext", along === undefined ? z : written(at[along], decimals(scene.extent)));
    }
  }

  /** @param {string} name */
  const handle = (name) => /** @type {Handle} */ (scene.handles.find((one) => one.name === name));

  /** @type {(name: string, z: Pair) => void} */
  function move(name, z) {
    const { at, along } = handle(name);
    if (along === 0) z = [z[0], at[1]];
    if (along === 1) z = [at[0], z[1]];
    onMove(name, kept(scene.extent, z));
  }

  /** @param {PointerEvent} event */
  function pointed(event) {
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.clientWidth / box.width;
    return toLatent(view(), [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio]);
  }

  // A press on a ring takes that ring; a press anywhere else takes the first, the reader's point z.
  host.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !scene.handles.length || held) return;
    event.preventDefault(); // no text selection while dragging
    host.setPointerCapture(event.pointerId);
    held = /** @type {HTMLElement} */ (event.target).dataset?.name ?? scene.handles[0].name;
    rings.get(held)?.focus({ preventScroll: true });
    move(held, pointed(event));
  });
  host.addEventListener("pointermove", (event) => {
    if (held && host.hasPointerCapture(event.pointerId)) move(held, pointed(event));
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    host.addEventListener(end, () => {
      held = null;
      placeRings();
    });
  }
  host.addEventListener("keydown", (event) => {
    const name = /** @type {HTMLElement} */ (event.target).dataset?.name;
    const direction = KEYS[event.key];
    if (!name || !direction) return;
    event.preventDefault(); // the page must not scroll
    const [low, high] = scene.extent;
    const step = ((high - low) / STEPS) * (event.shiftKey ? 0.2 : 1);
    const { at } = handle(name);
    move(name, [at[0] + step * direction[0], at[1] + step * direction[1]]);
  });

  function makeRings() {
    const wanted = new Set(scene.handles.map(({ name }) => name));
    for (const [name, ring] of rings) {
      if (wanted.has(name)) continue;
      ring.remove();
      rings.delete(name);
    }
    for (const { name, label, along, colour } of scene.handles) {
      if (rings.has(name)) continue;
      host.insertAdjacentHTML("beforeend", `<div class="handle" tabindex="0" ${KEEP_KEYS} role="slider"></div>`);
      const ring = /** @type {HTMLElement} */ (host.lastElementChild);
      ring.dataset.name = name;
      ring.setAttribute("aria-label", label);
      ring.setAttribute("aria-orientation", along === 1 ? "vertical" : "horizontal");
      ring.classList.toggle("small", along !== undefined);
      if (colour) ring.style.setProperty("--handle", colour);
      rings.set(name, ring);
    }
  }

  return {
    canvas,
    show(next) {
      const last = scene;
      scene = next;
      if ((next.heat ?? null) !== picture.of) {
        picture.of = next.heat ?? null;
        picture.canvas = next.heat ? heatPicture(next.heat, colours) : null;
        scale.hidden = !next.heat;
        if (next.heat) showScale(scale, next.heat, colours);
      }
      if (last.extent !== next.extent || last.heat !== next.heat || last.codes !== next.codes) below.paint();
      makeRings();
      placeRings();
      above.paint();
    },
    stop() {
      below.stop();
      above.stop();
    },
  };
}
