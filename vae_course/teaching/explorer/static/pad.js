// The pad in the browser: paper, a pen, and a keyboard's pen.
// What is exported by name is a pure function, so that a test runs this very file without a browser.
// @ts-check

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {[number, number]} Place x to the right and y down, in points of the paper */
/** @typedef {Place[][]} Strokes */
/** @typedef {{ place: Place, down: boolean }} Pen the keyboard's */
/** @typedef {{ strokes: Strokes, _paper: number }} State the traits of pad.py; the paper's points along one side */

const SIDE = 256; // of the canvas, in CSS pixels
const PEN = 2.4; // points
const APART = 0.4; // points between two places of a stroke
const PAUSE = 100; // ms between two messages to Python while a stroke is drawn
/** @type {Record<string, number[]>} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

// The place on the paper, in tenths of a point; outside it is the edge.
/** @type {(paper: number, place: Place) => Place} */
export function onPaper(paper, [x, y]) {
  /** @param {number} value */
  const kept = (value) => Math.round(10 * Math.min(Math.max(value, 0), paper)) / 10;
  return [kept(x), kept(y)];
}

// The strokes with one more place at the end of the last one, unless the pen has hardly moved.
/** @type {(strokes: Strokes, place: Place) => Strokes} */
export function extended(strokes, place) {
  const stroke = strokes[strokes.length - 1];
  const [x, y] = stroke[stroke.length - 1];
  if (Math.hypot(place[0] - x, place[1] - y) < APART) return strokes;
  return [...strokes.slice(0, -1), [...stroke, place]];
}

// What the pad says about itself.
/** @type {(strokes: Strokes, pen: Pen?) => string} */
export function describe(strokes, pen) {
  const count = `${strokes.length} stroke${strokes.length > 1 ? "s" : ""}`;
  const drawn = strokes.length === 0 ? "Nothing is drawn yet" : `Drawn in ${count}`;
  if (!pen) return `${drawn}.`;
  return `${drawn}; the pen is ${pen.down ? "down" : "up"} at ${pen.place[0]} across, ${pen.place[1]} down.`;
}

// JupyterLab would take the keys to walk through the cells, unless the element in focus says this.
const KEEP_KEYS = 'data-lm-suppress-shortcuts="true"';
const PAGE = `<div class="digit-pad" ${KEEP_KEYS}>
  <div class="heading">Draw a digit here</div>
  <canvas class="paper" tabindex="0" ${KEEP_KEYS} role="application" aria-roledescription="drawing pad"
    aria-label="Paper for one digit. Arrow keys move the pen, the space bar lowers and lifts it."></canvas>
  <div class="buttons">
    <button type="button" class="undo" ${KEEP_KEYS}>Undo the last stroke</button>
    <button type="button" class="clear" ${KEEP_KEYS}>Clear</button>
  </div>
  <p class="state" aria-live="polite"></p>
  <p class="hint">Mouse, finger or pen. Keyboard: arrow keys move the pen, space lowers and lifts it.</p>
</div>`;

/** @type {(context: Context, strokes: Strokes) => void} */
function drawStrokes(context, strokes) {
  Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#000" });
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(...stroke[0]);
    for (const place of stroke) context.lineTo(...place); // a line of no length is a dot
    context.stroke();
  }
}

/** @type {(context: Context, pen: Pen) => void} */
function drawPen(context, { place: [x, y], down }) {
  const colour = getComputedStyle(context.canvas).getPropertyValue("--handle");
  for (const style of [
    { strokeStyle: "#fff", lineWidth: 1.1 },
    { strokeStyle: colour, lineWidth: 0.5 },
  ]) {
    Object.assign(context, style);
    context.beginPath();
    for (const [across, along] of Object.values(KEYS)) {
      context.moveTo(x + 1.6 * across, y + 1.6 * along);
      context.lineTo(x + 3 * across, y + 3 * along);
    }
    context.stroke();
    context.beginPath();
    context.arc(x, y, down ? 0.8 : 1.6, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** @param {import("@anywidget/types").RenderProps<State>} props */
function render({ model, el }) {
  el.innerHTML = PAGE;
  /** @type {(selector: string) => any} */
  const find = (selector) => el.querySelector(selector);
  const [undo, clear, state] = [".undo", ".clear", ".state"].map(find);
  const [paper, ratio] = [model.get("_paper"), Math.max(2, window.devicePixelRatio)];
  /** @type {HTMLCanvasElement} */
  const canvas = find(".paper");
  canvas.width = canvas.height = SIDE * ratio;
  const context = /** @type {Context} */ (canvas.getContext("2d"));
  context.scale((SIDE * ratio) / paper, (SIDE * ratio) / paper);
  let [strokes, drawing] = [model.get("strokes"), false];
  /** @type {ReturnType<typeof setTimeout>?} */
  let timer = null;
  /** @type {Pen} */
  const pen = { place: [paper / 2, paper / 2], down: false };
  let keyboard = false; // whether it is in use

  function show() {
    context.clearRect(0, 0, paper, paper);
    drawStrokes(context, strokes);
    if (keyboard) drawPen(context, pen);
    const text = describe(strokes, keyboard ? pen : null);
    if (state.textContent !== text) state.textContent = text;
    undo.disabled = clear.disabled = strokes.length === 0;
  }

  function send() {
    clearTimeout(timer ?? undefined);
    timer = null;
    model.set("strokes", strokes);
    model.save_changes();
  }

  /** @type {(next: Strokes, how: { atOnce: boolean }) => void} */
  function change(next, { atOnce }) {
    if (next === strokes) return;
    strokes = next;
    show();
    if (atOnce) send();
    else timer ??= setTimeout(send, PAUSE);
  }

  /** @param {PointerEvent} event */
  function place(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - canvas.clientLeft, event.clientY - box.top - canvas.clientTop];
    return onPaper(paper, [(paper * x) / canvas.clientWidth, (paper * y) / canvas.clientHeight]);
  }

  function lift() {
    if (!drawing) return;
    drawing = false;
    send();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drawing) return; // a second finger draws nothing
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    [keyboard, drawing] = [false, true];
    pen.down = false;
    change([...strokes, [place(event)]], { atOnce: false });
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing || !canvas.hasPointerCapture(event.pointerId)) return;
    // The browser joins quick movements into one event; a curve needs all of them.
    const moves = event.getCoalescedEvents?.() ?? [];
    change((moves.length ? moves : [event]).map(place).reduce(extended, strokes), { atOnce: false });
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(end, lift);

  canvas.addEventListener("keydown", (event) => {
    const direction = KEYS[event.key];
    if (!direction && event.key !== " ") return;
    event.preventDefault(); // the page must not scroll
    keyboard = true;
    if (!direction) {
      if (event.repeat) return;
      pen.down = !pen.down;
      if (pen.down) change([...strokes, [pen.place]], { atOnce: true });
    } else {
      pen.place = onPaper(paper, [pen.place[0] + direction[0], pen.place[1] + direction[1]]);
      if (pen.down) change(extended(strokes, pen.place), { atOnce: false });
    }
    show();
  });
  canvas.addEventListener("blur", () => {
    [keyboard, pen.down] = [false, false];
    show();
  });

  undo.addEventListener("click", () => change(strokes.slice(0, -1), { atOnce: true }));
  clear.addEventListener("click", () => change([], { atOnce: true }));

  function hear() {
    if (drawing || pen.down || timer) return; // an answer about what was drawn a moment ago
    strokes = model.get("strokes");
    show();
  }
  model.on("change:strokes", hear);
  show();
  return () => {
    clearTimeout(timer ?? undefined);
    model.off("change:strokes", hear);
  };
}

export default { render };
