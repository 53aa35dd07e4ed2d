// Before anything is painted: the theme that the reader chose here, or their system's. JupyterLab's name for it.
// @ts-check
/** @type {any} */ (window).vae = {
  kinds: {},
  states: {},
  theme() {
    let chosen = null;
    try {
      chosen = localStorage.getItem("theme");
    } catch {
      // A browser may keep pages opened from disk off it.
    }
    const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.body.dataset.jpThemeLight = String(!dark);
  },
};
/** @type {any} */ (window).vae.theme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", /** @type {any} */ (window).vae.theme);
