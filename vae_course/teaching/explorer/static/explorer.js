// The latent explorer in the browser: the plane, the handle, and the decoder's network.
// What is exported by name needs no page, so that a test runs this very file without a browser.
// @ts-check

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {ArrayLike<number>} Numbers */
/** @typedef {[number, number]} Pair */
/** @typedef {[number, number, number, number]} Extent z1 lowest, z1 highest, z2 lowest, z2 highest */
/** @typedef {{ m: Pair, s: Pair, label: string, colour: string }} Gaussian */
/** @typedef {{ points: DataView, weights: DataView, label: string, colour: string }} Samples */
/** @typedef {{ png: DataView, extent: Extent, label: string, low: number, high: number, colours: string[] }} Background */
/** @typedef {{ bitmap: ImageBitmap, extent: Extent }} Picture */
/**
 * What Python and the page keep in step: the traits of latent.py.
 * @typedef {{
 *   z: Pair, _weights: DataView, _sizes: number[], _activations: string[], _codes: DataView, _labels: DataView,
 *   _colours: string[], _extent: Extent, _background: Background?, _gaussian: Gaussian?, _samples: Samples?, _alt: string,
 * }} State
 */

const PLANE = { side: 440, left: 60, top: 6, size: 374 }; // of the drawing, in CSS pixels
const STEPS = 200; // arrow presses from one edge of the plane to the other
const FONT = "system-ui, sans-serif";
const PAPER = "rgba(255, 255, 255, 0.8)";
const CIRCLE = { largest: 18, dot: 1.7 }; // radii of a sample of weight 1, and of one too light to be seen
/** @type {Record<string, number[]>} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
/** @type {Record<string, (a: number) => number>} */
const ACTIVATIONS = { tanh: Math.tanh, sigmoid: (a) => 1 / (1 + Math.exp(-a)), identity: (a) => a };

// The image that z stands for. `weights` holds, layer after layer, W row by row and then b.
/** @type {(weights: Numbers, sizes: number[], activations: string[], z: Numbers) => Float64Array} */
export function decode(weights, sizes, activations, z) {
  let [units, start] = [Float64Array.from(z), 0];
  for (const [layer, name] of activations.entries()) {
    const [inputs, outputs] = [sizes[layer], sizes[layer + 1]];
    const biases = start + inputs * outputs;
    const next = new Float64Array(outputs);
    for (let i = 0; i < outputs; i++) {
      let sum = weights[biases + i];
      for (let j = 0; j < inputs; j++) sum += weights[start + i * inputs + j] * units[j];
      next[i] = ACTIVATIONS[name](sum);
    }
    units = next;
    start = biases + outputs;
  }
  return units;
}

// Where z lies in the drawing.
/** @type {(extent: Extent, z: Pair) => Pair} */
export function toPixel([left, right, bottom, top], [z1, z2]) {
  const [across, down] = [(z1 - left) / (right - left), (top - z2) / (top - bottom)];
  return [PLANE.left + PLANE.size * across, PLANE.top + PLANE.size * down];
}

// The z at a point of the drawing: the inverse of `toPixel`.
/** @type {(extent: Extent, pixel: Pair) => Pair} */
export function toLatent([left, right, bottom, top], [x, y]) {
  const [across, down] = [(x - PLANE.left) / PLANE.size, (y - PLANE.top) / PLANE.size];
  return [left + (right - left) * across, top - (top - bottom) * down];
}

/** @type {(value: number, low: number, high: number) => number} */
const between = (value, low, high) => Math.min(Math.max(value, low), high);

// The point of the plane that is closest to z: z itself, unless it lies outside.
/** @type {(extent: Extent, z: Pair) => Pair} */
export function clip([left, right, bottom, top], [z1, z2]) {
  return [between(z1, left, right), between(z2, bottom, top)];
}

/** @type {(extent: Extent, z: Pair) => boolean} */
const isOutside = (extent, z) => clip(extent, z).some((value, i) => value !== z[i]);

// z at `decimals`, and in the plane.
/** @type {(extent: Extent, z: Pair) => Pair} */
export function kept(extent, [z1, z2]) {
  const digits = decimals(extent);
  return clip(extent, [Number(z1.toFixed(digits)), Number(z2.toFixed(digits))]);
}

// How many decimals z is kept at: about a thousand values across the plane.
/** @param {Extent} extent */
export function decimals([left, right]) {
  return Math.max(0, Math.ceil(3 - Math.log10(right - left)));
}

// Which of the codes (z1, z2, z1, z2, ...) lies closest to z, and how far away.
/** @type {(codes: Numbers, z: Pair) => { index: number, distance: number }} */
export function nearest(codes, z) {
  let [index, best] = [0, Infinity];
  for (let i = 0; i < codes.length / 2; i++) {
    const distance = Math.hypot(codes[2 * i] - z[0], codes[2 * i + 1] - z[1]);
    if (distance < best) [index, best] = [i, distance];
  }
  return { index, distance: best };
}

// A number as it is written on the screen, with a true minus and no minus zero.
/** @type {(value: number, digits?: number) => string} */
export function written(value, digits) {
  const text = digits === undefined ? String(value) : value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

// The sentence below the plane.
/** @type {(extent: Extent, z: Pair, digit: number, distance: number) => string} */
export function describe(extent, z, digit, distance) {
  const digits = decimals(extent);
  const [z1, z2] = z.map((value) => written(value, digits));
  const where = isOutside(extent, z) ? ", outside the plane drawn here, so the handle waits at the edge" : "";
  const article = digit === 8 ? "an" : "a";
  const near = `The nearest code, ${written(distance, digits)} away, is an image of ${article} ${digit}.`;
  return `z = (${z1}, ${z2})${where}. ${near}`;
}

// Round numbers for the axis, four to nine of them.
/** @type {(low: number, high: number) => number[]} */
export function ticks(low, high) {
  const power = 10 ** Math.floor(Math.log10((high - low) / 5));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => (high - low) / s <= 9) ?? power;
  const [first, last] = [Math.ceil(low / step), Math.floor(high / step)];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

// A buffer arrives as a view that may start anywhere, and a Float32Array must start at a multiple of four.
/** @param {DataView} view */
function bytes(view) {
  return /** @type {ArrayBuffer} */ (view.buffer).slice(view.byteOffset, view.byteOffset + view.byteLength);
}

/** @type {(context: Context, extent: Extent, picture: Picture) => void} */
function drawBackground(context, extent, { bitmap, extent: [left, right, bottom, top] }) {
  const [x, y] = toPixel(extent, [left, top]);
  const [xEnd, yEnd] = toPixel(extent, [right, bottom]);
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, x, y, xEnd - x, yEnd - y);
}

// Each code as its digit.
/** @type {(context: Context, extent: Extent, codes: Numbers, labels: number[], colours: string[]) => void} */
export function drawCodes(context, extent, codes, labels, colours) {
  Object.assign(context, { font: `600 11px ${FONT}`, textAlign: "center", textBaseline: "middle" });
  Object.assign(context, { lineWidth: 2, strokeStyle: PAPER }); // a rim, to be read on any background
  for (const [i, label] of labels.entries()) {
    /** @type {Pair} */
    const z = [codes[2 * i], codes[2 * i + 1]];
    if (isOutside(extent, z)) continue;
    const [x, y] = toPixel(extent, z);
    context.strokeText(String(label), x, y);
    context.fillStyle = colours[label];
    context.fillText(String(label), x, y);
  }
}

/** @type {(context: Context, extent: Extent, samples: Samples) => void} */
function drawSamples(context, extent, { points, weights, label, colour }) {
  const [z, w] = [points, weights].map((view) => new Float32Array(bytes(view)));
  for (const [i, weight] of w.entries()) {
    const radius = CIRCLE.largest * Math.sqrt(weight);
    const [x, y] = toPixel(extent, [z[2 * i], z[2 * i + 1]]);
    context.beginPath();
    context.arc(x, y, Math.max(radius, CIRCLE.dot), 0, 2 * Math.PI);
    const heavy = radius > CIRCLE.dot;
    if (heavy) Object.assign(context, { strokeStyle: "#fff", lineWidth: 3.5 }).stroke();
    Object.assign(context, { strokeStyle: colour, fillStyle: colour, lineWidth: heavy ? 1.5 : 0.8 }).stroke();
    context.globalAlpha = 0.8;
    if (heavy) context.fill();
    context.globalAlpha = 1;
  }
  context.font = `600 13px ${FONT}`;
  writeOnPaper(context, label, colour, PLANE.left + 13 + context.measureText(label).width / 2, PLANE.top + 18);
}

// N(m, diag s^2) as its ellipses at one and two standard deviations, its label above them.
/** @type {(context: Context, extent: Extent, gaussian: Gaussian) => void} */
export function drawGaussian(context, extent, { m, s, label, colour }) {
  const [x, y] = toPixel(extent, m);
  const [xOne, yOne] = toPixel(extent, [m[0] + s[0], m[1] + s[1]]);
  for (const style of [
    { strokeStyle: "#fff", lineWidth: 5 },
    { strokeStyle: colour, lineWidth: 2.5 },
  ]) {
    for (const k of [1, 2]) {
      context.beginPath();
      context.ellipse(x, y, k * (xOne - x), k * (y - yOne), 0, 0, 2 * Math.PI);
      Object.assign(context, style).stroke();
    }
  }
  context.font = `600 13px ${FONT}`;
  writeOnPaper(context, label, colour, x, y - 2 * (y - yOne) - 15);
}

// A label over whatever is drawn, its middle at (x, y) or as near as the plane's frame allows.
/** @type {(context: Context, label: string, colour: string, x: number, y: number) => void} */
function writeOnPaper(context, label, colour, x, y) {
  const half = context.measureText(label).width / 2 + 5;
  const middle = between(x, PLANE.left + half, PLANE.left + PLANE.size - half);
  const height = between(y, PLANE.top + 10, PLANE.top + PLANE.size - 10);
  Object.assign(context, { fillStyle: PAPER }).fillRect(middle - half, height - 10, 2 * half, 20);
  write(context, label, middle, height, { fillStyle: colour });
}

/** @type {(context: Context, text: string, x: number, y: number, style?: object) => void} */
function write(context, text, x, y, style = {}) {
  Object.assign(context, { fillStyle: "#333", textAlign: "center", textBaseline: "middle", ...style });
  context.fillText(text, x, y);
}

/** @type {(context: Context, extent: Extent) => void} */
function drawAxes(context, extent) {
  const [middle, end] = [PLANE.top + PLANE.size / 2, PLANE.top + PLANE.size];
  Object.assign(context, { strokeStyle: "#555", fillStyle: "#555", lineWidth: 1, font: `12px ${FONT}` });
  context.strokeRect(PLANE.left - 0.5, PLANE.top - 0.5, PLANE.size + 1, PLANE.size + 1);
  for (const tick of ticks(extent[0], extent[1])) {
    const [x] = toPixel(extent, [tick, 0]);
    context.fillRect(x - 0.5, end, 1, 5);
    write(context, written(tick), x, end + 14);
  }
  for (const tick of ticks(extent[2], extent[3])) {
    const [, y] = toPixel(extent, [0, tick]);
    context.fillRect(PLANE.left - 5, y - 0.5, 5, 1);
    write(context, written(tick), PLANE.left - 8, y, { textAlign: "right" });
  }
  context.font = `13px ${FONT}`;
  write(context, "first latent, z₁", PLANE.left + PLANE.size / 2, end + 36);
  context.translate(7, middle);
  context.rotate(-Math.PI / 2);
  write(context, "second latent, z₂", 0, 0);
}

/** @type {(canvas: HTMLCanvasElement) => Context} */
const contextOf = (canvas) => /** @type {Context} */ (canvas.getContext("2d"));

/** @type {(canvas: HTMLCanvasElement, image: Float64Array) => void} */
function drawImage(canvas, image) {
  const pixels = new ImageData(canvas.width, canvas.height);
  for (const [i, ink] of image.entries()) {
    const grey = 255 * (1 - between(ink, 0, 1));
    pixels.data.set([grey, grey, grey, 255], 4 * i);
  }
  contextOf(canvas).putImageData(pixels, 0, 0);
}

/** @type {(pixels: number) => string} */
const percent = (pixels) => `${(100 * pixels) / PLANE.side}%`;

// JupyterLab would take the arrow keys to walk through the cells, unless the element in focus says this.
const KEEP_KEYS = 'data-lm-suppress-shortcuts="true"';
const FRAME = `--left: ${percent(PLANE.left)}; --top: ${percent(PLANE.top)}; --size: ${percent(PLANE.size)}`;
const PAGE = `<div class="latent-explorer" ${KEEP_KEYS} style="${FRAME}">
  <div class="panels">
    <div class="panel">
      <div class="heading">Latent plane <small>each digit is the code of one image</small></div>
      <div class="plane">
        <canvas class="codes" role="img"></canvas>
        <div class="guide across"></div><div class="guide down"></div>
        <div class="handle" tabindex="0" ${KEEP_KEYS} role="slider" aria-label="z, the point in the latent plane"></div>
      </div>
      <div class="scale" hidden><span class="label"></span><span class="low"></span><i></i><span class="high"></span></div>
    </div>
    <div class="panel">
      <div class="heading">Decoded image <small>what z stands for</small></div>
      <canvas class="image" role="img"></canvas>
      <label><span>first latent, z₁</span><output></output><input type="range" ${KEEP_KEYS}></label>
      <label><span>second latent, z₂</span><output></output><input type="range" ${KEEP_KEYS}></label>
      <div class="hint">Drag the ring, click in the plane, or use the arrow keys.</div>
    </div>
  </div>
  <p class="sentence" aria-live="polite"></p>
</div>`;

/** @param {import("@anywidget/types").RenderProps<State>} props */
function render({ model, el }) {
  el.innerHTML = PAGE;
  /** @type {(selector: string) => any} */
  const find = (selector) => el.querySelector(selector);
  const [plane, handle, sentence, scale] = [".plane", ".handle", ".sentence", ".scale"].map(find);
  /** @type {HTMLCanvasElement[]} */
  const [canvas, image] = [".codes", ".image"].map(find);
  const [sliders, outputs] = [[...el.querySelectorAll("input")], [...el.querySelectorAll("output")]];
  const [sizes, activations] = [model.get("_sizes"), model.get("_activations")];
  const weights = new Float32Array(bytes(model.get("_weights")));
  const codes = new Float32Array(bytes(model.get("_codes")));
  const labels = Array.from(new Uint8Array(bytes(model.get("_labels"))));
  let [extent, width] = [model.get("_extent"), 1];
  /** @type {Picture?} */
  let picture = null;

  /** @param {Pair} z */
  function move(z) {
    model.set("z", kept(extent, z));
    model.save_changes();
  }

  function showZ() {
    const z = model.get("z");
    const { index, distance } = nearest(codes, z);
    const [x, y] = toPixel(extent, clip(extent, z)).map(percent);
    plane.style.setProperty("--x", x);
    plane.style.setProperty("--y", y);
    drawImage(image, decode(weights, sizes, activations, z));
    for (const [i, value] of z.entries()) {
      sliders[i].value = String(value);
      outputs[i].value = written(value, decimals(extent));
    }
    const [z1, z2] = outputs.map((output) => output.value);
    handle.setAttribute("aria-valuenow", z[0]);
    handle.setAttribute("aria-valuetext", `first latent ${z1}, second latent ${z2}`);
    image.setAttribute("aria-label", `The image that the decoder draws at z = (${z1}, ${z2})`);
    sentence.textContent = describe(extent, z, labels[index], distance);
  }

  function showPlane() {
    const ratio = Math.max(2, window.devicePixelRatio); // sharp when zoomed in, too
    canvas.width = canvas.height = PLANE.side * ratio;
    const context = contextOf(canvas);
    context.scale(ratio, ratio);
    context.save();
    context.beginPath();
    context.rect(PLANE.left, PLANE.top, PLANE.size, PLANE.size);
    context.clip();
    const [samples, gaussian] = [model.get("_samples"), model.get("_gaussian")];
    if (picture) drawBackground(context, extent, picture);
    drawCodes(context, extent, codes, labels, model.get("_colours"));
    if (samples) drawSamples(context, extent, samples);
    if (gaussian) drawGaussian(context, extent, gaussian);
    context.restore();
    drawAxes(context, extent);
    canvas.setAttribute("aria-label", model.get("_alt"));
  }

  async function showBackground() {
    const background = model.get("_background");
    const blob = background && new Blob([bytes(background.png)], { type: "image/png" });
    const bitmap = blob && (await createImageBitmap(blob));
    if (background !== model.get("_background")) return; // a newer one came while this one was being read
    picture = background && bitmap && { bitmap, extent: background.extent };
    scale.hidden = !background;
    if (background) {
      find(".scale .label").textContent = background.label;
      find(".scale i").style.background = `linear-gradient(90deg, ${background.colours})`;
      find(".scale .low").textContent = written(Number(background.low.toPrecision(3)));
      find(".scale .high").textContent = written(Number(background.high.toPrecision(3)));
    }
    showPlane();
  }

  function showExtent() {
    extent = model.get("_extent");
    width = extent[1] - extent[0];
    for (const [i, slider] of sliders.entries()) {
      Object.assign(slider, { min: extent[2 * i], max: extent[2 * i + 1], step: width / STEPS });
    }
    handle.setAttribute("aria-valuemin", extent[0]);
    handle.setAttribute("aria-valuemax", extent[1]);
    showPlane();
    showZ();
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    const box = plane.getBoundingClientRect();
    const ratio = PLANE.side / box.width;
    move(toLatent(extent, [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio]));
  }

  plane.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // no text selection while dragging
    plane.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    follow(event);
  });
  plane.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (plane.hasPointerCapture(event.pointerId)) follow(event);
  });
  handle.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const direction = KEYS[event.key];
    if (!direction) return;
    event.preventDefault(); // the page must not scroll
    const step = width / (event.shiftKey ? 5 * STEPS : STEPS);
    const [z1, z2] = model.get("z");
    move([z1 + step * direction[0], z2 + step * direction[1]]);
  });
  for (const [i, slider] of sliders.entries()) {
    slider.addEventListener("input", () => {
      const [z1, z2] = model.get("z");
      move(i === 0 ? [slider.valueAsNumber, z2] : [z1, slider.valueAsNumber]);
    });
  }
  image.width = image.height = Math.sqrt(sizes[sizes.length - 1]);

  const listeners = /** @type {const} */ ([
    ["change:z", showZ],
    ["change:_extent", showExtent],
    ["change:_background", showBackground],
    ["change:_gaussian", showPlane],
    ["change:_samples", showPlane],
  ]);
  for (const [event, listener] of listeners) model.on(event, listener);
  showExtent();
  showBackground();
  return () => {
    for (const [event, listener] of listeners) model.off(event, listener);
  };
}

export default { render };
