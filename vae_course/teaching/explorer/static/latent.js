// The latent explorer: drag z over the codes, and the decoder draws the image that z stands for.
// @ts-check

import { decode } from "./inference.js";
import { aDigit, bytes, floats, framed, guarded, hostOf, onceAFrame, slider, smallImage, written } from "./kit.js";
import { clip, createPlane, decimals, isOutside, kept, nearest, place } from "./plane.js";

/** @typedef {import("./plane.js").Extent} Extent */
/** @typedef {import("./kit.js").Pair} Pair */

const STEPS = 200; // of a slider

// The sentence below the plane.
/** @type {(extent: Extent, z: Pair, digit: number, distance: number) => string} */
export function describe(extent, z, digit, distance) {
  const where = isOutside(extent, z) ? ", outside the plane drawn here, so the handle waits at the edge" : "";
  const near = `The nearest code, ${written(distance, decimals(extent))} away, is an image of ${aDigit(digit)}.`;
  return `z = ${place(extent, z)}${where}. ${near}`;
}

const PARTS = `<div class="panels">
  <div><div></div></div>
  <div class="side"><div class="images large"></div><p class="hint">Drag the ring, click in the plane, or use the arrow keys.</p></div>
</div>`;

/** @param {{ model: any, el: HTMLElement }} props */
function render({ model, el }) {
  const host = hostOf(model);
  const { find, say } = framed(el, "latent", host.get("_title"), PARTS);
  const { weights, ...shape } = host.get("_decoder");
  const decoder = { ...shape, weights: floats(weights) };
  const codes = { Z: floats(host.get("_codes")), labels: bytes(host.get("_labels")) };
  const [digits, colours] = [host.get("_digits"), bytes(host.get("_colours"))];
  /** @type {Extent} */
  const extent = host.get("_extent");
  const sent = host.get("_background");
  const heat = sent && { ...sent, values: floats(sent.values) };
  const gaussian = host.get("_gaussian");
  const image = smallImage(find(".images"));

  /** @param {Pair} z */
  function move(z) {
    host.set({ z: kept(extent, z) });
    show();
  }

  const plane = createPlane(find(".panels > div > div"), {
    alt: host.get("_alt"),
    digits,
    colours,
    onMove: (_, z) => move(z),
  });
  const sliders = ["first latent, z₁", "second latent, z₂"].map((label, i) => {
    const [min, max] = [extent[2 * i], extent[2 * i + 1]];
    const words = (/** @type {number} */ value) => written(value, decimals(extent));
    return slider(find(".side"), label, { min, max, step: (max - min) / STEPS }, words, (value) => {
      const [z1, z2] = host.get("z");
      move(i === 0 ? [value, z2] : [z1, value]);
    });
  });

  const show = onceAFrame(() => {
    const z = host.get("z");
    const { index, distance } = nearest(codes.Z, z);
    const at = { at: clip(extent, z), name: "z", label: "z, the point in the latent plane" };
    plane.show({ extent, heat, codes, gaussians: gaussian ? [gaussian] : [], handles: [at] });
    image.show(decode(decoder, z), "decoded at z", `The image that the decoder draws at z = ${place(extent, z)}`);
    for (const [i, one] of sliders.entries()) one.show(z[i]);
    say(describe(extent, z, codes.labels[index], distance));
  });
  host.on("z", show);
  show();
  return () => {
    host.stop();
    plane.stop();
  };
}

export default { render: guarded(render) };
