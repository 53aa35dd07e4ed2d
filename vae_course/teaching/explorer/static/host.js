// The host of an instrument on a page without Python: it keeps the values and says when one has changed.
// @ts-check

// What `packed` in page.py makes of a value: JSON, and bytes as { deflate: "..." }, compressed, in base64.
/** @type {(value: any) => Promise<any>} */
export async function unpacked(value) {
  if (Array.isArray(value)) return Promise.all(value.map(unpacked));
  if (value === null || typeof value !== "object") return value;
  if ("deflate" in value) return inflated(value.deflate);
  const pairs = Object.entries(value).map(async ([key, one]) => [key, await unpacked(one)]);
  return Object.fromEntries(await Promise.all(pairs));
}

/** @type {(text: string) => Promise<DataView>} */
async function inflated(text) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new DataView(await new Response(stream).arrayBuffer());
}

// What an instrument's `render` takes as its model.
/** @param {Record<string, any>} state */
export function modelOf(state) {
  /** @type {Record<string, (() => void)[]>} */
  const listeners = {};
  return {
    /** @type {(name: string) => any} */
    get: (name) => state[name],
    /** @type {(name: string, value: any) => void} */
    set(name, value) {
      state[name] = value;
      for (const listener of listeners[`change:${name}`] ?? []) listener();
    },
    /** @type {(event: string, listener: () => void) => void} */
    on(event, listener) {
      listeners[event] = [...(listeners[event] ?? []), listener];
    },
  };
}
