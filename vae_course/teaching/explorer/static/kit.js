// What all instruments share: talking to Python or a page, words and numbers, canvases, sliders, small images, the bar.
// What is exported by name and touches no page is run by tests without a browser.
// @ts-check

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {ArrayLike<number>} Numbers */
/** @typedef {[number, number]} Pair */
/** @typedef {{ data: string, prior: string, exact: string, approximation: string, handle: string, ink: string }} Palette */
/** @typedef {{ show: (value: number) => void, input: HTMLInputElement }} Slider */
/** @typedef {{ low: number, high?: number, logP: number, elbo: number? }} Bound what the bar shows, in nats */

export const FONT = "system-ui, sans-serif";
export const PAPER = "rgba(255, 255, 255, 0.82)"; // behind a label that lies on a picture
const REST = 500; // ms without a move, after which the sentence is spoken
// JupyterLab would take keys for itself, unless the element in focus says this.
export const KEEP_KEYS = 'data-lm-suppress-shortcuts="true"';

/** @type {(value: number, low: number, high: number) => number} */
export const between = (value, low, high) => Math.min(Math.max(value, low), high);

// A number as it is written on the screen, with a true minus and no minus zero.
/** @type {(value: number, digits?: number) => string} */
export function written(value, digits) {
  const text = digits === undefined ? String(value) : value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

// Round numbers for an axis, at most `count` of them.
/** @type {(low: number, high: number, count?: number) => number[]} */
export function ticks(low, high, count = 9) {
  const power = 10 ** Math.floor(Math.log10((high - low) / count));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => (high - low) / s <= count) ?? power;
  const [first, last] = [Math.ceil(low / step), Math.floor(high / step)];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

// A digit with its article.
/** @type {(digit: number) => string} */
export const aDigit = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;

// Numbers sent as bytes: a view may start anywhere, and a Float32Array must start at a multiple of four.
/** @param {DataView} view */
export function bytes(view) {
  return new Uint8Array(/** @type {ArrayBuffer} */ (view.buffer), view.byteOffset, view.byteLength).slice();
}
/** @param {DataView} view */
export const floats = (view) => new Float32Array(bytes(view).buffer);

// Python's traits, or a page's. A host on a page may lack `save_changes` and `off`.
/** @param {any} model */
export function hostOf(model) {
  /** @type {[string, () => void][]} */
  const listeners = [];
  return {
    /** @type {(name: string) => any} */
    get: (name) => model.get(name),
    /** @type {(values: Record<string, any>) => void} */
    set(values) {
      for (const [name, value] of Object.entries(values)) model.set(name, value);
      model.save_changes?.();
    },
    /** @type {(name: string, listener: () => void) => void} */
    on(name, listener) {
      listeners.push([`change:${name}`, listener]);
      model.on(`change:${name}`, listener);
    },
    stop() {
      for (const [event, listener] of listeners) model.off?.(event, listener);
    },
  };
}

// Calls `paint` before the next frame, once, however often it is asked to.
/** @param {() => void} paint */
export function onceAFrame(paint) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      paint();
    });
  };
}

// Calls `action` when nothing has asked for it during a while.
/** @type {(action: () => void, pause?: number) => () => void} */
function atRest(action, pause = REST) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, pause);
  };
}

// Whether the reader's system asks for no movement that they have not caused.
export const movesLess = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// An instrument's page: its title, its parts, and the sentence, which is spoken when it rests.
/** @type {(el: HTMLElement, name: string, title: string, parts: string) => { root: HTMLElement, find: (selector: string) => any, say: (words: string) => void }} */
export function framed(el, name, title, parts) {
  el.innerHTML = `<section class="vae-instrument ${name}" ${KEEP_KEYS}><p class="title"></p>
    <p class="sentence"></p>${parts}<p class="spoken" aria-live="polite"></p></section>`;
  const root = /** @type {HTMLElement} */ (el.firstElementChild);
  const find = (/** @type {string} */ selector) => root.querySelector(selector);
  const [heading, sentence, spoken] = [".title", ".sentence", ".spoken"].map(find);
  root.setAttribute("aria-label", title);
  /** @type {any} */ (heading).textContent = title;
  const speak = atRest(() => {
    if (spoken && sentence && spoken.textContent !== sentence.textContent) spoken.textContent = sentence.textContent;
  });
  /** @param {string} words */
  function say(words) {
    if (!sentence || sentence.textContent === words) return;
    sentence.textContent = words;
    speak();
  }
  return { root, find, say };
}

// Where an instrument cannot run, its still picture and why, never a blank.
/** @type {(el: HTMLElement, still: string, why: string) => void} */
export function showStill(el, still, why) {
  el.innerHTML = `<section class="vae-instrument"><p class="trouble" role="alert"></p><div class="still">${still}</div></section>`;
  /** @type {Element} */ (el.querySelector(".trouble")).textContent = `${why} Here is its still picture.`;
}

// The same `render`, but what it cannot do ends in `showStill`.
/** @type {(render: (props: { model: any, el: HTMLElement }) => (() => void) | undefined) => typeof render} */
export function guarded(render) {
  return ({ model, el }) => {
    try {
      if (!document.createElement("canvas").getContext("2d")) throw new Error("it has no canvas to draw on");
      return render({ model, el });
    } catch (error) {
      showStill(el, model.get("_still"), `This instrument does not run in this browser (${error}).`);
    }
  };
}

// A button; a box to tick; a choice among names.
/** @type {(host: HTMLElement, label: string, onPress: () => void) => HTMLButtonElement} */
export function button(host, label, onPress) {
  host.insertAdjacentHTML("beforeend", `<button type="button" ${KEEP_KEYS}></button>`);
  const one = /** @type {HTMLButtonElement} */ (host.lastElementChild);
  one.textContent = label;
  one.addEventListener("click", onPress);
  return one;
}

/** @type {(host: HTMLElement, label: string, onTick: (value: boolean) => void) => HTMLInputElement} */
export function checkbox(host, label, onTick) {
  host.insertAdjacentHTML(
    "beforeend",
    `<label class="check"><input type="checkbox" ${KEEP_KEYS}><span></span></label>`,
  );
  const [box, words] = /** @type {[HTMLInputElement, HTMLElement]} */ ([
    .../** @type {Element} */ (host.lastElementChild).children,
  ]);
  words.textContent = label;
  box.addEventListener("change", () => onTick(box.checked));
  return box;
}

/** @type {(host: HTMLElement, label: string, names: string[], onChoice: (name: string) => void) => HTMLSelectElement} */
export function choice(host, label, names, onChoice) {
  host.insertAdjacentHTML("beforeend", `<label><span></span><select ${KEEP_KEYS}></select></label>`);
  const [words, select] = /** @type {[HTMLElement, HTMLSelectElement]} */ ([
    .../** @type {Element} */ (host.lastElementChild).children,
  ]);
  words.textContent = label;
  for (const name of names) select.add(new Option(name));
  select.addEventListener("change", () => onChoice(select.value));
  return select;
}

// The course's colours, one role each, and the text's, which the theme sets.
/** @type {(element: Element) => Palette} */
export function paletteOf(element) {
  const style = getComputedStyle(element);
  /** @param {string} role */
  const of = (role) => style.getPropertyValue(`--${role}`).trim();
  const [data, prior, exact] = ["data", "prior", "exact"].map(of);
  return { data, prior, exact, approximation: of("approximation"), handle: of("handle"), ink: style.color };
}

// A canvas as sharp as the screen, painted anew when its size or the theme changes.
/** @type {(canvas: HTMLCanvasElement, paint: (context: Context, width: number, height: number) => void) => { paint: () => void, stop: () => void }} */
export function surface(canvas, paint) {
  const context = /** @type {Context} */ (canvas.getContext("2d"));
  function now() {
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !height) return;
    const ratio = Math.max(2, window.devicePixelRatio); // sharp when zoomed in, too
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across || canvas.height !== down) Object.assign(canvas, { width: across, height: down });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    paint(context, width, height);
  }
  const size = new ResizeObserver(now);
  size.observe(canvas);
  // JupyterLab's theme is an attribute of the page's body; its colours may come a moment later.
  const theme = new MutationObserver(() => {
    now();
    setTimeout(now, 500);
  });
  theme.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"],
  });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", now);
  canvas.addEventListener("contextrestored", now);
  return {
    paint: onceAFrame(now),
    stop() {
      size.disconnect();
      theme.disconnect();
      scheme.removeEventListener("change", now);
    },
  };
}

// One row: what the slider sets, its value in words, the slider itself.
/** @type {(host: HTMLElement, label: string, range: { min: number, max: number, step: number }, words: (value: number) => string, onInput: (value: number) => void) => Slider} */
export function slider(host, label, range, words, onInput) {
  host.insertAdjacentHTML(
    "beforeend",
    `<label><span></span><output aria-live="off"></output><input type="range" ${KEEP_KEYS}></label>`,
  );
  const row = /** @type {HTMLElement} */ (host.lastElementChild);
  const [name, output, input] = /** @type {[HTMLElement, HTMLOutputElement, HTMLInputElement]} */ ([...row.children]);
  name.textContent = label;
  Object.assign(input, range);
  input.setAttribute("aria-label", label); // without the value, which is spoken as the value
  /** @param {number} value */
  function show(value) {
    input.value = String(value);
    output.value = words(value);
    input.setAttribute("aria-valuetext", words(value));
  }
  input.addEventListener("input", () => {
    show(input.valueAsNumber);
    onInput(input.valueAsNumber);
  });
  return { show, input };
}

// A press on an element and a drag from there: `onMove` with each event, `onEnd` when it is let go.
/** @type {(target: HTMLElement, onMove: (event: PointerEvent) => void, onEnd: () => void) => void} */
export function dragged(target, onMove, onEnd) {
  target.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // no text selection while dragging
    target.setPointerCapture(event.pointerId);
    onMove(event);
  });
  target.addEventListener("pointermove", (event) => {
    if (target.hasPointerCapture(event.pointerId)) onMove(event);
  });
  target.addEventListener("lostpointercapture", onEnd);
}

// A small image under its caption; `show` takes the ink of its pixels, from 0 to 1.
/** @type {(host: HTMLElement) => { show: (image: Numbers, caption: string, alt?: string) => void, figure: HTMLElement }} */
export function smallImage(host) {
  host.insertAdjacentHTML("beforeend", `<figure hidden><canvas role="img"></canvas><figcaption></figcaption></figure>`);
  const figure = /** @type {HTMLElement} */ (host.lastElementChild);
  const [canvas, words] = /** @type {[HTMLCanvasElement, HTMLElement]} */ ([...figure.children]);
  return {
    figure,
    show(image, caption, alt = caption) {
      drawImage(canvas, image);
      figure.hidden = false;
      if (words.textContent !== caption) words.textContent = caption;
      if (canvas.getAttribute("aria-label") !== alt) canvas.setAttribute("aria-label", alt);
    },
  };
}

// One screen pixel for each of the image's; CSS makes them large and leaves them square.
/** @type {(canvas: HTMLCanvasElement, image: Numbers) => void} */
export function drawImage(canvas, image) {
  const side = Math.sqrt(image.length);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const pixels = new ImageData(side, side);
  for (let i = 0; i < image.length; i++) {
    const grey = 255 * (1 - between(image[i], 0, 1));
    pixels.data.set([grey, grey, grey, 255], 4 * i);
  }
  /** @type {Context} */ (canvas.getContext("2d")).putImageData(pixels, 0, 0);
}

// Images in rows of `columns`, with a grey gap of one pixel between them.
/** @type {(canvas: HTMLCanvasElement, images: Numbers[], columns: number) => void} */
export function drawSheet(canvas, images, columns) {
  const cell = Math.sqrt(images[0].length) + 1;
  Object.assign(canvas, { width: columns * cell - 1, height: (images.length / columns) * cell - 1 });
  const context = /** @type {Context} */ (canvas.getContext("2d"));
  Object.assign(context, { fillStyle: "rgb(200, 200, 200)" }).fillRect(0, 0, canvas.width, canvas.height);
  const one = document.createElement("canvas");
  for (const [i, image] of images.entries()) {
    drawImage(one, image);
    context.drawImage(one, cell * (i % columns), cell * Math.floor(i / columns));
  }
}

/** @type {(context: Context, text: string, x: number, y: number, style?: object) => void} */
export function write(context, text, x, y, style = {}) {
  Object.assign(context, { fillStyle: "#333", textAlign: "center", textBaseline: "middle", ...style });
  context.fillText(text, x, y);
}

// From below to above, its middle at (x, y).
/** @type {(context: Context, text: string, x: number, y: number, colour: string) => void} */
export function writeUp(context, text, x, y, colour) {
  context.save();
  context.translate(x, y);
  context.rotate(-Math.PI / 2);
  write(context, text, 0, 0, { fillStyle: colour });
  context.restore();
}

const CUTS = [
  [4, 4],
  [12, 3],
  [19, 2],
]; // from the left end, and how wide: the bar comes from farther left

// log p(x) = ELBO + KL as one bar of two colours: the ELBO ends where the KL begins, and both end at log p(x).
// What lies left of `low` is not drawn, and cuts say so. Without an ELBO it is log p(x) alone.
/** @type {(context: Context, width: number, height: number, bound: Bound, palette: Palette) => void} */
export function drawBar(context, width, height, { low, logP, elbo, high = logP + 0.12 * (logP - low) }, palette) {
  const [left, right, top, thick] = [8, width - 8, 20, height - 42];
  /** @param {number} nats */
  const at = (nats) => left + ((between(nats, low, high) - low) / (high - low)) * (right - left);
  const end = at(logP);
  const middle = elbo === null ? end : at(elbo);
  Object.assign(context, { fillStyle: palette.approximation, font: `12px ${FONT}` });
  if (elbo === null) context.fillStyle = palette.exact;
  context.fillRect(left, top, middle - left, thick);
  hatch(context, middle, top, end - middle, thick, palette.exact);
  for (const [from, wide] of CUTS) context.clearRect(left + from, top, wide, thick);
  context.fillStyle = palette.ink;
  context.fillRect(left, top + thick, right - left, 1);
  for (const tick of ticks(low, high, Math.max(2, Math.floor(width / 70)))) {
    context.fillRect(at(tick), top + thick, 1, 4);
    write(context, written(tick), at(tick), top + thick + 13, { fillStyle: palette.ink });
  }
  const words = { fillStyle: palette.ink, font: `600 12px ${FONT}` };
  write(context, "log p(x)", between(end, 34, width - 34), 9, words);
  context.fillStyle = palette.exact;
  context.fillRect(end - 1.5, top - 4, 3, thick + 6);
  const name = { font: `600 12px ${FONT}`, fillStyle: "#fff" };
  if (elbo !== null && middle - left > 50) write(context, "ELBO", (left + middle) / 2, top + thick / 2, name);
  if (elbo !== null && end - middle > 34) {
    context.fillStyle = PAPER;
    context.fillRect((middle + end) / 2 - 14, top + thick / 2 - 9, 28, 18);
    write(context, "KL", (middle + end) / 2, top + thick / 2, { ...name, fillStyle: "#222" });
  }
}

// Slanted lines, so that the two parts differ for those who see no colour.
/** @type {(context: Context, x: number, y: number, width: number, height: number, colour: string) => void} */
function hatch(context, x, y, width, height, colour) {
  if (width <= 0) return;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  Object.assign(context, { strokeStyle: colour, lineWidth: 2 });
  context.beginPath();
  for (let at = x - height; at < x + width; at += 6) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}
