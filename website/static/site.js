// A page of the site: instruments come alive where the reader looks, code is copied, the theme chosen, the course searched.
// @ts-check
import { modelOf, unpacked } from "../../vae_course/teaching/explorer/static/host.js";

/** @typedef {{ preset: object, widget: { render: (props: { model: any, el: HTMLElement }) => void } }} Kind */
/** @typedef {{ page: string, title: string, anchor: string, heading: string, text: string }} Section */
/** @type {{ kinds: Record<string, Kind>, states: Record<string, object>, sections?: Section[], theme: () => void }} */
const vae = /** @type {any} */ (window).vae;
const AHEAD = "400px"; // how far from the screen an instrument comes alive
const SHOWN = 12; // results of a search

/** @type {(selector: string, within?: ParentNode) => HTMLElement[]} */
const all = (selector, within = document) => [...within.querySelectorAll(selector)].map((e) => /** @type {any} */ (e));
/** @type {(selector: string) => any} */
const the = (selector) => document.querySelector(selector);

/** @param {HTMLElement} place */
async function enliven(place) {
  const { kind, cell } = place.dataset;
  const { preset, widget } = vae.kinds[kind ?? ""];
  const state = await unpacked({ ...preset, ...vae.states[cell ?? ""], _still: place.innerHTML });
  const el = document.createElement("div");
  widget.render({ model: modelOf(state), el });
  place.replaceChildren(el);
  place.classList.add("alive");
}

const looked = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      looked.unobserve(target);
      enliven(/** @type {HTMLElement} */ (target));
    }
  },
  { rootMargin: AHEAD },
);
for (const place of all(".instrument")) looked.observe(place);

// A browser may keep pages opened from disk off its clipboard; what is selected can be copied even there.
/** @param {HTMLElement} code */
async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
  } catch {
    getSelection()?.selectAllChildren(code);
    document.execCommand("copy");
    getSelection()?.removeAllRanges();
  }
}
for (const code of all(".highlight")) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "copy", textContent: "Copy" });
  button.addEventListener("click", async () => {
    await copy(/** @type {HTMLElement} */ (code.querySelector("pre")));
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
  code.append(button);
}

// What is wider than its place is scrolled with the arrow keys once it can have the focus.
function reachable() {
  for (const box of all(".equation, .long, .wide, .output, pre")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
    if (scrolls) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}
addEventListener("resize", reachable);
for (const fold of all("details")) fold.addEventListener("toggle", reachable);
reachable();

the("#theme").addEventListener("click", () => {
  const now = document.body.dataset.jpThemeLight === "false" ? "light" : "dark";
  try {
    localStorage.setItem("theme", now);
  } catch {
    // It is forgotten with the page.
  }
  vae.theme();
});

// As it is compared: the field spells some of its words in two ways.
/** @type {(text: string) => string} */
const plain = (text) => text.toLowerCase().replaceAll("parameteri", "parametri").replaceAll("isation", "ization");

// The sections that have all of the words, those with the words in their headings first.
/** @type {(sections: Section[], query: string) => Section[]} */
function found(sections, query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const scored = sections.map((section) => {
    const [heading, text] = [plain(section.heading), plain(section.text)];
    const whole = section.heading === section.title ? 2 : 1; // the page itself stands before its parts
    const scores = words.map(
      (word) => 10 * whole * Number(heading.includes(word)) + Math.min(text.split(word).length - 1, 5),
    );
    return { section, score: Math.min(...scores) && scores.reduce((a, b) => a + b) };
  });
  const fit = scored.filter(({ score }) => score).sort((a, b) => b.score - a.score);
  return fit.slice(0, SHOWN).map(({ section }) => section);
}

// Some text around the first of the words.
/** @type {(text: string, query: string) => string} */
function around(text, query) {
  const at = text.toLowerCase().indexOf(query.toLowerCase().split(/\s+/)[0]);
  const from = at > 60 ? text.indexOf(" ", at - 60) + 1 : 0;
  return `${from ? "… " : ""}${text.slice(from, from + 160)} …`;
}

/** @type {[HTMLDialogElement, HTMLInputElement, HTMLElement]} */
const [dialog, asked, results] = [the("#search"), the("#search input"), the("#search ol")];
function answer() {
  const hits = found(vae.sections ?? [], asked.value);
  results.replaceChildren(
    ...hits.map(({ page, title, anchor, heading, text }) => {
      const [item, link, words] = ["li", "a", "p"].map((name) => document.createElement(name));
      Object.assign(link, {
        href: `${page}#${anchor}`,
        textContent: heading === title ? title : `${title}: ${heading}`,
      });
      link.addEventListener("click", () => dialog.close());
      words.textContent = around(text, asked.value);
      item.append(link, words);
      return item;
    }),
  );
  const none = asked.value.trim() ? "Nothing was found." : "";
  the("#search output").textContent = hits.length
    ? `${hits.length === SHOWN ? "The first " : ""}${hits.length} found`
    : none;
}
function search() {
  if (!vae.sections) {
    const script = Object.assign(document.createElement("script"), { src: "sections.js" }); // from disk, too
    script.addEventListener("load", answer);
    document.head.append(script);
  }
  dialog.showModal();
  asked.select();
}
asked.addEventListener("input", answer);
the("#search form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  results.querySelector("a")?.click();
});
the("#find").addEventListener("click", search);
addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, select, textarea, [contenteditable]");
  if (event.key !== "/" || typing || dialog.open) return;
  event.preventDefault();
  search();
});
