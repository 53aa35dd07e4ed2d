// The latent explorer in the browser: the plane, the handle, and the decoder's network.
// What is exported by name is a pure function, so that a test runs this very file without a browser.

const PLANE = { side: 440, left: 60, top: 6, size: 374 }; // of the drawing, in CSS pixels
const STEPS = 200; // arrow presses from one edge of the plane to the other
const FONT = "system-ui, sans-serif";
const PAPER = "rgba(255, 255, 255, 0.8)";
const CIRCLE = { largest: 18, dot: 1.7 }; // radii of a sample of weight 1, and of one too light to be seen
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
const ACTIVATIONS = {
  tanh: Math.tanh,
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  identity: (a) => a,
};

/** The image that z stands for. `weights` holds, layer after layer, W row by row and then b. */
export function decode(weights, sizes, activations, z) {
  let units = Float64Array.from(z);
  let start = 0;
  activations.forEach((name, layer) => {
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
  });
  return units;
}

/** Where z lies in the drawing. `extent` is [z1 lowest, z1 highest, z2 lowest, z2 highest]. */
export function toPixel([left, right, bottom, top], [z1, z2]) {
  return [
    PLANE.left + (PLANE.size * (z1 - left)) / (right - left),
    PLANE.top + (PLANE.size * (top - z2)) / (top - bottom),
  ];
}

/** The z at a point of the drawing: the inverse of `toPixel`. */
export function toLatent([left, right, bottom, top], [x, y]) {
  return [
    left + ((right - left) * (x - PLANE.left)) / PLANE.size,
    top - ((top - bottom) * (y - PLANE.top)) / PLANE.size,
  ];
}

/** The point of the plane that is closest to z: z itself, unless it lies outside. */
export function clip([left, right, bottom, top], [z1, z2]) {
  return [Math.min(Math.max(z1, left), right), Math.min(Math.max(z2, bottom), top)];
}

/** z at `decimals`, and in the plane. */
export function kept(extent, z) {
  return clip(extent, z.map((value) => Number(value.toFixed(decimals(extent)))));
}

/** How many decimals z is kept at: about a thousand values across the plane. */
export function decimals([left, right]) {
  return Math.max(0, Math.ceil(3 - Math.log10(right - left)));
}

/** Which of the codes (z1, z2, z1, z2, ...) lies closest to z, and how far away. */
export function nearest(codes, z) {
  let [index, best] = [0, Infinity];
  for (let i = 0; i < codes.length / 2; i++) {
    const distance = Math.hypot(codes[2 * i] - z[0], codes[2 * i + 1] - z[1]);
    if (distance < best) [index, best] = [i, distance];
  }
  return { index, distance: best };
}

/** A number as it is written on the screen, with a true minus and no minus zero. */
export function written(value, digits) {
  const text = digits === undefined ? String(value) : value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** The sentence below the plane. */
export function describe(extent, z, digit, distance) {
  const digits = decimals(extent);
  const [z1, z2] = z.map((value) => written(value, digits));
  const outside = clip(extent, z).some((value, i) => value !== z[i]);
  const where = outside ? ", outside the plane drawn here, so the handle waits at the edge" : "";
  const article = digit === 8 ? "an" : "a";
  return `z = (${z1}, ${z2})${where}. The nearest code, ${written(distance, digits)} away, is an image of ${article} ${digit}.`;
}

/** Round numbers for the axis, four to nine of them. */
export function ticks(low, high) {
  const power = 10 ** Math.floor(Math.log10((high - low) / 5));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => (high - low) / s <= 9);
  const [first, last] = [Math.ceil(low / step), Math.floor(high / step)];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

// Buffers arrive as views that may start anywhere, and Float32Array must start at a multiple of four.
function bytes(view) {
  return view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
}

function drawPlane(context, { extent, codes, labels, colours, gaussian, samples, picture }) {
  context.clearRect(0, 0, PLANE.side, PLANE.side);
  context.save();
  context.beginPath();
  context.rect(PLANE.left, PLANE.top, PLANE.size, PLANE.size);
  context.clip();
  if (picture) drawBackground(context, extent, picture);
  drawCodes(context, extent, codes, labels, colours);
  if (samples) drawSamples(context, extent, samples);
  if (gaussian) drawGaussian(context, extent, gaussian);
  context.restore();
  drawAxes(context, extent);
}

function drawBackground(context, extent, { bitmap, extent: [left, right, bottom, top] }) {
  const [x, y] = toPixel(extent, [left, top]);
  const [xEnd, yEnd] = toPixel(extent, [right, bottom]);
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, x, y, xEnd - x, yEnd - y);
}

function drawCodes(context, extent, codes, labels, colours) {
  Object.assign(context, { font: `600 11px ${FONT}`, textAlign: "center", textBaseline: "middle" });
  Object.assign(context, { lineWidth: 2, strokeStyle: PAPER }); // a rim, to be read on any background
  labels.forEach((label, i) => {
    const z = [codes[2 * i], codes[2 * i + 1]];
    if (clip(extent, z).some((value, axis) => value !== z[axis])) return;
    const [x, y] = toPixel(extent, z);
    context.strokeText(label, x, y);
    context.fillStyle = colours[label];
    context.fillText(label, x, y);
  });
}

function drawSamples(context, extent, { points, weights, label, colour }) {
  const [z, w] = [points, weights].map((view) => new Float32Array(bytes(view)));
  w.forEach((weight, i) => {
    const radius = CIRCLE.largest * Math.sqrt(weight);
    context.beginPath();
    context.arc(...toPixel(extent, [z[2 * i], z[2 * i + 1]]), Math.max(radius, CIRCLE.dot), 0, 2 * Math.PI);
    const heavy = radius > CIRCLE.dot;
    if (heavy) Object.assign(context, { strokeStyle: "#fff", lineWidth: 3.5 }).stroke();
    Object.assign(context, { strokeStyle: colour, fillStyle: colour, lineWidth: heavy ? 1.5 : 0.8 }).stroke();
    context.globalAlpha = 0.8;
    if (heavy) context.fill();
    context.globalAlpha = 1;
  });
  context.font = `600 13px ${FONT}`;
  const [x, y, width] = [PLANE.left + 8, PLANE.top + 8, context.measureText(label).width + 10];
  Object.assign(context, { fillStyle: PAPER }).fillRect(x, y, width, 20);
  write(context, label, x + 5, y + 10, { fillStyle: colour, textAlign: "left" });
}

function drawGaussian(context, extent, { m, s, label, colour }) {
  const [x, y] = toPixel(extent, m);
  const [xOne, yOne] = toPixel(extent, [m[0] + s[0], m[1] + s[1]]);
  for (const [strokeStyle, lineWidth] of [["#fff", 5], [colour, 2.5]]) {
    for (const k of [1, 2]) {
      context.beginPath();
      context.ellipse(x, y, k * (xOne - x), k * (y - yOne), 0, 0, 2 * Math.PI);
      Object.assign(context, { strokeStyle, lineWidth }).stroke();
    }
  }
  context.font = `600 13px ${FONT}`;
  const baseline = Math.max(y - 2 * (y - yOne) - 10, PLANE.top + 18);
  const width = context.measureText(label).width + 10;
  Object.assign(context, { fillStyle: PAPER }).fillRect(x - width / 2, baseline - 14, width, 19);
  write(context, label, x, baseline, { fillStyle: colour, textBaseline: "alphabetic" });
}

function write(context, text, x, y, style = {}) {
  Object.assign(context, { fillStyle: "#333", textAlign: "center", textBaseline: "middle", ...style });
  context.fillText(text, x, y);
}

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

function drawImage(canvas, image) {
  const pixels = new ImageData(canvas.width, canvas.height);
  image.forEach((ink, i) => pixels.data.set([255, 255, 255].fill(255 * (1 - Math.min(Math.max(ink, 0), 1))), 4 * i));
  for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = 255;
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

// JupyterLab would take the arrow keys to walk through the cells, unless the element in focus says this.
const KEEP_KEYS = 'data-lm-suppress-shortcuts="true"';
const PAGE = `<div class="latent-explorer" ${KEEP_KEYS}>
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

function render({ model, el }) {
  el.innerHTML = PAGE;
  const find = (selector) => el.querySelector(selector);
  const [plane, handle, image, sentence] = [".plane", ".handle", ".image", ".sentence"].map(find);
  const [sliders, outputs] = ["input", "output"].map((tag) => [...el.querySelectorAll(tag)]);
  const [sizes, activations] = [model.get("_sizes"), model.get("_activations")];
  const weights = new Float32Array(bytes(model.get("_weights")));
  const codes = new Float32Array(bytes(model.get("_codes")));
  const labels = Array.from(new Uint8Array(bytes(model.get("_labels"))));
  let [picture, extent, width] = [null];

  function move(z) {
    model.set("z", kept(extent, z));
    model.save_changes();
  }

  function showZ() {
    const z = model.get("z");
    const { index, distance } = nearest(codes, z);
    const text = describe(extent, z, labels[index], distance);
    const [x, y] = toPixel(extent, clip(extent, z)).map((pixel) => `${(100 * pixel) / PLANE.side}%`);
    plane.style.setProperty("--x", x);
    plane.style.setProperty("--y", y);
    drawImage(image, decode(weights, sizes, activations, z));
    z.forEach((value, i) => {
      sliders[i].value = value;
      outputs[i].value = written(value, decimals(extent));
    });
    handle.setAttribute("aria-valuenow", z[0]);
    handle.setAttribute("aria-valuetext", `first latent ${outputs[0].value}, second latent ${outputs[1].value}`);
    image.setAttribute("aria-label", `The image that the decoder draws at z = (${outputs[0].value}, ${outputs[1].value})`);
    sentence.textContent = text;
  }

  function showPlane() {
    const canvas = find(".codes");
    const ratio = Math.max(2, window.devicePixelRatio); // sharp when zoomed in, too
    canvas.width = canvas.height = PLANE.side * ratio;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const [gaussian, samples, colours] = ["_gaussian", "_samples", "_colours"].map((name) => model.get(name));
    drawPlane(context, { extent, codes, labels, colours, gaussian, samples, picture });
    canvas.setAttribute("aria-label", model.get("_alt"));
  }

  async function showBackground() {
    const background = model.get("_background");
    const bitmap = background && (await createImageBitmap(new Blob([bytes(background.png)], { type: "image/png" })));
    if (background !== model.get("_background")) return; // a newer one came while this one was being read
    picture = background && { bitmap, extent: background.extent };
    find(".scale").hidden = !background;
    find(".scale .label").textContent = background?.label ?? "";
    for (const end of ["low", "high"]) {
      find(`.scale .${end}`).textContent = background ? written(Number(background[end].toPrecision(3))) : "";
    }
    showPlane();
  }

  function showExtent() {
    extent = model.get("_extent");
    width = extent[1] - extent[0];
    sliders.forEach((slider, i) => {
      Object.assign(slider, { min: extent[2 * i], max: extent[2 * i + 1], step: width / STEPS });
    });
    handle.setAttribute("aria-valuemin", extent[0]);
    handle.setAttribute("aria-valuemax", extent[1]);
    showPlane();
    showZ();
  }

  function follow(event) {
    const box = plane.getBoundingClientRect();
    const scale = PLANE.side / box.width;
    move(toLatent(extent, [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]));
  }

  plane.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // no text selection while dragging
    plane.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    follow(event);
  });
  plane.addEventListener("pointermove", (event) => {
    if (plane.hasPointerCapture(event.pointerId)) follow(event);
  });
  handle.addEventListener("keydown", (event) => {
    const direction = KEYS[event.key];
    if (!direction) return;
    event.preventDefault(); // the page must not scroll
    const step = width / (event.shiftKey ? 5 * STEPS : STEPS);
    move(model.get("z").map((value, i) => value + step * direction[i]));
  });
  sliders.forEach((slider, i) => {
    slider.addEventListener("input", () => move(model.get("z").with(i, slider.valueAsNumber)));
  });
  image.width = image.height = Math.sqrt(sizes.at(-1));

  const listeners = { "change:z": showZ, "change:_extent": showExtent, "change:_background": showBackground };
  Object.assign(listeners, { "change:_gaussian": showPlane, "change:_samples": showPlane });
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  showExtent();
  showBackground();
  return () => Object.entries(listeners).forEach(([event, listener]) => model.off(event, listener));
}

export default { render };
