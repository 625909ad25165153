// The figures above the table; each with the line of its last minute.

import { count, nanos, shortAction, text, UNKNOWN } from "../model/format.js";
import { tiles } from "../model/tiles.js";
import { h, keyed, say, set, sparkline } from "./element.js";

const REMEMBERED = 60;

/** Events: `filter` with a filter that shows what a tile counts; `open` with a task's id. */
export class Tiles extends HTMLElement {
  #lines = new Map();

  show(live) {
    const shown = tiles(live.forest);
    const kinds = shown.kinds.map(({ name, tasks }) => ({ name, label: `${name} ${count(tasks)}`, filter: `kind:"${name}"` }));
    const oldest = shown.oldest;
    const lingering = shown.lingering > 0
      ? { name: "cancelled", label: shown.overdue > 0 ? `${count(shown.overdue)} overdue` : "none overdue", filter: "is:cancelled" }
      : { name: "none", label: "none" };
    const all = [
      { title: "Tasks", figure: count(shown.tasks), value: shown.tasks, below: kinds },
      { title: "Waiting", figure: count(shown.waiting), value: shown.waiting, below: [{ name: "show", label: "show", filter: "is:waiting" }] },
      { title: "CPU", figure: live.cores === null ? UNKNOWN : live.cores.toFixed(live.cores < 10 ? 1 : 0), value: live.cores, below: [{ name: "cores", label: "cores used by tasks" }] },
      { title: "Nodes", figure: count(shown.nodes || live.nodes.size), value: null, below: [{ name: "with", label: "with tasks" }] },
      { title: "Oldest", figure: oldest ? nanos(oldest.running) : "–", value: null, below: [
        oldest ? { name: "oldest", label: text(shortAction(oldest.action), 40), open: oldest.id } : { name: "none", label: "nothing runs" },
      ] },
      { title: "Cancelled, still there", figure: count(shown.lingering), value: shown.lingering, below: [lingering],
        kind: shown.overdue > 0 ? "alarm" : shown.lingering > 0 ? "lingers" : "" },
    ];
    keyed(this, all, {
      key: ({ title }) => title,
      make: ({ title }) => h("section", {}, h("h2", {}, title), h("p", { class: "figure" }, h("span", {}), h("span", { class: "line" })), h("p", { class: "below" })),
      update: (tile, { title, figure, value, below, kind = "" }) => {
        const [, figures, more] = tile.children;
        set(tile, "class", `tile ${kind}`);
        say(figures.firstChild, figure);
        const line = this.#remember(title, value);
        figures.lastChild.replaceChildren(...(line.length > 1 ? [sparkline(line)] : []));
        keyed(more, below, { key: ({ name, filter, open }) => `${name} ${filter ? "f" : open ? "o" : ""}`, make: (one) => this.#below(one), update: (element, one) => {
          say(element, one.label);
          if (one.filter) set(element, "title", `Filter: ${one.filter}`);
          Object.assign(element.dataset, { filter: one.filter ?? "", open: one.open ?? "" });
        } });
      },
    });
  }

  /** The last values, with this one. */
  #remember(title, value) {
    const line = this.#lines.get(title) ?? [];
    if (value !== null) line.push(value);
    if (line.length > REMEMBERED) line.shift();
    this.#lines.set(title, line);
    return line;
  }

  #below({ filter, open }) {
    if (!filter && !open) return h("span", {});
    const act = (event) => {
      const { filter: chosen, open: opened } = event.currentTarget.dataset;
      if (chosen) this.#tell("filter", chosen);
      else this.#tell("open", opened);
    };
    return h("button", { type: "button", class: "link", on: { click: act } });
  }

  #tell(event, detail) {
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }
}

customElements.define("gw-tiles", Tiles);
