// The filter box, the grouping, the tree switch and the pace; and the bars of the groups.

import { count, nanos, text } from "../model/format.js";
import { FilterError, parseFilter } from "../model/filter.js";
import { GROUP_BY, groups } from "../model/group.js";
import { button, choice, h, keyed, say, set } from "./element.js";

const PACES = [1, 2, 5, 10, 30].map((seconds) => ({ name: String(seconds * 1000), title: `every ${seconds} s` }));
/** Bars that are shown. */
const BARS = 12;

/** Events: `filter` with `{text, matches}`, `group`, `tree`, `pace` (milliseconds), `freeze`, `leave` (to the table). */
export class Toolbar extends HTMLElement {
  #parts = null;
  #late = null;

  connectedCallback() {
    if (this.#parts) return;
    const input = h("input", {
      type: "search", id: "filter", autocomplete: "off", spellcheck: "false", "aria-describedby": "filter-error", "aria-keyshortcuts": "/",
      placeholder: "action:*search* age>5s label:dash-*",
      on: { input: () => this.#changed(), keydown: (event) => this.#key(event) },
    });
    const none = { name: "", title: "no group" };
    this.#parts = {
      input,
      error: h("p", { id: "filter-error", class: "error", role: "status" }),
      group: choice("Group by", [none, ...GROUP_BY], "", (value) => this.#tell("group", value)),
      tree: h("input", { type: "checkbox", id: "tree", checked: true, on: { change: (event) => this.#tell("tree", event.target.checked) } }),
      pace: choice("How often to ask", PACES, "2000", (value) => this.#tell("pace", Number(value))),
      freeze: button("Stop", () => this.#tell("freeze", null), { keys: "z", "aria-pressed": "false" }),
    };
    const { error, group, tree, pace, freeze } = this.#parts;
    this.append(
      h("div", { class: "tools", role: "search" },
        h("label", { for: "filter" }, "Filter"), input,
        h("label", { class: "inline" }, h("span", {}, "Group by"), group),
        h("label", { class: "inline" }, tree, h("span", {}, "Tree")),
        h("span", { class: "paces" }, pace, freeze)),
      error,
      h("div", { class: "groups", hidden: true }),
    );
  }

  get input() {
    return this.#parts.input;
  }

  /** Puts a filter into the box and uses it at once. */
  write(filter) {
    this.#parts.input.value = filter;
    this.#use();
  }

  /** What the switches show. */
  show({ group, tree, pace, frozen }) {
    const parts = this.#parts;
    parts.group.value = group;
    parts.tree.checked = tree;
    parts.pace.value = String(pace);
    say(parts.freeze, frozen ? "Go on" : "Stop");
    set(parts.freeze, "aria-pressed", String(frozen));
  }

  /** The bars of the tasks by `by`; none for "". */
  bars(tasks, by) {
    const box = this.querySelector(".groups");
    box.hidden = by === "" || tasks.length === 0;
    if (box.hidden) {
      box.replaceChildren();
      return;
    }
    const all = groups(tasks, by);
    const shown = all.slice(0, BARS);
    if (!box.firstChild) box.append(h("ul", {}), h("p", { class: "note" }));
    const [list, more] = box.children;
    set(list, "aria-label", `Tasks by ${by}`);
    keyed(list, shown, {
      key: (group) => `${by} ${group.filter ?? "none"}`,
      make: (group) => {
        const name = group.name === null ? "(none)" : text(group.name, 80);
        const named = group.filter === null
          ? h("span", { class: "name" }, name)
          : button(name, () => this.#narrow(group.filter), { class: "link name", title: `Filter: ${group.filter}` });
        return h("li", {}, named, h("span", { class: "share", "aria-hidden": "true" }, h("span", {})), h("span", { class: "figures" }));
      },
      update: (item, group) => {
        item.children[1].firstChild.style.width = `${group.share * 100}%`;
        say(item.children[2], `${count(group.tasks)} tasks${group.cpu === null ? "" : ` · ${nanos(group.cpu)} CPU`}`);
      },
    });
    say(more, all.length > BARS ? `and ${count(all.length - BARS)} more` : "");
  }

  #narrow(term) {
    const now = this.#parts.input.value.trim();
    this.write(now === "" ? term : `${now} ${term}`);
  }

  #changed() {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#use(), 120);
  }

  #use() {
    clearTimeout(this.#late);
    const { input, error } = this.#parts;
    try {
      const filter = parseFilter(input.value);
      say(error, "");
      set(input, "aria-invalid", null);
      this.#tell("filter", { text: input.value, matches: filter.matches });
    } catch (problem) {
      if (!(problem instanceof FilterError)) throw problem;
      // The last filter that could be read stays.
      say(error, `${problem.message} (at character ${problem.at + 1})`);
      set(input, "aria-invalid", "true");
    }
  }

  #key(event) {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape" && this.#parts.input.value !== "") this.write("");
    else this.#use();
    this.#tell("leave", null);
  }

  #tell(event, detail) {
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }
}

customElements.define("gw-toolbar", Toolbar);
