// The past: a slider over time with the table as it was at that moment, and what has ended.

import { duration, moment, nanos, shortAction, text } from "../model/format.js";
import { Forest, rows } from "../model/forest.js";
import { opaqueId, user } from "../model/task.js";
import { button, choice, h, keyed, say } from "./element.js";
import "./table.js";

const OUTCOMES = ["succeeded", "failed", "cancelled", "lost", "ended"];
/** Ended tasks that are shown. */
const SHOWN = 200;
const STEP = 1000;

/** Event `open` with a task's id. */
export class History extends HTMLElement {
  #parts = null;
  #live = null;
  #server = null;
  #outcome = "";
  #matches = () => true;
  #told = false;

  connectedCallback() {
    if (this.#parts) return;
    const open = (event) => this.dispatchEvent(new CustomEvent("open", { detail: event.detail }));
    const slider = h("input", { type: "range", id: "moment", min: "0", max: "0", step: String(STEP), on: { input: () => this.#draw() } });
    const any = { name: "", title: "any outcome" };
    this.#parts = {
      slider,
      at: h("output", { for: "moment", class: "mono" }),
      source: h("p", { class: "note" }),
      table: h("gw-table", { "aria-label": "Tasks at that moment", on: { open } }),
      ended: h("tbody"),
      caption: h("caption"),
      outcome: choice("Outcome", [any, ...OUTCOMES.map((name) => ({ name, title: name }))], "", (value) => {
        this.#outcome = value;
        this.#draw();
      }),
    };
    const { at, source, table, ended, caption, outcome } = this.#parts;
    const heads = ["Ended", "Outcome", "Task", "Ran for", "Node", "User", "Label", "Why"];
    this.append(
      h("div", { class: "slider" }, h("label", { for: "moment" }, "Moment"), slider, at, button("Now", () => {
        slider.value = slider.max;
        this.#draw();
      })),
      source,
      h("h2", {}, "There at that moment"),
      table,
      h("div", { class: "over" }, h("h2", {}, "Ended before it"), outcome),
      h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Ended tasks" },
        h("table", {}, caption, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), ended)),
    );
  }

  /** What there is to look at, and the filter. */
  show(live, server, matches) {
    this.#live = live;
    this.#server = server;
    this.#matches = matches;
    const { slider } = this.#parts;
    const now = live.now();
    const first = Math.floor(live.past.earliest(now) / STEP) * STEP;
    // At the right end the slider stays with the present.
    const follows = slider.value === slider.max;
    slider.min = String(first);
    slider.max = String(Math.ceil(now / STEP) * STEP);
    if (follows) slider.value = slider.max;
    this.#draw();
  }

  /** Asks the server for its history. */
  async load(live, server) {
    const told = await server.history();
    this.#told = told !== null;
    for (const ended of [...(told ?? [])].reverse()) {
      ended.task.nodeName = live.nodes.get(ended.task.node)?.name ?? ended.task.nodeName;
      live.past.add(ended);
    }
  }

  #draw() {
    if (!this.#live) return;
    const { slider, at, source, table, ended, caption } = this.#parts;
    const now = this.#live.now();
    const chosen = Number(slider.value);
    const isNow = slider.value === slider.max;
    say(at, isNow ? "now" : `${moment(chosen, now)}, ${duration(now - chosen)} ago`);
    slider.setAttribute("aria-valuetext", at.textContent);
    say(source, this.#told
      ? "As the server's history tells it."
      : `This server keeps no history: shown is what this page has seen since ${moment(this.#live.past.since, now)}. What began and ended between two lists is not there.`);
    const there = new Forest(isNow ? [...this.#live.forest.byId.values()] : this.#live.past.at(chosen));
    table.rows = rows(there, { matches: this.#matches, sort: { key: "age", descending: true }, tree: true, isFolded: () => false });
    const before = this.#live.past.ended().filter((one) => one.at <= (isNow ? Infinity : chosen) && this.#matches(one.task));
    const counts = OUTCOMES.map((name) => [name, before.filter((one) => one.outcome === name).length]).filter(([, many]) => many > 0);
    const chosenOnes = before.filter((one) => this.#outcome === "" || one.outcome === this.#outcome);
    say(caption, counts.length === 0 ? "Nothing has ended yet." : counts.map(([name, many]) => `${name} ${many}`).join(" · ") + (chosenOnes.length > SHOWN ? `; the last ${SHOWN} are shown` : ""));
    keyed(ended, chosenOnes.slice(0, SHOWN), { key: (one) => `${one.task.id} ${one.outcome}`, make: (one) => this.#row(one, now) });
  }

  #row({ task, outcome, at, error, reason: cancelled }, now) {
    const open = () => this.dispatchEvent(new CustomEvent("open", { detail: task.id }));
    const reason = error ? `${error.type}: ${error.reason}` : cancelled ?? task.extended?.cancel?.reason ?? "";
    return h("tr", { class: outcome },
      h("td", { class: "mono" }, moment(at, now)),
      h("td", {}, outcome),
      h("td", {}, button(text(shortAction(task.action), 120), open, { class: "link", title: text(task.description, 400) })),
      h("td", { class: "number" }, nanos(task.running)),
      h("td", {}, text(task.nodeName, 80)),
      h("td", {}, text(user(task), 80)),
      h("td", {}, text(opaqueId(task), 120)),
      h("td", {}, text(reason, 300)));
  }
}

customElements.define("gw-history", History);
