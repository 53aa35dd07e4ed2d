// From pen strokes to an 8 x 8 image, made as the data set's images were made: ink.py, for the browser.
// ink.py says where each step comes from, and a test holds the two together.
// @ts-check

/** @typedef {[number, number]} Place x to the right and y down, in points of the paper */
/** @typedef {{ x: number[], y: number[] }} Way places close together along all strokes */

export const PAPER = 32; // points along one side of a bitmap
const BLOCK = 4; // points along one side of a pixel
const SIDE = PAPER / BLOCK;
const [WIDE, HIGH] = [20, 32]; // the box that a digit is stretched to
const SLENDER = 2; // a 1 drawn as one straight line is stretched no more than this across, for one down
const INK = 313; // inked points of 1,024, the training images' mean
const STEP = 0.5; // points between two places along a stroke

// The image x, 64 numbers in [0, 1]: the share of inked points in each block of 4 x 4.
/** @type {(strokes: Place[][]) => Float32Array} */
export function imageOf(strokes) {
  const image = new Float32Array(SIDE ** 2);
  for (const [point, ink] of bitmapOf(strokes).entries()) {
    const [row, column] = [Math.floor(point / PAPER), point % PAPER];
    image[SIDE * Math.floor(row / BLOCK) + Math.floor(column / BLOCK)] += ink / BLOCK ** 2;
  }
  return image;
}

// 32 x 32 points, row 0 on top, each 1 for ink or 0 for paper. The pen is as thick as it takes to ink 313.
/** @type {(strokes: Place[][]) => Uint8Array} */
export function bitmapOf(strokes) {
  const bitmap = new Uint8Array(PAPER ** 2);
  if (strokes.length === 0) return bitmap;
  const way = stretched(strokes);
  let pen = 5;
  let nearest = new Float64Array();
  for (let i = 0; i < 6; i++) {
    nearest = distances(upright(way, pen)); // the thicker the pen, the shorter its way in the box
    pen = 2 * nearest.slice().sort()[INK - 1];
  }
  const order = Array.from(nearest.keys()).sort((a, b) => nearest[a] - nearest[b]);
  for (const point of order.slice(0, INK)) bitmap[point] = 1;
  return bitmap;
}

// The strokes' way, from 0 to 1 down and from 0 to at most 1 across.
/** @type {(strokes: Place[][]) => Way} */
function stretched(strokes) {
  const places = strokes.flat();
  const [left, right] = ends(places.map(([x]) => x));
  const [top, bottom] = ends(places.map(([, y]) => y));
  const [width, height] = [right - left, bottom - top];
  const across = 1 / Math.max(width, (height * WIDE) / HIGH / SLENDER, 1e-6);
  const down = 1 / Math.max(height, width / SLENDER, 1e-6);
  /** @type {Way} */
  const way = { x: [], y: [] };
  for (const stroke of strokes) {
    walk(
      stroke.map(([x]) => (x - left) * across),
      stroke.map(([, y]) => (y - top) * down),
      way,
    );
  }
  return way;
}

// Add one stroke, through the corners x and y, to the way: places at even distances, about half a point apart.
/** @type {(x: number[], y: number[], way: Way) => void} */
function walk(x, y, way) {
  const passed = [0];
  for (let i = 1; i < x.length; i++) {
    passed.push(passed[i - 1] + Math.hypot((x[i] - x[i - 1]) * WIDE, (y[i] - y[i - 1]) * HIGH));
  }
  const last = x.length - 1;
  const steps = Math.floor(passed[last] / STEP) + 1;
  let corner = 0; // the last one passed
  for (let step = 0; step <= steps; step++) {
    const at = (step / steps) * passed[last];
    while (corner < last - 1 && passed[corner + 1] <= at) corner++;
    const next = Math.min(corner + 1, last);
    const length = passed[next] - passed[corner];
    const part = length > 0 ? Math.min((at - passed[corner]) / length, 1) : 0;
    way.x.push(x[corner] + part * (x[next] - x[corner]));
    way.y.push(y[corner] + part * (y[next] - y[corner]));
  }
}

// The way in points of the paper: its ink fills the box when the pen is this thick; slant taken out.
/** @type {(way: Way, pen: number) => Way} */
function upright(way, pen) {
  const y = way.y.map((value) => value * Math.max(HIGH - pen, 0));
  let x = way.x.map((value) => value * Math.max(WIDE - pen, 0));
  const [top, bottom] = ends(y);
  const height = bottom - top;
  if (height > 0) {
    const [xTop, xBottom] = [top, bottom].map((end) => ends(x.filter((_, i) => Math.abs(y[i] - end) <= 1))[0]);
    x = x.map((value, i) => value + ((xBottom - xTop) * (bottom - y[i])) / height);
  }
  const [left, right] = ends(x);
  const [moveX, moveY] = [(PAPER - left - right) / 2, (PAPER - top - bottom) / 2];
  return { x: x.map((value) => value + moveX), y: y.map((value) => value + moveY) };
}

// From the middle of each of the 1,024 points to the pen's way.
/** @param {Way} way */
function distances({ x, y }) {
  const nearest = new Float64Array(PAPER ** 2);
  for (let point = 0; point < nearest.length; point++) {
    const [column, row] = [(point % PAPER) + 0.5, Math.floor(point / PAPER) + 0.5];
    let least = Infinity; // squared
    for (let i = 0; i < x.length; i++) {
      const squared = (x[i] - column) ** 2 + (y[i] - row) ** 2;
      if (squared < least) least = squared;
    }
    nearest[point] = Math.sqrt(least);
  }
  return nearest;
}

// The lowest and the highest value.
/** @type {(values: number[]) => [number, number]} */
function ends(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}
