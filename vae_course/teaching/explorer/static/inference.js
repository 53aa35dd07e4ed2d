// Exact inference in the browser, for a decoder with two latents: log p(x), the posterior, the ELBO; all in nats.
// What takes long is a generator. It yields after each slice of work, so that a worker can listen in between, and what
// it yields is an answer, or undefined while there is none.
// @ts-check

/** @typedef {ArrayLike<number>} Numbers */
/** @typedef {[number, number]} Pair */
/** @typedef {[number, number, number, number]} Extent z1 lowest, z1 highest, z2 lowest, z2 highest */
/**
 * `weights` holds, layer after layer, W row by row and then b. Activations: tanh, sigmoid, identity.
 * @typedef {{ weights: Float32Array, sizes: number[], activations: string[] }} Network
 */
/** @typedef {{ network: Network, sigma: number }} Model */
/** @typedef {{ m: Pair, s: Pair }} Gaussian */
/** @typedef {{ m: Pair, s: Pair, elbo: number }} Fitted */
/**
 * Cells of one size, decoded at their middles. `reach`: how far the image may move from there to the corners.
 * @typedef {{ points: Float64Array, images: Float32Array, reach: Float64Array, width: Pair }} Cells
 */
/**
 * A part of the plane, decoded once for all images. `work` adds levels of n x n cells, each finer than the one before,
 * row 0 the lowest z2. `wider` is the plane half as large again, once an image needed it.
 * @typedef {{ network: Network, extent: Extent, levels: Cells[], work: Work<void>, wider?: Grid }} Grid
 */
/** @typedef {{ logP: number, offBy: number, mode: Pair, mean: Pair, sd: Pair }} Posterior `offBy` is of logP */
/** @typedef {Posterior & { stage: "coarse" | "exact" }} PosteriorAnswer */
/** @typedef {{ stage: "coarse" | "fine", extent: Extent, cells: number, values: Float64Array }} Picture */
/** @typedef {{ postMessage: (message: any) => void, onmessage: ((event: any) => void)? }} Scope a worker's `self` */
/** @template T @typedef {Generator<undefined, T, void>} Work */
/** @template T @typedef {Generator<T | undefined, void, void>} Answers */

const SLICE = 6e6; // multiplications between two yields: about 4 ms
const CELLS = 128; // per axis of a grid at last; a quarter and a half of them come first
const HALF_WIDTH = 5; // of the plane: all but 1e-6 of the prior
// As in marginal/exact.py, for one image and more exactly.
const MATTERS = 11; // nats below the highest log p(x, z) at which a cell no longer matters
const FINE = 1.5; // of sigma: the reach of cells that are not cut again
const SAFE = 1.4; // times the change that was seen, because in other directions there may be more
const TOLERANCE = 2e-3; // nats that the last cut may change: what is left then is far less
const EDGE = 1e-5; // of the sum near the plane's edge: with more than this the plane is made wider
const MAX_CELLS = 2e5; // a sum that needs more is left coarse
const LOG_2PI = Math.log(2 * Math.PI);

// ---- the network ----

const PER_UNIT = 32; // entries of the table of tanh, from -20 to 20
const TANH = Float64Array.from({ length: 40 * PER_UNIT + 1 }, (_, i) => Math.tanh(i / PER_UNIT - 20));

// tanh to 2e-10 in a fifth of the time of Math.tanh: its addition theorem, from the nearest entry of the table.
/** @type {(a: number) => number} */
function tanh(a) {
  const place = Math.max(0, Math.min(40 * PER_UNIT, (a + 20) * PER_UNIT));
  const nearest = (place + 0.5) | 0;
  const rest = (place - nearest) / PER_UNIT;
  const [there, more] = [TANH[nearest], rest - (rest * rest * rest) / 3];
  return (there + more) / (1 + there * more);
}

/** @type {Record<string, (values: Float64Array) => void>} */
const ACTIVATIONS = {
  tanh: (values) => {
    for (let i = 0; i < values.length; i++) values[i] = tanh(values[i]);
  },
  sigmoid: (values) => {
    for (let i = 0; i < values.length; i++) values[i] = (1 + tanh(values[i] / 2)) / 2;
  },
  identity: () => {},
};

// W u + b of four points at a time and two units at a time, so that what is loaded is used more than once.
// `units` holds four points together: unit 0 of each, unit 1 of each, ..., then the next four.
/** @type {(weights: Float32Array, start: number, inputs: number, outputs: number, units: Float64Array) => Float64Array} */
function linear(weights, start, inputs, outputs, units) {
  const biases = start + inputs * outputs;
  const next = new Float64Array((units.length / inputs) * outputs);
  for (let i = 0; i < outputs; i += 2) {
    const k = Math.min(i + 1, outputs - 1); // the last one is done twice if they are odd in number
    for (let first = 0, out = 0; first < units.length; first += 4 * inputs, out += 4 * outputs) {
      let [a0, b0] = [weights[biases + i], weights[biases + k]];
      let [a1, a2, a3, b1, b2, b3] = [a0, a0, a0, b0, b0, b0];
      for (let j = 0, u = first; j < inputs; j++, u += 4) {
        const wa = weights[start + i * inputs + j];
        const wb = weights[start + k * inputs + j];
        a0 += wa * units[u];
        a1 += wa * units[u + 1];
        a2 += wa * units[u + 2];
        a3 += wa * units[u + 3];
        b0 += wb * units[u];
        b1 += wb * units[u + 1];
        b2 += wb * units[u + 2];
        b3 += wb * units[u + 3];
      }
      const [ya, yb] = [out + 4 * i, out + 4 * k];
      next[ya] = a0;
      next[ya + 1] = a1;
      next[ya + 2] = a2;
      next[ya + 3] = a3;
      next[yb] = b0;
      next[yb + 1] = b1;
      next[yb + 2] = b2;
      next[yb + 3] = b3;
    }
  }
  return next;
}

// The images of many latents, one after the other; `points` is z1, z2, z1, z2, ...
/** @type {(network: Network, points: Numbers) => Float64Array} */
export function decodeMany({ weights, sizes, activations }, points) {
  const [inputs, outputs] = [sizes[0], sizes[sizes.length - 1]];
  const n = points.length / inputs;
  /** @type {Float64Array} */
  let units = new Float64Array(4 * Math.ceil(n / 4) * inputs);
  let start = 0;
  for (let i = 0; i < points.length; i++) units[fourth(i, inputs)] = points[i];
  for (const [layer, name] of activations.entries()) {
    units = linear(weights, start, sizes[layer], sizes[layer + 1], units);
    ACTIVATIONS[name](units);
    start += (sizes[layer] + 1) * sizes[layer + 1];
  }
  const images = new Float64Array(n * outputs);
  for (let i = 0; i < images.length; i++) images[i] = units[fourth(i, outputs)];
  return images;
}

// Where the i-th number of rows of this length stands when four rows are kept together.
/** @type {(i: number, length: number) => number} */
function fourth(i, length) {
  const row = Math.floor(i / length);
  return 4 * (length * (row >> 2) + i - row * length) + (row & 3);
}

// The image that z stands for.
/** @type {(network: Network, z: Numbers) => Float64Array} */
export const decode = decodeMany;

// The encoder's q: its network ends with m and log s.
/** @type {(encoder: Network, x: Numbers) => Gaussian} */
export function encode(encoder, x) {
  const [m1, m2, logS1, logS2] = decode(encoder, x);
  return { m: [m1, m2], s: [Math.exp(logS1), Math.exp(logS2)] };
}

/** @type {(network: Network) => number} */
const sliceOf = ({ weights }) => Math.max(4, 4 * Math.floor(SLICE / weights.length / 4));

/** @type {<T>(work: Generator<unknown, T, void>) => T} */
function finished(work) {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

// ---- densities ----

// The squared distance between d numbers of `a` from i on and d numbers of `b` from j on.
/** @type {(a: Numbers, i: number, b: Numbers, j: number, d: number) => number} */
function squared(a, i, b, j, d) {
  let sum = 0;
  for (let k = 0; k < d; k++) {
    const difference = a[i + k] - b[j + k];
    sum += difference * difference;
  }
  return sum;
}

// What log N(x; x_hat, sigma^2 I) is when x_hat is x.
/** @type {(model: Model, d: number) => number} */
const perfect = ({ sigma }, d) => -d * (Math.log(sigma) + LOG_2PI / 2);

/** @type {(z1: number, z2: number) => number} */
const priorAt = (z1, z2) => -(z1 * z1 + z2 * z2) / 2 - LOG_2PI;

/** @type {(model: Model, x: Numbers, z: Pair) => number} */
export const logLikelihood = (model, x, z) => finished(logLikelihoods(model, x, z))[0];

/** @type {(z: Pair) => number} */
export const logPrior = ([z1, z2]) => priorAt(z1, z2);

/** @type {(model: Model, x: Numbers, z: Pair) => number} */
export const logJoint = (model, x, z) => logLikelihood(model, x, z) + logPrior(z);

// log p(x given z) at each of the points.
/** @type {(model: Model, x: Numbers, points: Numbers) => Work<Float64Array>} */
function* logLikelihoods(model, x, points) {
  const [n, d, slice] = [points.length / 2, x.length, sliceOf(model.network)];
  const [all, values] = [Float64Array.from(points), new Float64Array(n)];
  for (let first = 0; first < n; first += slice) {
    if (first) yield;
    const images = decodeMany(model.network, all.subarray(2 * first, 2 * (first + slice)));
    for (let i = 0; i < images.length / d; i++) {
      values[first + i] = perfect(model, d) - squared(images, i * d, x, 0, d) / (2 * model.sigma ** 2);
    }
  }
  return values;
}

// log p(x, z) - log q(z) at samples z of q = N(m, diag s^2). If q is the prior it is log p(x given z).
/** @type {(model: Model, x: Numbers, points: Numbers, m: Pair, s: Pair) => Float64Array} */
export const logWeights = (model, x, points, m, s) => finished(weighed(model, x, points, m, s));

/** @type {(model: Model, x: Numbers, points: Numbers, m: Pair, s: Pair) => Work<Float64Array>} */
function* weighed(model, x, points, m, s) {
  const values = yield* logLikelihoods(model, x, points);
  return values.map((value, i) => {
    const [z1, z2] = [points[2 * i], points[2 * i + 1]];
    const logQ = priorAt((z1 - m[0]) / s[0], (z2 - m[1]) / s[1]) - Math.log(s[0] * s[1]);
    return value + priorAt(z1, z2) - logQ;
  });
}

// log of the mean of numbers that are given as their logarithms.
/** @type {(values: Numbers) => number} */
export function logMeanExp(values) {
  let [top, sum] = [-Infinity, 0];
  for (let i = 0; i < values.length; i++) top = Math.max(top, values[i]);
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - top);
  return top + Math.log(sum / values.length);
}

// ---- a Gaussian q and its ELBO ----

/** @type {Map<number, { eps: number[], weights: number[] }>} */
const rules = new Map();

// Points and weights of an average over N(0, 1). The points are the zeros of the n-th Hermite polynomial, the weights
// the inverse sums of the squares of those before it, all of them orthonormal.
/** @type {(n: number) => { eps: number[], weights: number[] }} */
function gaussHermite(n) {
  const known = rules.get(n);
  if (known) return known;
  /** @type {(x: number) => number[]} */
  const polynomials = (x) => {
    const h = [1, x];
    for (let k = 1; k < n; k++) h.push((x * h[k] - Math.sqrt(k) * h[k - 1]) / Math.sqrt(k + 1));
    return h;
  };
  /** @type {number[]} */
  const eps = [];
  const [end, step] = [2 * Math.sqrt(n) + 0.01, 0.4 / Math.sqrt(n)]; // all zeros, and less than from one to the next
  for (let low = -end; low < end; low += step) {
    let [left, right] = [low, low + step];
    const sign = Math.sign(polynomials(left)[n]);
    if (sign === Math.sign(polynomials(right)[n])) continue;
    for (let i = 0; i < 50; i++) {
      const middle = (left + right) / 2;
      if (Math.sign(polynomials(middle)[n]) === sign) left = middle;
      else right = middle;
    }
    eps.push((left + right) / 2);
  }
  const sums = eps.map((x) => polynomials(x).reduce((sum, h, k) => (k < n ? sum + h * h : sum), 0));
  const rule = { eps, weights: sums.map((sum) => 1 / sum) };
  rules.set(n, rule);
  return rule;
}

// The ELBO of q and what the climb needs: the slope of E_q[log p(x given z)] with m and its second derivative, times s
// and s^2. Both are averages of log p(x given z) itself, times eps and eps^2 - 1 (Stein's identity).
/** @type {(model: Model, x: Numbers, q: Gaussian, nodes: number) => Work<Fitted & { slope: Pair, bend: Pair }>} */
function* quadrature(model, x, { m, s }, nodes) {
  const { eps, weights } = gaussHermite(nodes);
  const points = new Float64Array(2 * nodes * nodes);
  for (let i = 0; i < nodes * nodes; i++) {
    points[2 * i] = m[0] + s[0] * eps[i % nodes];
    points[2 * i + 1] = m[1] + s[1] * eps[Math.floor(i / nodes)];
  }
  const values = yield* logLikelihoods(model, x, points);
  let average = 0;
  /** @type {Pair} */
  const slope = [0, 0];
  /** @type {Pair} */
  const bend = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const at = [i % nodes, Math.floor(i / nodes)];
    const value = values[i] * weights[at[0]] * weights[at[1]];
    average += value;
    for (const axis of [0, 1]) {
      slope[axis] += value * eps[at[axis]];
      bend[axis] += value * (eps[at[axis]] ** 2 - 1);
    }
  }
  const kl = [0, 1].map((i) => (s[i] ** 2 + m[i] ** 2 - 1) / 2 - Math.log(s[i]));
  return { m, s, elbo: average - kl[0] - kl[1], slope, bend };
}

// E_q[log p(x given z)] - KL(q || p(z)) for q = N(m, diag s^2), by a quadrature of nodes x nodes points.
/** @type {(model: Model, x: Numbers, m: Pair, s: Pair, nodes?: number) => number} */
export const elbo = (model, x, m, s, nodes = 20) => finished(quadrature(model, x, { m, s }, nodes)).elbo;

// Uphill from q. A whole step goes where the optimum would be if the averages stayed as they are (natural gradient).
/** @type {(model: Model, x: Numbers, start: Gaussian, nodes: number) => Work<Fitted>} */
function* climbed(model, x, start, nodes) {
  let here = yield* quadrature(model, x, start, nodes);
  for (let rate = 1, steps = 0; rate > 1e-3 && steps < 60; steps++) {
    yield;
    const { m, s, slope, bend } = here;
    // The precision's factor: 1 - bend / s^2 is the one it wants, and no step changes s by more than a factor 3.
    const factors = [0, 1].map((i) => 1 + rate * Math.min(Math.max(s[i] ** 2 - bend[i] - 1, -8 / 9), 8));
    const newS = /** @type {Pair} */ (s.map((value, i) => value / Math.sqrt(factors[i])));
    const newM = /** @type {Pair} */ (m.map((value, i) => value + rate * newS[i] ** 2 * (slope[i] / s[i] - value)));
    const there = yield* quadrature(model, x, { m: newM, s: newS }, nodes);
    if (there.elbo > here.elbo) {
      const gain = there.elbo - here.elbo;
      here = there;
      if (gain < 1e-4) break;
      rate = Math.min(1, 2 * rate);
    } else rate /= 2;
  }
  return { m: here.m, s: here.s, elbo: here.elbo };
}

// The Gaussian with the largest ELBO: uphill from a narrow one at the posterior's mode, and from its mean and sd.
/** @type {(model: Model, x: Numbers, posterior: { mode: Pair, mean: Pair, sd: Pair }) => Answers<Fitted>} */
export function* bestGaussian(model, x, { mode, mean, sd }) {
  /** @type {Gaussian[]} */
  const starts = [
    { m: mode, s: [0.05, 0.05] },
    { m: mean, s: sd },
  ];
  const ends = [];
  for (const start of starts) {
    const end = yield* climbed(model, x, start, 8); // few nodes, to be quick
    ends.push(yield* quadrature(model, x, end, 20));
  }
  yield yield* climbed(model, x, ends[0].elbo >= ends[1].elbo ? ends[0] : ends[1], 20);
}

// ---- the mode ----

// log p(x, z) with its slope, and the second derivatives that it would have if the decoder were linear (Gauss-Newton).
/** @type {(model: Model, x: Numbers, z: Pair) => { z: Pair, height: number, slope: Pair, bend: [number, number, number] }} */
function slopeAt(model, x, z) {
  const [d, h, precision] = [x.length, 1e-6, 1 / model.sigma ** 2];
  const images = decodeMany(model.network, [...z, z[0] + h, z[1], z[0], z[1] + h]); // three for the time of one
  const sums = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < d; i++) {
    const [rest, j1, j2] = [x[i] - images[i], (images[d + i] - images[i]) / h, (images[2 * d + i] - images[i]) / h];
    for (const [k, product] of [rest * rest, j1 * rest, j2 * rest, j1 * j1, j1 * j2, j2 * j2].entries()) {
      sums[k] += precision * product;
    }
  }
  return {
    z,
    height: perfect(model, d) - sums[0] / 2 + logPrior(z),
    slope: [sums[1] - z[0], sums[2] - z[1]],
    bend: [sums[3] + 1, sums[4], sums[5] + 1],
  };
}

// The top of log p(x, z) near z, by damped Gauss-Newton steps; never lower than z.
/** @type {(model: Model, x: Numbers, z: Pair) => Pair} */
export function climbToMode(model, x, z) {
  let [here, damping] = [slopeAt(model, x, z), 1e-3];
  for (let i = 0; i < 100 && damping < 1e9; i++) {
    const [h11, h12, h22] = [here.bend[0] * (1 + damping), here.bend[1], here.bend[2] * (1 + damping)];
    const [[g1, g2], determinant] = [here.slope, h11 * h22 - h12 * h12];
    const [step1, step2] = [(h22 * g1 - h12 * g2) / determinant, (h11 * g2 - h12 * g1) / determinant];
    const hoped = (step1 * g1 + step2 * g2) / 2;
    if ((1 + damping) * hoped < 1e-8) break; // more than a step without damping would gain
    const there = slopeAt(model, x, [here.z[0] + step1, here.z[1] + step2]);
    const gain = (there.height - here.height) / hoped;
    if (gain > 0) here = there;
    damping = Math.max(1e-6, damping * (gain > 0.8 ? 0.2 : gain > 0.5 ? 1 : 5)); // a step too long gains too little
  }
  return here.z;
}

// ---- the decoded plane ----

// A part of the plane, to be decoded by whoever needs it first.
/** @type {(network: Network, extent: Extent, cells?: number) => Grid} */
export function gridOf(network, extent, cells = CELLS) {
  /** @type {Cells[]} */
  const levels = [];
  if (cells % 4) throw new Error(`cells must be a multiple of 4, got ${cells}`);
  return { network, extent, levels, work: decodedLevels(network, extent, cells, levels) };
}

// The plane that `posterior` needs.
/** @type {(network: Network) => Grid} */
export const planeOf = (network) => gridOf(network, [-HALF_WIDTH, HALF_WIDTH, -HALF_WIDTH, HALF_WIDTH]);

/** @type {(network: Network, extent: Extent, cells: number, levels: Cells[]) => Work<void>} */
function* decodedLevels(network, [left, right, bottom, top], cells, levels) {
  for (const n of [cells / 4, cells / 2, cells]) {
    /** @type {Pair} */
    const width = [(right - left) / n, (top - bottom) / n];
    const points = new Float64Array(2 * n * n);
    const parents = new Int32Array(n * n);
    for (let i = 0; i < n * n; i++) {
      const [row, column] = [Math.floor(i / n), i % n];
      points[2 * i] = left + (column + 0.5) * width[0];
      points[2 * i + 1] = bottom + (row + 0.5) * width[1];
      parents[i] = (row >> 1) * (n / 2) + (column >> 1);
    }
    const images = yield* decoded(network, points);
    const before = levels.at(-1);
    levels.push({
      points,
      images,
      reach: before ? reaches(images, parents, before.images) : new Float64Array(n * n).fill(Infinity),
      width,
    });
  }
}

/** @type {(network: Network, points: Float64Array) => Work<Float32Array>} */
function* decoded(network, points) {
  const [d, slice] = [network.sizes[network.sizes.length - 1], sliceOf(network)];
  const images = new Float32Array((points.length / 2) * d);
  for (let i = 0; i < points.length / 2; i += slice) {
    images.set(decodeMany(network, points.subarray(2 * i, 2 * (i + slice))), i * d);
    yield;
  }
  return images;
}

// A quarter's middle is as far from the whole cell's as from its own corners: so is its image, about.
/** @type {(images: Float32Array, parents: Int32Array, before: Float32Array) => Float64Array} */
function reaches(images, parents, before) {
  const d = images.length / parents.length;
  const away = new Float64Array(before.length / d);
  for (const [i, parent] of parents.entries()) {
    away[parent] = Math.max(away[parent], SAFE * Math.sqrt(squared(images, i * d, before, parent * d, d)));
  }
  return Float64Array.from(parents, (parent) => away[parent]);
}

// Works on the grid until so many levels are there.
/** @type {(grid: Grid, count: number) => Work<void>} */
function* ready(grid, count) {
  while (grid.levels.length < count) {
    grid.work.next();
    yield;
  }
}

// log p(x, z) at the middles of a grid's cells, coarse at first.
/** @type {(model: Model, grid: Grid, x: Numbers) => Answers<Picture>} */
export function* picture(model, grid, x) {
  for (let level = Math.max(0, grid.levels.length - 1); level < 3; level++) {
    yield* ready(grid, level + 1);
    const { here } = survey(model, x, grid.levels[level]);
    const stage = level < 2 ? "coarse" : "fine";
    yield { stage, extent: grid.extent, cells: Math.sqrt(here.length), values: here };
  }
}

// ---- the posterior ----

// log p(x, z) at the middle of each cell, and what it would be with the image as near to x as the reach allows. `top` is
// the cell with the largest one.
/** @type {(model: Model, x: Numbers, cells: Cells) => { here: Float64Array, hoped: Float64Array, top: number }} */
function survey(model, x, { points, images, reach }) {
  const [n, d, highest] = [reach.length, x.length, perfect(model, x.length)];
  const precision = 1 / model.sigma ** 2;
  const [here, hoped] = [new Float64Array(n), new Float64Array(n)];
  let top = 0;
  for (let i = 0; i < n; i++) {
    const misfit = squared(images, i * d, x, 0, d);
    const nearest = Math.max(Math.sqrt(misfit) - reach[i], 0);
    const rest = highest + priorAt(points[2 * i], points[2 * i + 1]);
    here[i] = rest - (precision * misfit) / 2;
    hoped[i] = rest - (precision * nearest * nearest) / 2;
    if (here[i] > here[top]) top = i;
  }
  return { here, hoped, top };
}

/**
 * Sums over cells of p(x, z) times their area, all divided by exp(top): itself, times z1, z2, z1^2, z2^2, and the part
 * at the plane's edge.
 * @typedef {{ top: number, sums: number[] }} Tally
 */

// The tally with the chosen cells added.
/** @type {(tally: Tally, cells: Cells, here: Float64Array, edge: number, chosen: (i: number) => boolean) => Tally} */
function added({ top, sums }, { points, width }, here, edge, chosen) {
  const logArea = Math.log(width[0] * width[1]);
  let [highest, mass, m1, m2, m11, m22, outside] = [top, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < here.length; i++) if (chosen(i)) highest = Math.max(highest, here[i] + logArea);
  for (let i = 0; i < here.length; i++) {
    if (!chosen(i)) continue;
    const share = Math.exp(here[i] + logArea - highest);
    const z1 = points[2 * i];
    const z2 = points[2 * i + 1];
    mass += share;
    m1 += share * z1;
    m2 += share * z2;
    m11 += share * z1 * z1;
    m22 += share * z2 * z2;
    if (Math.max(Math.abs(z1), Math.abs(z2)) > edge) outside += share;
  }
  const scale = Math.exp(top - highest);
  return { top: highest, sums: [mass, m1, m2, m11, m22, outside].map((sum, i) => sum + scale * sums[i]) };
}

// The reach of a cell on average, under the hoped heights.
/** @type {(reach: Float64Array, hoped: Float64Array) => number} */
function meanReach(reach, hoped) {
  const top = hoped.reduce((a, b) => Math.max(a, b));
  let [sum, mass] = [0, 0];
  for (let i = 0; i < reach.length; i++) {
    const share = Math.exp(hoped[i] - top);
    sum += share * reach[i];
    mass += share;
  }
  return sum / mass;
}

// The kept cells, cut into four.
/** @type {(network: Network, cells: Cells, keep: number[]) => Work<Cells>} */
function* quartered(network, { points, images, width }, keep) {
  const middles = new Float64Array(8 * keep.length);
  const parents = Int32Array.from({ length: 4 * keep.length }, (_, i) => keep[i >> 2]);
  for (const [i, parent] of parents.entries()) {
    middles[2 * i] = points[2 * parent] + (i & 1 ? 0.25 : -0.25) * width[0];
    middles[2 * i + 1] = points[2 * parent + 1] + (i & 2 ? 0.25 : -0.25) * width[1];
  }
  const quarters = yield* decoded(network, middles);
  const reach = reaches(quarters, parents, images);
  return { points: middles, images: quarters, reach, width: [width[0] / 2, width[1] / 2] };
}

// The sum over a square of the plane, finer and finer. Cells that cannot matter stay as they are; all others are cut into
// four, until the sum stands still and the image changes by no more than about sigma across a cell.
/** @type {(model: Model, grid: Grid, x: Numbers) => Generator<PosteriorAnswer | undefined, PosteriorAnswer & { outside: number }, void>} */
function* refined(model, grid, x) {
  let level = Math.max(0, grid.levels.length - 2); // two are compared, to say how far off the sum may be
  yield* ready(grid, level + 1);
  let cells = grid.levels[level];
  /** @type {Tally} */
  let settled = { top: -Number.MAX_VALUE, sums: [0, 0, 0, 0, 0, 0] };
  let [before, peak, mode] = [Infinity, -Infinity, /** @type {Pair} */ ([0, 0])];
  const edge = 0.98 * grid.extent[1];
  for (;;) {
    const { here, hoped, top } = survey(model, x, cells);
    if (here[top] > peak) {
      mode = climbToMode(model, x, [cells.points[2 * top], cells.points[2 * top + 1]]);
      peak = logJoint(model, x, mode);
    }
    const tally = added(settled, cells, here, edge, () => true);
    const [m1, m2, m11, m22, outside] = tally.sums.slice(1).map((sum) => sum / tally.sums[0]);
    const logP = tally.top + Math.log(tally.sums[0]);
    if (!Number.isFinite(logP)) throw new Error("log p(x) is not finite: look for NaN or inf in the weights or in x");
    /** @type {Posterior} */
    const answer = {
      logP,
      offBy: Math.abs(logP - before),
      mode,
      mean: [m1, m2],
      sd: [Math.sqrt(Math.max(0, m11 - m1 * m1)), Math.sqrt(Math.max(0, m22 - m2 * m2))],
    };
    if (Math.max(Math.abs(mode[0]), Math.abs(mode[1])) > edge) return { stage: "coarse", ...answer, outside: 1 };
    const isFine = answer.offBy < TOLERANCE && meanReach(cells.reach, hoped) <= FINE * model.sigma;
    if (isFine || here.length > MAX_CELLS) return { stage: isFine ? "exact" : "coarse", ...answer, outside };
    yield { stage: "coarse", ...answer };
    before = logP;
    level++;
    if (level === 1 || level < grid.levels.length) {
      yield* ready(grid, level + 1);
      cells = grid.levels[level];
    } else {
      const floor = peak - MATTERS;
      settled = added(settled, cells, here, edge, (i) => hoped[i] <= floor);
      const keep = Array.from(hoped.keys()).filter((i) => hoped[i] > floor);
      cells = yield* quartered(model.network, cells, keep);
    }
  }
}

// log p(x) and the posterior: at once from coarse cells, better and better, and at last with stage "exact".
/** @type {(model: Model, plane: Grid, x: Numbers) => Answers<PosteriorAnswer>} */
export function* posterior(model, plane, x) {
  for (let grid = plane; ; grid = grid.wider) {
    const { outside, ...answer } = yield* refined(model, grid, x);
    if (outside <= EDGE || grid.extent[1] > 100) return yield answer;
    grid.wider ??= gridOf(grid.network, /** @type {Extent} */ (grid.extent.map((end) => 1.5 * end)));
  }
}

// ---- in a worker ----

const URGENT = ["elbo", "encode", "weights"]; // these go before the long ones
const KEPT = 3; // pictures' grids, about 7 MB each

/** @typedef {{ model: Model, encoder?: Network, plane: Grid, grids: Map<string, Grid> }} State */

// What each job does, as a generator of answers.
/** @type {Record<string, (state: State, question: any) => Answers<object>>} */
const JOBS = {
  posterior: ({ model, plane }, { x }) => posterior(model, plane, x),
  picture: (state, { x, extent, cells }) => picture(state.model, keptGrid(state, extent, cells), x),
  best: ({ model }, { x, ...answer }) => bestGaussian(model, x, answer),
  *elbo({ model }, { x, m, s, nodes = 20 }) {
    yield { elbo: (yield* quadrature(model, x, { m, s }, nodes)).elbo };
  },
  *weights({ model }, { x, points, m, s }) {
    const values = yield* weighed(model, x, points, m, s);
    yield { values, logMean: logMeanExp(values) };
  },
  *encode({ encoder }, { x }) {
    if (!encoder) throw new Error("there is no encoder");
    yield encode(encoder, x);
  },
};

/** @type {(state: State, extent: Extent, cells?: number) => Grid} */
function keptGrid({ model, plane, grids }, extent, cells = CELLS) {
  if (`${extent},${cells}` === `${plane.extent},${CELLS}`) return plane;
  const name = `${extent},${cells}`;
  const grid = grids.get(name) ?? gridOf(model.network, extent, cells);
  grids.delete(name); // to the end: the newest
  grids.set(name, grid);
  if (grids.size > KEPT) grids.delete(grids.keys().next().value ?? "");
  return grid;
}

// The worker's side. It is told { set: { model, encoder } }, where a model without a network only changes sigma, and
// asked { job, id, ... }; it answers { job, id, ... }, or { job, id, error }. A newer job replaces an older one of its
// name. Between two slices of work it listens; when nothing is asked it decodes the rest of the plane.
/** @param {Scope} scope */
export function serve(scope) {
  /** @type {State?} */
  let state = null;
  /** @type {Map<string, { id: any, work: Answers<object> }>} */
  const jobs = new Map();
  const { port1, port2 } = new MessageChannel(); // quicker than a timer, which waits 4 ms
  let isAwake = false;

  function wake() {
    if (!isAwake) port2.postMessage(null);
    isAwake = true;
  }

  /** @type {(set: { model: Partial<Model>, encoder?: Network }) => void} */
  function change({ model, encoder = state?.encoder }) {
    const whole = /** @type {Model} */ ({ ...state?.model, ...model });
    decode(whole.network, [0, 0]); // what is no network fails here
    const decoded = state && !model.network ? state : { plane: planeOf(whole.network), grids: new Map() };
    state = { ...decoded, model: whole, encoder };
    jobs.clear();
  }

  /** @type {(question: any) => void} */
  function start({ job, id, ...question }) {
    if (!state) throw new Error("there is no model yet");
    if (!JOBS[job]) throw new Error(`there is no job ${job}`);
    const pixels = state.model.network.sizes.at(-1);
    if (question.x?.length !== pixels) throw new Error(`x must have ${pixels} pixels, got ${question.x?.length}`);
    jobs.delete(job);
    jobs.set(job, { id, work: JOBS[job](state, question) });
  }

  /** @type {(job: string, id: any, act: () => void) => void} */
  function guarded(job, id, act) {
    try {
      act();
    } catch (error) {
      jobs.delete(job);
      scope.postMessage({ job, id, error: error instanceof Error ? error.message : String(error) });
    }
  }

  // One slice of the most urgent job. The long ones take turns; with none it is a slice of the plane.
  function turn() {
    isAwake = false;
    const name = URGENT.find((job) => jobs.has(job)) ?? jobs.keys().next().value ?? "";
    const job = jobs.get(name);
    if (job) {
      jobs.delete(name); // to the end
      jobs.set(name, job);
      guarded(name, job.id, () => {
        const { done, value } = job.work.next();
        if (done) jobs.delete(name);
        if (value) scope.postMessage({ job: name, id: job.id, ...value });
      });
    }
    if (job || (state && !state.plane.work.next().done)) wake();
  }

  port1.onmessage = turn;
  scope.onmessage = ({ data }) => {
    guarded(data.job, data.id, () => (data.set ? change(data.set) : start(data)));
    wake();
  };
}

// The page's side: a worker that runs this file's text. No exception comes from here: what goes wrong, having no Worker
// as well, is told to `onAnswer` as { error }. Answers to older questions, or about an older model, are dropped.
/** @type {(source: string, onAnswer: (answer: any) => void) => { ask: (job: string, question: object) => void, set: (what: object) => void, close: () => void }} */
export function connect(source, onAnswer) {
  /** @type {Record<string, number>} */
  let newest = {};
  /** @type {Worker?} */
  let worker = null;
  let id = 0;

  /** @type {(act: () => void) => void} */
  function safely(act) {
    try {
      act();
    } catch (error) {
      queueMicrotask(() => onAnswer({ error: String(error) }));
    }
  }

  safely(() => {
    const text = `${source.replace(/^export /gm, "")}\nserve(self);`;
    worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    worker.onmessage = ({ data }) => {
      if (data.id === newest[data.job]) onAnswer(data);
    };
    worker.onerror = (event) => onAnswer({ error: event.message || "the worker did not start" });
  });
  return {
    ask(job, question) {
      newest[job] = ++id;
      safely(() => worker?.postMessage({ ...question, job, id }));
    },
    set(what) {
      newest = {};
      safely(() => worker?.postMessage({ set: what }));
    },
    close() {
      newest = {};
      worker?.terminate();
    },
  };
}
