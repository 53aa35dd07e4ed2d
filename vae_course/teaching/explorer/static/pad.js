// The pad: paper for one digit, and a pen for mouse, finger or keyboard. A part of an instrument's page.
// What is exported, but for `createPad`, is a pure function, so that a test runs this very file without a browser.
// @ts-check

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {[number, number]} Place x to the right and y down, in points of the paper */
/** @typedef {Place[][]} Strokes */
/** @typedef {{ place: Place, down: boolean }} Pen the keyboard's */
/**
 * `paper`: points along one side. `onStrokes` hears of each change that the reader makes; `resting` is false
 * while the pen is down.
 * @typedef {{ paper: number, onStrokes: (strokes: Strokes, how: { resting: boolean }) => void }} Options
 */

const PEN = 2.4; // points
const APART = 0.4; // points between two places of a stroke
const REST = 600; // ms without a key after which the keyboard's pen rests
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
// The hint repeats the canvas's label for those who see it, so a screen reader skips it.
const PAGE = `<div class="digit-pad">
  <canvas class="drawing" tabindex="0" ${KEEP_KEYS} role="application" aria-roledescription="drawing pad"
    aria-label="Paper for one digit. Arrow keys move the pen, the space bar lowers and lifts it."></canvas>
  <p class="hint" aria-hidden="true">Arrow keys move the pen, the space bar lowers and lifts it.</p>
  <div class="buttons">
    <button type="button" class="undo" ${KEEP_KEYS} aria-label="Undo the last stroke">Undo</button>
    <button type="button" class="clear" ${KEEP_KEYS}>Clear</button>
  </div>
  <p class="state" role="status"></p>
</div>`;

/** @type {(context: Context, strokes: Strokes) => void} */
function drawStrokes(context, strokes) {
  Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#000" });
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(stroke[0][0], stroke[0][1] + 0.01); // so that a dot is a line, which has a length
    for (const place of stroke) context.lineTo(...place);
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

// Fill `host` with an empty pad. `show(strokes)` draws what was set elsewhere, and does nothing while the reader's
// pen is down, since the stroke under way would be lost; `remove()` empties the host again.
/** @type {(host: HTMLElement, options: Options) => { show: (strokes: Strokes) => void, remove: () => void }} */
export function createPad(host, { paper, onStrokes }) {
  host.innerHTML = PAGE;
  /** @type {(selector: string) => any} */
  const find = (selector) => host.querySelector(selector);
  const [undo, clear, state] = [".undo", ".clear", ".state"].map(find);
  /** @type {HTMLCanvasElement} */
  const canvas = find(".drawing");
  const context = /** @type {Context} */ (canvas.getContext("2d"));
  /** @type {Strokes} */
  let strokes = [];
  /** @type {number?} */
  let pointer = null; // the one that draws
  /** @type {Pen} */
  const pen = { place: [paper / 2, paper / 2], down: false };
  let keyboard = false; // whether it is in use
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function draw() {
    context.clearRect(0, 0, paper, paper);
    drawStrokes(context, strokes);
    if (keyboard) drawPen(context, pen);
    // Not `disabled`, which would take the focus from the button that was pressed.
    undo.ariaDisabled = clear.ariaDisabled = String(strokes.length === 0);
  }

  // A screen reader speaks what is new here, so it is for a pen that rests.
  function say() {
    clearTimeout(timer);
    const text = describe(strokes, keyboard ? pen : null);
    if (state.textContent !== text) state.textContent = text;
  }

  /** @type {(next: Strokes, how: { resting: boolean }) => void} */
  function change(next, { resting }) {
    strokes = next;
    draw();
    if (resting) say();
    onStrokes(strokes, { resting });
  }

  /** @param {Place[]} places */
  function follow(places) {
    const next = places.reduce(extended, strokes);
    if (next !== strokes) change(next, { resting: false });
  }

  /** @param {PointerEvent} event */
  function place(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - canvas.clientLeft, event.clientY - box.top - canvas.clientTop];
    return onPaper(paper, [(paper * x) / canvas.clientWidth, (paper * y) / canvas.clientHeight]);
  }

  /** @param {number} count how many of the last strokes */
  function takeBack(count) {
    if (strokes.length === 0 || pointer !== null) return;
    change(strokes.slice(0, strokes.length - count), { resting: true });
  }

  function leaveKeyboard() {
    const drawing = pen.down;
    [keyboard, pen.down] = [false, false];
    if (drawing) change(strokes, { resting: true });
    else draw();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return; // a second finger draws nothing
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true, focusVisible: false });
    leaveKeyboard();
    pointer = event.pointerId;
    change([...strokes, [place(event)]], { resting: false });
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    // The browser joins quick movements into one event; a curve needs all of them.
    const moves = event.getCoalescedEvents?.() ?? [];
    follow((moves.length ? moves : [event]).map(place));
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      change(strokes, { resting: true });
    });
  }

  function press() {
    pen.down = !pen.down;
    change(pen.down ? [...strokes, [pen.place]] : strokes, { resting: !pen.down });
    say();
  }

  /** @param {number[]} direction */
  function move([across, along]) {
    pen.place = onPaper(paper, [pen.place[0] + across, pen.place[1] + along]);
    if (pen.down) follow([pen.place]);
    draw();
    clearTimeout(timer);
    timer = setTimeout(say, REST);
  }

  canvas.addEventListener("keydown", (event) => {
    const direction = KEYS[event.key];
    if (pointer !== null || (!direction && event.key !== " ")) return;
    event.preventDefault(); // the page must not scroll
    keyboard = true;
    if (direction) move(direction);
    else if (!event.repeat) press();
  });
  canvas.addEventListener("blur", () => {
    leaveKeyboard();
    say();
  });
  undo.addEventListener("click", () => takeBack(1));
  clear.addEventListener("click", () => takeBack(strokes.length));

  // The drawing is as sharp as the screen, at whatever size the page gives it.
  const observer = new ResizeObserver(() => {
    canvas.width = canvas.height = Math.round(canvas.clientWidth * Math.max(2, window.devicePixelRatio));
    context.setTransform(canvas.width / paper, 0, 0, canvas.height / paper, 0, 0);
    draw();
  });
  observer.observe(canvas);
  say();

  return {
    show(next) {
      if (pointer !== null || pen.down) return;
      strokes = next;
      draw();
      say();
    },
    remove() {
      observer.disconnect();
      clearTimeout(timer);
      host.replaceChildren();
    },
  };
}
