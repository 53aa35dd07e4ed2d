// The sheet: images in the space of three principal components, PCA's plane, and the decoder's sheet through them.
// @ts-check

import { decode } from "./inference.js";
import {
  aDigit,
  between,
  bytes,
  dragged,
  FONT,
  floats,
  framed,
  guarded,
  hostOf,
  KEEP_KEYS,
  movesLess,
  onceAFrame,
  PAPER,
  paletteOf,
  smallImage,
  surface,
  written,
} from "./kit.js";
import { createPlane, place } from "./plane.js";

/** @typedef {import("./kit.js").Context} Context */
/** @typedef {import("./kit.js").Numbers} Numbers */
/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {import("./kit.js").Palette} Palette */
/** @typedef {import("./plane.js").Extent} Extent */
/** @typedef {{ mean: Numbers, axes: Numbers }} Pca the components one after the other */
/** @typedef {{ corners: number[], labels: Numbers, faces: Face[], radius: number }} Solid places of three numbers each: first one for each label, then the corners of faces */
/** @typedef {{ corners: number[], edges: number[][], sheet: boolean }} Face four corners and the edges to draw, of the sheet or of PCA's plane */
/** @typedef {{ text: string, colour: string, large: boolean, place: number[] }} Name that stands at a place */
/** @typedef {{ middle: Pair, scale: number }} View in CSS pixels */

const FAINT = 0.3; // opacity of what lies farthest back
const DOT = 3; // CSS pixels
const SHOWS = { from: 40, during: 2000 }; // degrees and ms of the turn at the start

// An image along the principal components.
/** @type {(pca: Pca, image: Numbers) => number[]} */
export function project({ mean, axes }, image) {
  return [0, 1, 2].map((component) => {
    let sum = 0;
    for (let j = 0; j < mean.length; j++) sum += axes[component * mean.length + j] * (image[j] - mean[j]);
    return sum;
  });
}

// Places (three numbers each) as seen after a turn: to the right, up, and away from the reader. Degrees: around the
// third component, which points up, and from above.
/** @type {(places: Numbers, turn: Pair) => Float64Array} */
export function turned(places, turn) {
  const [around, above] = turn.map((degrees) => (degrees * Math.PI) / 180);
  const [cosA, sinA, cosB, sinB] = [Math.cos(around), Math.sin(around), Math.cos(above), Math.sin(above)];
  const seen = new Float64Array(places.length);
  for (let i = 0; i < places.length; i += 3) {
    const away = sinA * places[i] + cosA * places[i + 1];
    seen[i] = cosA * places[i] - sinA * places[i + 1];
    seen[i + 1] = cosB * places[i + 2] + sinB * away;
    seen[i + 2] = cosB * away - sinB * places[i + 2];
  }
  return seen;
}

// Which to draw first: the farthest.
/** @type {(depths: Numbers) => number[]} */
export const backToFront = (depths) => Array.from(depths, (_, i) => i).sort((a, b) => depths[b] - depths[a]);

// The depth of each point, then of each face: that of the middle of its corners.
/** @type {(seen: Numbers, points: number, faces: Face[]) => Float64Array} */
export function depthsOf(seen, points, faces) {
  const depths = new Float64Array(points + faces.length);
  for (let i = 0; i < points; i++) depths[i] = seen[3 * i + 2];
  for (const [i, { corners }] of faces.entries()) {
    for (const corner of corners) depths[points + i] += seen[3 * corner + 2] / corners.length;
  }
  return depths;
}

// The image that is nearest to another, and the squared distance.
/** @type {(images: Numbers, image: Numbers) => { index: number, distance: number }} */
export function nearestImage(images, image) {
  let [index, best] = [0, Infinity];
  for (let i = 0; i < images.length / image.length; i++) {
    let sum = 0;
    for (let j = 0; j < image.length; j++) sum += (images[i * image.length + j] - image[j]) ** 2;
    if (sum < best) [index, best] = [i, sum];
  }
  return { index, distance: best };
}

// The turn after a move of the pointer, of the arrow keys: around by any angle, from above by a quarter at most.
/** @type {(turn: Pair, by: Pair) => Pair} */
export function turnedBy([around, above], [more, higher]) {
  const whole = (((Math.round(around + more) + 180) % 360) + 360) % 360;
  return [whole - 180, between(Math.round(above + higher), -90, 90)];
}

/** @type {(extent: Extent, z: Pair, digit: number, distance: number) => string} */
export function describe(extent, z, digit, distance) {
  const near = `The nearest training image, ${aDigit(digit)}, is ${written(distance, 2)} away (squared distance).`;
  return `z = ${place(extent, z)}. ${near}`;
}

// Cells between the lines of a mesh of `lines` by `lines` places, the first of which has this number. Of the sheet every
// second line is drawn, each once.
/** @type {(first: number, lines: number, sheet: boolean) => Face[]} */
export function facesOf(first, lines, sheet) {
  const cells = lines - 1;
  return Array.from({ length: cells ** 2 }, (_, i) => {
    const [row, column] = [Math.floor(i / cells), i % cells];
    const corner = first + lines * row + column;
    const [a, b, c, d] = [corner, corner + 1, corner + lines + 1, corner + lines];
    const edges = [];
    if (row % 2 === 0) edges.push([a, b]);
    if (column % 2 === 0) edges.push([a, d]);
    if (row === cells - 1) edges.push([d, c]);
    if (column === cells - 1) edges.push([b, c]);
    return { corners: [a, b, c, d], edges: sheet ? edges : [], sheet };
  });
}

// How squarely a face looks at the reader: 0 edge on, 1 full. It gives the sheet its light and shade.
/** @type {(seen: Numbers, corners: number[]) => number} */
export function facing(seen, [a, b, c, d]) {
  const along = (/** @type {number} */ from, /** @type {number} */ to) => {
    return [0, 1, 2].map((axis) => seen[3 * to + axis] - seen[3 * from + axis]);
  };
  const [u, v] = [along(a, c), along(b, d)];
  const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  return Math.abs(normal[2]) / (Math.hypot(...normal) || 1);
}

// Where a place that was turned lies in the drawing.
/** @type {(view: View, seen: Numbers, i: number) => Pair} */
const pixelOf = ({ middle, scale }, seen, i) => [middle[0] + scale * seen[3 * i], middle[1] - scale * seen[3 * i + 1]];

/** @type {(context: Context, view: View, solid: Solid, turn: Pair, colours: string[], palette: Palette) => void} */
function drawSolid(context, view, { corners, labels, faces, radius }, turn, colours, { approximation, prior }) {
  const seen = turned(corners, turn);
  const depths = depthsOf(seen, labels.length, faces);
  Object.assign(context, { strokeStyle: approximation, lineWidth: 0.8 });
  for (const i of backToFront(depths)) {
    const near = between((radius - depths[i]) / (2 * radius), 0, 1); // 0 at the back, 1 in front
    const fade = FAINT + (1 - FAINT) * near;
    if (i < labels.length) {
      const [x, y] = pixelOf(view, seen, i);
      Object.assign(context, { globalAlpha: fade, fillStyle: colours[labels[i]] });
      context.fillRect(x - DOT / 2, y - DOT / 2, DOT, DOT); // a circle takes four times as long
      continue;
    }
    const { corners: around, edges, sheet } = faces[i - labels.length];
    const light = sheet ? 0.15 + 0.3 * (1 - facing(seen, around)) : 0.35;
    Object.assign(context, { globalAlpha: fade * light, fillStyle: sheet ? approximation : prior });
    context.beginPath();
    for (const corner of around) context.lineTo(...pixelOf(view, seen, corner));
    context.fill();
    context.globalAlpha = 0.7 * fade;
    context.beginPath();
    for (const [from, to] of edges) {
      context.moveTo(...pixelOf(view, seen, from));
      context.lineTo(...pixelOf(view, seen, to));
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

// The name of each digit, and of the components, over the cloud.
/** @type {(context: Context, view: View, name: Name, turn: Pair) => void} */
function drawName(context, view, { text, colour, large, place }, turn) {
  context.font = large ? `700 17px ${FONT}` : `12px ${FONT}`;
  Object.assign(context, { lineWidth: 4, strokeStyle: PAPER, textAlign: "center", textBaseline: "middle" });
  const half = context.measureText(text).width / 2 + 4;
  const [across, down] = pixelOf(view, turned(place, turn), 0);
  const [x, y] = [between(across, half, 2 * view.middle[0] - half), between(down, 12, 2 * view.middle[1] - 12)];
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

// z on the sheet, on top of all, and a line to the image that is nearest to it.
/** @type {(context: Context, at: Pair, image: Pair, palette: Palette) => void} */
function drawMark(context, at, image, { handle, data }) {
  Object.assign(context, { strokeStyle: data, lineWidth: 1.5 });
  context.beginPath();
  context.moveTo(...at);
  context.lineTo(...image);
  context.moveTo(image[0] + 8, image[1]);
  context.arc(...image, 8, 0, 2 * Math.PI);
  context.stroke();
  context.beginPath();
  context.arc(...at, 7, 0, 2 * Math.PI);
  Object.assign(context, { fillStyle: handle, strokeStyle: "#fff", lineWidth: 2.5 }).fill();
  context.stroke();
  Object.assign(context, {
    font: `italic 600 14px Georgia, "Times New Roman", serif`,
    lineWidth: 4,
    strokeStyle: PAPER,
  });
  context.strokeText("z", at[0] + 11, at[1] - 10);
  context.fillText("z", at[0] + 11, at[1] - 10);
}

// A movement that begins when the reader first sees the canvas: `step` is given how much of it is left, from 1 to 0.
// What it returns stops it.
/** @type {(canvas: Element, during: number, step: (left: number) => void) => () => void} */
function whenSeen(canvas, during, step) {
  let [begun, next] = [0, 0];
  function frame(/** @type {number} */ now) {
    begun ||= now;
    const left = Math.max(0, 1 - (now - begun) / during) ** 2;
    if (left > 0) next = requestAnimationFrame(frame);
    step(left);
  }
  const sight = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    sight.disconnect();
    next = requestAnimationFrame(frame);
  });
  sight.observe(canvas);
  return () => {
    sight.disconnect();
    cancelAnimationFrame(next);
  };
}

const PARTS = `<div class="panels">
  <div>
    <div class="cloud"><canvas role="img"></canvas><canvas aria-hidden="true"></canvas><div class="turn" tabindex="0" ${KEEP_KEYS} role="slider"
      aria-label="turn the cloud: left and right around it, up and down to look from higher or lower" aria-valuemin="-180" aria-valuemax="180"></div></div>
    <p class="keys"><span>dots: images</span><span><i style="background: var(--prior)"></i>PCA's plane</span>
      <span><i style="background: var(--approximation)"></i>the decoder's sheet</span><span class="share"></span></p>
  </div>
  <div class="side">
    <div><div></div></div>
    <div class="images"></div>
    <div class="buttons"><button type="button">reset the view</button></div>
    <p class="hint">Drag the cloud to turn it, and the ring to move z over the sheet; the arrow keys do both.</p>
  </div>
</div>`;
/** @type {Record<string, Pair>} in degrees */
const KEYS = { ArrowLeft: [-5, 0], ArrowRight: [5, 0], ArrowUp: [0, 5], ArrowDown: [0, -5] };

/** @param {{ model: any, el: HTMLElement }} props */
function render({ model, el }) {
  const host = hostOf(model);
  const { root, find, say } = framed(el, "sheet", host.get("_title"), PARTS);
  const sent = host.get("_decoder");
  const decoder = { ...sent, weights: floats(sent.weights) };
  const numbers = (/** @type {string} */ name) => floats(host.get(name));
  const [images, codes, points] = ["_images", "_codes", "_points"].map(numbers);
  const [mesh, flat, mean, axes] = ["_mesh", "_flat", "_mean", "_axes"].map(numbers);
  const labels = bytes(host.get("_labels"));
  const [lines, flatLines] = [mesh, flat].map(({ length }) => Math.sqrt(length / 3));
  const first = labels.length;
  const faces = [...facesOf(first, lines, true), ...facesOf(first + lines ** 2, flatLines, false)];
  /** @type {Solid} */
  const solid = { corners: [...points, ...mesh, ...flat], labels, faces, radius: host.get("_radius") };
  /** @type {Name[]} */
  const names = host.get("_names");
  /** @type {Extent} */
  const extent = host.get("_extent");
  const [start, colours] = [host.get("turn"), host.get("_digits")];
  let away = movesLess() ? 0 : SHOWS.from; // degrees that the turn at the start has still to go
  let [at, near] = [[0, 0, 0], { index: 0, distance: 0 }];
  /** @type {() => Pair} */
  const turnNow = () => [host.get("turn")[0] + away, host.get("turn")[1]];

  const [canvas, overlay, grip] = [...find(".cloud").children];
  canvas.setAttribute("aria-label", host.get("_alt"));
  find(".share").textContent = `components 1 to 3: ${Math.round(100 * host.get("_share"))}% of the variance`;
  /** @type {(width: number, height: number) => View} */
  const viewOf = (width, height) => ({
    middle: [width / 2, height / 2],
    scale: (0.5 * Math.min(width, height)) / solid.radius,
  });
  const cloud = surface(canvas, (context, width, height) => {
    const view = viewOf(width, height);
    drawSolid(context, view, solid, turnNow(), colours, paletteOf(root));
    for (const name of names) drawName(context, view, name, turnNow());
  });
  // On a canvas of its own, so that the cloud is not drawn again while z moves.
  const mark = surface(overlay, (context, width, height) => {
    const seen = turned([...at, ...points.subarray(3 * near.index, 3 * near.index + 3)], turnNow());
    const view = viewOf(width, height);
    drawMark(context, pixelOf(view, seen, 0), pixelOf(view, seen, 1), paletteOf(root));
  });

  /** @param {Pair} turn */
  function turnTo(turn) {
    stopShowing();
    away = 0;
    host.set({ turn });
  }
  /** @type {Pair?} where the pointer was that turns the cloud */
  let held = null;
  dragged(
    grip,
    ({ clientX, clientY }) => {
      grip.focus({ preventScroll: true });
      held ??= [clientX, clientY];
      const by = [clientX - held[0], clientY - held[1]].map((pixels) => Math.round(pixels / 2));
      held = [held[0] + 2 * by[0], held[1] + 2 * by[1]]; // what was too little for a degree is kept
      turnTo(turnedBy(host.get("turn"), [by[0], by[1]]));
    },
    () => {
      held = null;
      tell();
    },
  );
  grip.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault(); // the page must not scroll
    turnTo(turnedBy(host.get("turn"), KEYS[event.key]));
  });
  find("button").addEventListener("click", () => turnTo(start));

  function turnShown() {
    cloud.paint();
    mark.paint();
    tell();
  }
  function tell() {
    if (held) return; // a screen reader would read each step of a drag aloud
    const [around, above] = host.get("turn");
    grip.setAttribute("aria-valuenow", around);
    grip.setAttribute("aria-valuetext", `${written(around)} degrees around, ${written(above)} from above`);
  }

  const plane = createPlane(find(".side > div > div"), {
    alt: `The latent plane with ${labels.length} codes, each drawn as its digit`,
    digits: colours,
    colours: [],
    onMove: (_, z) => host.set({ z }),
  });
  const [decoded, training] = [smallImage(find(".images")), smallImage(find(".images"))];
  const drawn = { Z: codes, labels };

  const show = onceAFrame(() => {
    const z = host.get("z");
    const image = decode(decoder, z);
    at = project({ mean, axes }, image);
    near = nearestImage(images, image);
    plane.show({ extent, codes: drawn, handles: [{ at: z, name: "z", label: "z, the point on the sheet" }] });
    decoded.show(image, "decoded at z", `The image that the decoder draws at z = ${place(extent, z)}`);
    const digit = labels[near.index];
    training.show(images.subarray(64 * near.index, 64 * near.index + 64), `nearest image, ${aDigit(digit)}`);
    mark.paint();
    say(describe(extent, z, digit, near.distance));
  });
  const stopShowing = whenSeen(canvas, SHOWS.during, (left) => {
    if (movesLess()) return;
    away = SHOWS.from * left;
    turnShown();
  });
  host.on("z", show);
  host.on("turn", turnShown);
  show();
  turnShown();
  return () => {
    host.stop();
    stopShowing();
    for (const one of [plane, cloud, mark]) one.stop();
  };
}

export default { render: guarded(render) };
