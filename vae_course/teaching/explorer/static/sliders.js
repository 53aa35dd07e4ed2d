// What charts with sliders share: the charts, what sets their traits by pointer and keys, a sentence with the numbers.
// @ts-check

import { frameOf, valueAt } from "./chart.js";
import {
  between,
  checkbox,
  dragged,
  framed,
  guarded,
  hostOf,
  KEEP_KEYS,
  onceAFrame,
  paletteOf,
  slider,
  surface,
  written,
} from "./kit.js";

/** @typedef {import("./kit.js").Context} Context */
/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {import("./kit.js").Palette} Palette */
/** @typedef {import("./chart.js").Frame} Frame */
/** @typedef {ReturnType<typeof hostOf>} Host */
/** @typedef {{ min: number, max: number, step: number, toPlace: (value: number) => number, toValue: (place: number) => number, words: (value: number) => string }} Scale a place is where the slider stands */
/** @typedef {{ trait: string, label: string, scale: Scale }} Setting */
/** @typedef {{ trait: string, value?: (frame: Frame, x: number, y: number) => number, ring?: (frame: Frame) => Pair, upright?: boolean }} Drag what sets a trait in a chart: the first by a press anywhere; `ring`: where it has a ring, in CSS pixels */
/** @typedef {{ alt?: string, drags?: Drag[], ranges: () => import("./chart.js").Ranges, margin?: Parameters<typeof frameOf>[3], paint: (context: Context, frame: Frame, palette: Palette) => void }} Chart */
/** @typedef {{ settings: Setting[], ticks?: { trait: string, label: string }[], charts: Chart[], look: () => void, describe: () => string, stop?: () => void }} View `look` reads the traits, once a frame; a canvas without a chart goes */

export const TWO_CHARTS = `<div class="panels"><canvas class="chart"></canvas><canvas class="chart"></canvas></div><div class="settings"></div>`;
/** @type {Record<string, number>} in steps; those that would throw the page about move far instead */
const KEYS = {
  ...{ ArrowRight: 1, ArrowUp: 1, PageUp: 10, End: 10 },
  ...{ ArrowLeft: -1, ArrowDown: -1, PageDown: -10, Home: -10 },
};

// Values kept at a number of decimals.
/** @type {(range: Pair, digits: number) => Scale} */
export const evenly = ([min, max], digits) => ({
  ...{ min, max, step: 10 ** -digits },
  toPlace: (value) => value,
  toValue: (place) => between(Number(place.toFixed(digits)), min, max),
  words: (value) => written(value, digits),
});

// Values kept at three digits; each of `steps` steps is the same factor.
/** @type {(range: Pair, steps: number) => Scale} */
export const byFactors = ([low, high], steps) => ({
  ...{ min: 0, max: steps, step: 1 },
  toPlace: (value) => (steps * Math.log(value / low)) / Math.log(high / low),
  toValue: (place) => between(Number((low * (high / low) ** (place / steps)).toPrecision(3)), low, high),
  words: threeDigits,
});

// One of these values.
/** @type {(values: number[]) => Scale} */
export const among = (values) => ({
  ...{ min: 0, max: values.length - 1, step: 1 },
  toPlace: (value) => values.indexOf(value),
  toValue: (place) => values[place],
  words: written,
});

/** @param {number} value */
export const threeDigits = (value) => value.toPrecision(3);

// The `render` of an instrument with this view.
/** @type {(name: string, parts: string, viewOf: (host: Host, find: (selector: string) => any) => View) => ReturnType<typeof guarded>} */
export const rendering = (name, parts, viewOf) => guarded((props) => render(props, name, parts, viewOf));

/** @type {(props: { model: any, el: HTMLElement }, name: string, parts: string, viewOf: (host: Host, find: (selector: string) => any) => View) => () => void} */
function render({ model, el }, name, parts, viewOf) {
  const host = hostOf(model);
  const { root, find, say } = framed(el, `sliders ${name}`, host.get("_title"), parts);
  const { settings, ticks = [], charts, look, describe, stop } = viewOf(host, find);
  look();

  const surfaces = [...root.querySelectorAll("canvas.chart")].flatMap((canvas, i) => {
    if (charts[i]) return chartOn(/** @type {HTMLCanvasElement} */ (canvas), charts[i], settings, host, root);
    canvas.remove();
    return [];
  });
  const rows = settings.map(({ trait, label, scale: { min, max, step, toValue, words } }) => {
    const inWords = (/** @type {number} */ place) => words(toValue(place));
    const set = (/** @type {number} */ place) => host.set({ [trait]: toValue(place) });
    return slider(find(".settings"), label, { min, max, step }, inWords, set);
  });
  const boxes = ticks.map(({ trait, label }) =>
    checkbox(find(".settings"), label, (value) => host.set({ [trait]: value })),
  );

  const show = onceAFrame(() => {
    look();
    for (const one of surfaces) one.paint();
    for (const [i, { trait, scale }] of settings.entries()) rows[i].show(scale.toPlace(host.get(trait)));
    for (const [i, { trait }] of ticks.entries()) boxes[i].checked = host.get(trait);
    say(describe());
  });
  for (const { trait } of [...settings, ...ticks]) host.on(trait, show);
  show();
  return () => {
    host.stop();
    stop?.();
    for (const one of surfaces) one.stop();
  };
}

/** @type {(canvas: HTMLCanvasElement, chart: Chart, settings: Setting[], host: Host, root: HTMLElement) => ReturnType<typeof surface>} */
function chartOn(canvas, { alt, ranges, margin, paint, drags = [] }, settings, host, root) {
  const spoken = alt ? { role: "img", "aria-label": alt } : { "aria-hidden": "true" }; // the first may speak for all
  for (const [key, value] of Object.entries(spoken)) canvas.setAttribute(key, value);
  canvas.classList.toggle("drags", drags.length > 0);
  const frame = () => frameOf(canvas.clientWidth, canvas.clientHeight, ranges(), margin);
  const places = drags.map((drag, i) => {
    const setting = /** @type {Setting} */ (settings.find(({ trait }) => trait === drag.trait));
    return dragIn(canvas, frame, drag, i === 0, setting, host);
  });
  return surface(canvas, (context) => {
    paint(context, frame(), paletteOf(root));
    for (const place of places) place();
  });
}

// Sets a trait by a press in the chart and a drag from there, or by a ring, which takes keys, too. What it returns puts
// the ring in its place.
/** @type {(canvas: HTMLCanvasElement, frame: () => Frame, drag: Drag, first: boolean, setting: Setting, host: Host) => () => void} */
function dragIn(canvas, frame, { value = valueAt, ring: ringAt, upright }, first, setting, host) {
  const { trait, scale } = setting;
  const ring = ringAt && ringBeside(canvas, setting, upright ? "vertical" : "horizontal");
  let held = false;
  const set = (/** @type {number} */ place) => host.set({ [trait]: scale.toValue(place) });

  /** @param {PointerEvent} event */
  function move(event) {
    held = true;
    ring?.focus({ preventScroll: true });
    const box = canvas.getBoundingClientRect();
    const ratio = canvas.clientWidth / box.width;
    const [x, y] = [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
    set(scale.toPlace(value(frame(), x, y)));
  }
  function place() {
    if (!ring || !ringAt) return;
    ring.style.translate = ringAt(frame())
      .map((along) => `${along}px`)
      .join(" ");
    if (held) return; // a screen reader would read each step of a drag aloud
    ring.setAttribute("aria-valuenow", String(scale.toPlace(host.get(trait))));
    ring.setAttribute("aria-valuetext", scale.words(host.get(trait)));
  }
  function end() {
    held = false;
    place();
  }
  if (first) dragged(canvas, move, end);
  if (ring) dragged(ring, move, end);
  ring?.addEventListener("keydown", (event) => {
    if (!KEYS[event.key]) return;
    event.preventDefault(); // the page must not scroll
    set(scale.toPlace(host.get(trait)) + KEYS[event.key] * scale.step);
  });
  return place;
}

/** @type {(canvas: HTMLCanvasElement, setting: Setting, orientation: string) => HTMLElement} */
function ringBeside(canvas, { trait, label, scale: { min, max } }, orientation) {
  const host = /** @type {HTMLElement} */ (canvas.parentElement);
  const range = `aria-valuemin="${min}" aria-valuemax="${max}" aria-orientation="${orientation}"`;
  const ring = `<div class="handle small" tabindex="0" ${KEEP_KEYS} role="slider" data-name="${trait}" ${range}></div>`;
  host.insertAdjacentHTML("beforeend", ring);
  host.lastElementChild?.setAttribute("aria-label", label);
  return /** @type {HTMLElement} */ (host.lastElementChild);
}
