// The keyboard: which key does what, and the list of them for the help.

/** Keys and what they do, as the help shows them. */
export const SHORTCUTS = [
  [["↑", "↓", "j", "k"], "move; Page Up, Page Down, Home, End too"],
  [["←", "→"], "fold and unfold, to the parent and to the child"],
  [["Enter"], "details of the task"],
  [["Space"], "tag the task and go to the next; U takes all tags away"],
  [["x"], "cancel the tagged tasks, else the active one (asks first)"],
  [["r"], "rate of a reindex, update or delete by query"],
  [["p"], "pause or resume a durable task"],
  [["/"], "to the filter; Escape leads back to the table"],
  [["t"], "tree or flat list"],
  [["+", "-"], "unfold all, fold all"],
  [["s", "i"], "sort by the next column; turn the order round"],
  [["g"], "group by the next thing"],
  [["z"], "stop the list, let it go on"],
  [["R"], "ask the server now"],
  [["1", "2", "3"], "live, history, nodes"],
  [["d"], "light, dark, as the system"],
  [["?"], "this help"],
];

/**
 * Calls what a key stands for, unless a text is being written or a dialog is open.
 * @param {Record<string, () => void>} acts by key
 */
export function listen(acts) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input, select, textarea") && event.key !== "Escape") return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
