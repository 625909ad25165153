// What is kept in this browser: the theme and the switches. A browser that keeps nothing loses nothing else.

const NAME = "glasswork-console";
const DEFAULTS = { theme: "system", pace: 2000, tree: true, group: "", sort: { key: "age", descending: true } };
const THEMES = ["system", "light", "dark"];

/** Reads the settings; what is not understood is as if it were not there. */
export function readSettings() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "{}");
    return {
      theme: THEMES.includes(kept.theme) ? kept.theme : DEFAULTS.theme,
      pace: [1000, 2000, 5000, 10_000, 30_000].includes(kept.pace) ? kept.pace : DEFAULTS.pace,
      tree: typeof kept.tree === "boolean" ? kept.tree : DEFAULTS.tree,
      group: ["", "label", "action", "node", "user"].includes(kept.group) ? kept.group : DEFAULTS.group,
      sort: typeof kept.sort?.key === "string" ? { key: kept.sort.key, descending: kept.sort.descending === true } : DEFAULTS.sort,
    };
  } catch {
    return { ...DEFAULTS };
  }
}

/** Keeps them. */
export function keepSettings(settings) {
  try {
    localStorage.setItem(NAME, JSON.stringify(settings));
  } catch {
    // Storage may be full or forbidden: then they last as long as the page.
  }
}

/** The next theme. */
export function nextTheme(theme) {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
}

/** Shows a theme; `system` is what the system prefers. */
export function applyTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
