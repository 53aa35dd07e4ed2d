// The pad in the browser: paper, a pen, and a keyboard's pen.
// What is exported by name is a pure function, so that a test runs this very file without a browser.

const PAPER = 32; // points along one side
const SIDE = 256; // of the canvas, in CSS pixels
const PEN = 2.4; // points
const APART = 0.4; // points between two places of a stroke
const PAUSE = 100; // ms between two messages to Python while a stroke is drawn
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** The place on the paper, in tenths of a point; outside it is the edge. */
export function onPaper([x, y]) {
  return [x, y].map((value) => Math.round(10 * Math.min(Math.max(value, 0), PAPER)) / 10);
}

/** The strokes with one more place at the end of the last one, unless the pen has hardly moved. */
export function extended(strokes, place) {
  const stroke = strokes.at(-1);
  const [x, y] = stroke.at(-1);
  if (Math.hypot(place[0] - x, place[1] - y) < APART) return strokes;
  return [...strokes.slice(0, -1), [...stroke, place]];
}

/** What the pad says about itself. */
export function describe(strokes, pen) {
  const drawn = strokes.length === 0 ? "Nothing is drawn yet" : `Drawn in ${strokes.length} stroke${strokes.length > 1 ? "s" : ""}`;
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

function drawStrokes(context, strokes) {
  Object.assign(context, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "#000" });
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(...stroke[0]);
    stroke.forEach((place) => context.lineTo(...place)); // a line of no length is a dot
    context.stroke();
  }
}

function drawPen(context, { place: [x, y], down }) {
  for (const [strokeStyle, lineWidth] of [["#fff", 1.1], ["#c8005f", 0.5]]) {
    Object.assign(context, { strokeStyle, lineWidth });
    context.beginPath();
    for (const [across, along] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 1.6 * across, y + 1.6 * along);
      context.lineTo(x + 3 * across, y + 3 * along);
    }
    context.stroke();
    context.beginPath();
    context.arc(x, y, down ? 0.8 : 1.6, 0, 2 * Math.PI);
    context.stroke();
  }
}

function render({ model, el }) {
  el.innerHTML = PAGE;
  const [canvas, undo, clear, state] = [".paper", ".undo", ".clear", ".state"].map((name) => el.querySelector(name));
  const ratio = Math.max(2, window.devicePixelRatio);
  canvas.width = canvas.height = SIDE * ratio;
  const context = canvas.getContext("2d");
  context.scale((SIDE * ratio) / PAPER, (SIDE * ratio) / PAPER);
  let [strokes, drawing, timer] = [model.get("strokes"), false, null];
  let pen = { place: [PAPER / 2, PAPER / 2], down: false }; // the keyboard's
  let keyboard = false; // whether it is in use

  function show() {
    context.clearRect(0, 0, PAPER, PAPER);
    drawStrokes(context, strokes);
    if (keyboard) drawPen(context, pen);
    const text = describe(strokes, keyboard && pen);
    if (state.textContent !== text) state.textContent = text;
    undo.disabled = clear.disabled = strokes.length === 0;
  }

  function send() {
    clearTimeout(timer);
    timer = null;
    model.set("strokes", strokes);
    model.save_changes();
  }

  function change(next, { atOnce }) {
    if (next === strokes) return;
    strokes = next;
    show();
    if (atOnce) send();
    else timer ??= setTimeout(send, PAUSE);
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - canvas.clientLeft, event.clientY - box.top - canvas.clientTop];
    return onPaper([(PAPER * x) / canvas.clientWidth, (PAPER * y) / canvas.clientHeight]);
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
    if (event.key === " ") {
      if (event.repeat) return;
      pen.down = !pen.down;
      if (pen.down) change([...strokes, [pen.place]], { atOnce: true });
    } else {
      pen.place = onPaper(pen.place.map((value, i) => value + direction[i]));
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
    clearTimeout(timer);
    model.off("change:strokes", hear);
  };
}

export default { render };
