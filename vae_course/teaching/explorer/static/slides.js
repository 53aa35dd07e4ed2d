// Pictures made beforehand, one for each setting: a slider, or two, choose among them.
// @ts-check

import { bytes, framed, guarded, hostOf, onceAFrame, slider, written } from "./kit.js";

/** @typedef {import("./kit.js").Context} Context */
/** @typedef {number | number[]} Setting one number, or one for each slider */

const GREY = [200, 200, 200]; // between two images: neither ink nor paper
const SCALE = 48; // CSS pixels: the side of an image, where there is room

// Images of ink from 0 to 255, one after the other, as one strip with a line of grey between them: red, green, blue, alpha.
/** @type {(images: ArrayLike<number>, side: number) => { width: number, height: number, pixels: Uint8ClampedArray<ArrayBuffer> }} */
export function strip(images, side) {
  const count = images.length / side ** 2;
  const width = count * (side + 1) - 1;
  const pixels = new Uint8ClampedArray(4 * width * side);
  for (let at = 0; at < width * side; at++) {
    const [row, column] = [Math.floor(at / width), at % width];
    const [image, x] = [Math.floor(column / (side + 1)), column % (side + 1)];
    const white = 255 - images[image * side ** 2 + row * side + x];
    pixels.set([...(x < side ? [white, white, white] : GREY), 255], 4 * at);
  }
  return { width, height: side, pixels };
}

// Which of the settings is meant, or nothing.
/** @type {(settings: Setting[], setting: Setting) => number} */
export const numberOf = (settings, setting) => settings.findIndex((one) => String(one) === String(setting));

/** @param {number} value */
const inWords = (value) => written(value).replace(/\B(?=(\d{3})+$)/g, ",");

/** @param {{ model: any, el: HTMLElement }} props */
function render({ model, el }) {
  const host = hostOf(model);
  const { find, say } = framed(
    el,
    "slides",
    host.get("_title"),
    `<div class="rows"></div><div class="settings"></div>`,
  );
  /** @type {{ settings: Setting[], names: string[], axes: number[][], sentences: string[], side: number }} */
  const { settings, names, axes, sentences, side } = host.get("_slides");
  const rows = host.get("_rows").map((/** @type {{ caption: string, images: DataView }} */ { caption, images }) => {
    find(".rows").insertAdjacentHTML("beforeend", `<div class="row"><p></p><canvas role="img"></canvas></div>`);
    const [words, canvas] = find(".rows").lastElementChild.children;
    words.textContent = caption;
    return { caption, canvas, images: bytes(images) };
  });
  /** @type {() => number[]} */
  const chosen = () => [host.get("setting")].flat();

  const sliders = axes.map((values, i) => {
    const range = { min: 0, max: values.length - 1, step: 1 };
    const words = (/** @type {number} */ place) => inWords(values[place]);
    return slider(find(".settings"), names[i], range, words, (place) => {
      const next = chosen().with(i, values[place]);
      host.set({ setting: axes.length === 1 ? next[0] : next });
      show();
    });
  });

  const show = onceAFrame(() => {
    const number = numberOf(settings, host.get("setting"));
    for (const { caption, canvas, images } of rows) {
      const length = images.length / settings.length;
      const { width, height, pixels } = strip(images.subarray(number * length, (number + 1) * length), side);
      Object.assign(canvas, { width, height });
      canvas.style.width = `${(SCALE * width) / (side + 1)}px`;
      canvas.setAttribute("aria-label", `${caption}: ${length / side ** 2} images`);
      canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
    }
    for (const [i, value] of chosen().entries()) sliders[i].show(axes[i].indexOf(value));
    say(sentences[number]);
  });
  host.on("setting", show);
  show();
  return () => host.stop();
}

export default { render: guarded(render) };
