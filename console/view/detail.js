// The pane of one task: why it is still there, its tree as a flame, all that is known, and what can be done about it.

import { bytes, duration, moment, nanos, shortAction, text, UNKNOWN } from "../model/format.js";
import { cpu, memory, opaqueId, progress, rate, rateEndpoint, state, user } from "../model/task.js";
import { why } from "../model/why.js";
import { progressText, sign, stateText } from "./columns.js";
import { button, choice, h, keyed, say, set } from "./element.js";
import "./flame.js";

/** Characters of a description or status that are shown. */
const LONGEST = 20_000;

/** Events with the task's id: `open`, `cancel`, `rate`, `pause`, `resume`; `closed` without. */
export class TaskDetail extends HTMLElement {
  #id = null;
  #measure = "time";
  #parts = null;

  get shown() {
    return this.#id;
  }

  close() {
    if (this.#id === null) return;
    this.#id = null;
    this.#parts = null;
    this.hidden = true;
    this.replaceChildren();
    this.dispatchEvent(new Event("closed"));
  }

  /**
   * Shows a task, or that it has ended.
   * @param {string} id
   * @param {{forest: object, live: object, server: object, ended: object|null}} context `ended` from the past
   */
  show(id, { forest, live, server, ended }) {
    const task = forest.byId.get(id) ?? ended?.task;
    if (!task) return;
    if (this.#id !== id) this.#build(id, task);
    const parts = this.#parts;
    const isLive = forest.byId.has(id);
    say(parts.title, `${sign(task)} ${text(shortAction(task.action), 200)}`);
    say(parts.state, isLive ? stateText(task) : `${ended?.outcome ?? "ended"} at ${moment(ended?.at, live.now())}`);
    parts.state.className = `badge ${isLive ? state(task) : "ended"}`;
    keyed(parts.actions, isLive ? this.#actions(task, server) : [], {
      key: ({ label }) => label,
      make: ({ label, act, kind, keys }) => button(label, act, { class: kind ?? "", keys: keys ?? null }),
      update: (element, { reason = null }) => {
        element.disabled = reason !== null;
        set(element, "title", reason);
      },
    });
    const reasons = isLive ? why(task, forest, live.now()) : [end(ended)];
    fill(parts.why, reasons, (reason) => h("li", {}, reason));
    parts.flameBox.hidden = !isLive || forest.childrenOf(forest.rootOf(id)?.id ?? id).length === 0;
    if (!parts.flameBox.hidden) parts.flame.show(forest, id, this.#measure);
    facts(parts.facts, factsOf(task, forest, live, isLive));
    say(parts.description, task.description === "" ? "(empty)" : text(task.description, LONGEST));
    parts.statusBox.hidden = task.status === null;
    if (task.status !== null) say(parts.status, text(JSON.stringify(task.status, null, 1).replace(/\n */g, " "), LONGEST));
  }

  #build(id, task) {
    this.#id = id;
    this.hidden = false;
    const heading = `detail-${Math.random().toString(36).slice(2)}`;
    const parts = {
      title: h("h2", { id: heading, tabindex: "-1" }),
      state: h("span", { class: "badge" }),
      actions: h("div", { class: "actions" }),
      why: h("ul", { class: "why" }),
      flame: h("gw-flame", { on: { open: (event) => this.dispatchEvent(new CustomEvent("open", { detail: event.detail })) } }),
      facts: h("dl", { class: "facts" }),
      description: h("pre", { class: "block", tabindex: "0", "aria-label": "Description" }),
      status: h("pre", { class: "block", tabindex: "0", "aria-label": "Status" }),
    };
    const measures = [{ name: "time", title: "running time" }, { name: "cpu", title: "CPU time" }];
    const measured = choice("Width of the flame", measures, this.#measure, (value) => {
      this.#measure = value;
      this.dispatchEvent(new Event("redraw"));
    });
    parts.flameBox = h("section", {}, h("h3", {}, "Tree"), h("label", { class: "inline" }, "Width by ", measured), parts.flame);
    parts.statusBox = h("section", {}, h("h3", {}, "Status"), parts.status);
    this.#parts = parts;
    this.replaceChildren(
      h("div", { class: "detail-head" }, parts.title, parts.state, button("✕", () => this.close(), { class: "icon", "aria-label": "Close the details", keys: "Escape" })),
      h("p", { class: "mono id" }, text(task.id, 200)),
      parts.actions,
      h("section", { class: "why-box" }, h("h3", {}, "Why is it still there?"), parts.why),
      parts.flameBox,
      h("section", {}, h("h3", {}, "Known of it"), parts.facts),
      h("section", {}, h("h3", {}, "Description"), parts.description),
      parts.statusBox,
    );
    this.setAttribute("aria-labelledby", heading);
    this.setAttribute("role", "complementary");
  }

  /** Puts the focus on the heading: the keyboard goes on from there. */
  enter() {
    this.#parts?.title.focus();
  }

  #actions(task, server) {
    const tell = (event) => () => this.dispatchEvent(new CustomEvent(event, { detail: this.#id }));
    const reason = task.cancelled ? "it is cancelled already" : task.cancellable ? null : "this task can't be cancelled";
    const acts = [{ label: "Cancel…", act: tell("cancel"), kind: "danger", keys: "x", reason }];
    if (rateEndpoint(task)) acts.push({ label: "Rate…", act: tell("rate"), keys: "r" });
    if (server.can("pause") && (task.extended?.durable === true || state(task) === "paused")) {
      const paused = state(task) === "paused";
      acts.push({ label: paused ? "Resume" : "Pause", act: tell(paused ? "resume" : "pause"), keys: "p" });
    }
    acts.push({ label: "Copy id", act: () => copy(this.#id) });
    return acts;
  }
}

function copy(id) {
  // Where the clipboard is not allowed, the id can still be selected by hand.
  navigator.clipboard?.writeText(id).catch(() => {});
}

function end(ended) {
  if (!ended) return "It has ended.";
  if (ended.error) return `It failed: ${text(ended.error.type, 100)}: ${text(ended.error.reason, 2000)}`;
  if (ended.outcome === "ended") return "It was no longer in the list. This server does not tell how it ended.";
  return `It has ended: ${ended.outcome}.`;
}

function factsOf(task, forest, live, isLive) {
  const resources = task.extended?.resources;
  const tree = task.extended?.tree;
  const shown = [
    ["Action", text(task.action, 400)],
    ["Node", text(task.nodeName === task.node ? task.node : `${task.nodeName} (${task.node})`, 200)],
    ["Parent", text(task.parent, 200)],
    ["Started", moment(task.started, live.now())],
    [isLive ? "Running for" : "Ran for", nanos(task.running)],
    ["User", text(user(task), 200)],
    ["Label", text(opaqueId(task), 400)],
    ["CPU time", nanos(cpu(task))],
    ["Memory", bytes(memory(task))],
    ["Peak memory", bytes(resources?.peak_memory_in_bytes)],
    ["Read, written", resources ? `${bytes(resources.read_in_bytes)}, ${bytes(resources.written_in_bytes)}` : UNKNOWN],
    ["Whole tree", tree ? `${plural(tree.tasks)}, ${nanos(tree.cpu_time_in_nanos)} CPU, ${bytes(tree.live_memory_in_bytes)}` : plural(forest.subtree(task.id).length)],
    ["Progress", progressText(task)],
    ["Connection", text(task.extended?.connection, 200)],
    ["Stops within", duration(task.extended?.cancel?.bound_in_millis)],
  ];
  if (rateEndpoint(task)) {
    const limit = rate(task);
    shown.push(["Rate", limit === null ? UNKNOWN : limit === Infinity ? "no limit" : `${limit} documents a second`]);
  }
  if (progress(task)?.total != null) shown.push(["Done", `${progress(task).done} of ${progress(task).total}`]);
  for (const [name, value] of Object.entries(task.headers)) {
    if (name !== "X-Opaque-Id") shown.push([text(name, 80), text(value, 400)]);
  }
  return shown;
}

const plural = (tasks) => (tasks === 1 ? "1 task" : `${tasks} tasks`);

function facts(into, shown) {
  fill(into, shown, ([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
}

/** Replaces children only when what they say has changed, so that a selection of text survives. */
function fill(into, values, make) {
  const key = JSON.stringify(values);
  if (into.dataset.said === key) return;
  into.dataset.said = key;
  into.replaceChildren(...values.map(make));
}

customElements.define("gw-detail", TaskDetail);
