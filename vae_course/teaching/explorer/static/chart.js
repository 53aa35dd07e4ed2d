// Charts: where things lie in a frame, its axes, and what stands in it. The frame's paper is white in any theme.
// @ts-check

import { between, FONT, PAPER, ticks, write, writeUp, written } from "./kit.js";

/** @typedef {import("./kit.js").Context} Context */
/** @typedef {import("./kit.js").Numbers} Numbers */
/** @typedef {import("./kit.js").Pair} Pair */
/** @typedef {{ across: Pair, up: Pair, log?: boolean }} Ranges of what is shown; `log`: across by its logarithm */
/** @typedef {Ranges & { left: number, right: number, top: number, bottom: number }} Frame its edges, in CSS pixels */
/** @typedef {(value: number) => number} Curve */

const MARGIN = { left: 42, top: 22, right: 8, bottom: 36 };
const STEP = 0.5; // CSS pixels between two points of a curve
export const DARK = "#222"; // text and lines on the white paper

/** @type {(width: number, height: number, ranges: Ranges, margin?: Partial<typeof MARGIN>) => Frame} */
export function frameOf(width, height, ranges, margin = {}) {
  const { left, top, right, bottom } = { ...MARGIN, ...margin };
  return { ...ranges, left, top, right: width - right, bottom: height - bottom };
}

// How far along a range, from 0 to 1; and the value there.
/** @type {(range: Pair, value: number, log?: boolean) => number} */
const shareOf = ([low, high], value, log) =>
  log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
/** @type {(range: Pair, share: number, log?: boolean) => number} */
const atShare = ([low, high], share, log) => (log ? low * (high / low) ** share : low + (high - low) * share);

// Where a value lies in the drawing.
/** @type {(frame: Frame, value: number) => number} */
export const xOf = ({ left, right, across, log }, value) => left + shareOf(across, value, log) * (right - left);
/** @type {(frame: Frame, value: number) => number} */
export const yOf = ({ top, bottom, up }, value) => bottom - shareOf(up, value) * (bottom - top);

// The value at an x of the drawing, and at a y.
/** @type {(frame: Frame, x: number) => number} */
export const valueAt = ({ left, right, across, log }, x) => atShare(across, (x - left) / (right - left), log);
/** @type {(frame: Frame, y: number) => number} */
export const heightAt = ({ top, bottom, up }, y) => atShare(up, (bottom - y) / (bottom - top));

// 1, 2 and 5 times the powers of ten.
/** @type {(low: number, high: number) => number[]} */
export function logTicks(low, high) {
  const powers = Array.from({ length: 30 }, (_, i) => i - 15);
  const all = powers.flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  return all.filter((tick) => low <= tick && tick <= high);
}

/** @type {(context: Context, frame: Frame, paint: () => void) => void} */
function inside(context, { left, right, top, bottom }, paint) {
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  paint();
  context.restore();
}

// White paper, ticks, the names of what goes across and up; above it, the title. `ticked: false`: no ticks on the left.
/** @type {(context: Context, frame: Frame, names: { title: string, across?: string, up?: string, ticked?: boolean }, ink: string) => void} */
export function drawAxes(context, frame, { title, across, up = "", ticked = true }, ink) {
  const { left, right, top, bottom } = frame;
  Object.assign(context, { fillStyle: "#fff" }).fillRect(left, top, right - left, bottom - top);
  Object.assign(context, { strokeStyle: ink, fillStyle: ink, lineWidth: 1, font: `11px ${FONT}` });
  context.strokeRect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1);
  const count = Math.max(3, Math.floor((right - left) / 45));
  for (const tick of (frame.log ? logTicks : ticks)(...frame.across, count)) {
    context.fillRect(xOf(frame, tick) - 0.5, bottom, 1, 4);
    if (across) write(context, written(tick), xOf(frame, tick), bottom + 11, { fillStyle: ink });
  }
  for (const tick of ticked ? ticks(...frame.up, 5) : []) {
    context.fillRect(left - 4, yOf(frame, tick) - 0.5, 4, 1);
    write(context, written(tick), left - 6, yOf(frame, tick), { textAlign: "right", fillStyle: ink });
  }
  context.font = `12px ${FONT}`;
  if (across) write(context, across, (left + right) / 2, bottom + 27, { fillStyle: ink });
  writeUp(context, up, 8, (top + bottom) / 2, ink);
  write(context, title, left, 10, { textAlign: "left", fillStyle: ink });
}

// The places of values over an even grid.
/** @type {(grid: { low: number, step: number }, values: Numbers) => Pair[]} */
export const placesOf = ({ low, step }, values) => Array.from(values, (value, i) => [low + i * step, value]);

// A line through places; with a `fillStyle` what it encloses is filled.
/** @type {(context: Context, frame: Frame, places: Pair[], style: { strokeStyle: string, fillStyle?: string, lineWidth?: number }, dash?: number[]) => void} */
export function drawLine(context, frame, places, style, dash = []) {
  inside(context, frame, () => {
    context.beginPath();
    for (const [x, y] of places) context.lineTo(xOf(frame, x), yOf(frame, y));
    context.setLineDash(dash);
    Object.assign(context, { lineWidth: 2, ...style });
    if (style.fillStyle) context.fill();
    context.stroke();
  });
}

/** @type {(context: Context, frame: Frame, f: Curve, colour: string, dash?: number[], lineWidth?: number) => void} */
export function drawCurve(context, frame, f, colour, dash, lineWidth = 2) {
  const count = Math.floor((frame.right - frame.left) / STEP) + 1;
  const values = Array.from({ length: count }, (_, i) => valueAt(frame, frame.left + i * STEP));
  const places = values.map((value) => /** @type {Pair} */ ([value, f(value)]));
  drawLine(context, frame, places, { strokeStyle: colour, lineWidth }, dash);
}

// A line at one height.
/** @type {(context: Context, frame: Frame, value: number, colour: string, dash?: number[], lineWidth?: number) => void} */
export function drawLevel(context, frame, value, colour, dash = [5, 4], lineWidth = 1.5) {
  drawCurve(context, frame, () => value, colour, dash, lineWidth);
}

// A dot with a white rim; outside the frame it waits at the edge.
/** @type {(context: Context, frame: Frame, x: number, y: number, colour: string, radius?: number) => void} */
export function drawDot(context, frame, x, y, colour, radius = 6) {
  const { left, right, top, bottom } = frame;
  context.beginPath();
  context.arc(between(xOf(frame, x), left, right), between(yOf(frame, y), top, bottom), radius, 0, 2 * Math.PI);
  Object.assign(context, { fillStyle: colour, strokeStyle: "#fff", lineWidth: 2 }).fill();
  context.stroke();
}

// Many small dots, seen through each other.
/** @type {(context: Context, frame: Frame, places: Pair[], colour: string) => void} */
export function drawDots(context, frame, places, colour) {
  inside(context, frame, () => {
    Object.assign(context, { fillStyle: colour, globalAlpha: 0.4 });
    for (const [x, y] of places) {
      context.beginPath();
      context.arc(xOf(frame, x), yOf(frame, y), 3, 0, 2 * Math.PI);
      context.fill();
    }
  });
}

// A line from one height to another, barred at both, with what lies between them in words on its right.
/** @type {(context: Context, frame: Frame, x: number, ends: Pair, words: string, colour: string) => void} */
export function drawGap(context, frame, x, ends, words, colour) {
  const [low, high] = ends.map((value) => between(yOf(frame, value), frame.top, frame.bottom));
  Object.assign(context, { fillStyle: colour }).fillRect(x - 1.5, high, 3, low - high);
  for (const y of [low, high]) context.fillRect(x - 6, y - 1, 12, 2);
  drawLabel(context, frame, words, x + 5, (low + high) / 2, DARK, true);
}

// A few words on paper, with their middle at `x` and `y`, in CSS pixels, or as near as the frame allows; if they lie
// `beside` x, they begin there.
/** @type {(context: Context, frame: Frame, words: string, x: number, y: number, colour: string, beside?: boolean) => void} */
export function drawLabel(context, { left, right, top, bottom }, words, x, y, colour, beside) {
  context.font = `600 12px ${FONT}`;
  const wide = context.measureText(words).width + 6;
  const from = between(beside ? x : x - wide / 2, left + 3, right - wide - 1);
  const middle = between(y, top + 10, bottom - 10);
  Object.assign(context, { fillStyle: PAPER }).fillRect(from, middle - 9, wide, 18);
  write(context, words, from + 3, middle, { fillStyle: colour, textAlign: "left" });
}
