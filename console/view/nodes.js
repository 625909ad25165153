// The nodes: what each is, how much of it is used, and how many tasks it has.

import { bytes, count, nanos, percent, text, UNKNOWN } from "../model/format.js";
import { quote } from "../model/filter.js";
import { cpu, kind } from "../model/task.js";
import { h, keyed, say, set } from "./element.js";

/** Event `filter` with a filter for the tasks of a node. */
export class Nodes extends HTMLElement {
  #parts = null;

  connectedCallback() {
    if (this.#parts) return;
    this.#parts = { health: h("p", { class: "note", role: "status" }), rows: h("tbody") };
    const heads = ["Node", "Version", "Address", "Roles", "Tasks", "Searches", "Writes", "Task CPU", "CPU", "Heap or memory"];
    this.append(
      h("h2", {}, "Nodes"),
      this.#parts.health,
      h("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": "Nodes" },
        h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), this.#parts.rows)),
    );
  }

  /** @param {{nodes: object, health: object|null, stats: object}} cluster from the server */
  show(live, { nodes, health, stats }) {
    const told = health
      ? `Health ${text(health.status, 20)}, ${count(health.number_of_nodes)} nodes, ${count(health.active_shards)} active shards, ${count(health.unassigned_shards)} unassigned.`
      : "This user may not see the cluster's health.";
    say(this.#parts.health, told);
    const ids = [...new Set([...Object.keys(nodes), ...live.nodes.keys()])];
    const byNode = new Map();
    for (const task of live.forest.byId.values()) {
      const of = byNode.get(task.node) ?? { tasks: 0, search: 0, write: 0, cpu: null };
      of.tasks += 1;
      if (kind(task) === "search") of.search += 1;
      if (kind(task) === "write" || kind(task) === "by query") of.write += 1;
      const used = cpu(task);
      if (used !== null) of.cpu = (of.cpu ?? 0) + used;
      byNode.set(task.node, of);
    }
    keyed(this.#parts.rows, ids, {
      key: (id) => id,
      make: (id) => this.#row(id),
      update: (row, id) => fill(row, id, { node: nodes[id] ?? {}, listed: live.nodes.get(id), tasks: byNode.get(id), stats: stats[id] }),
    });
  }

  #row(id) {
    const filter = (event) => this.dispatchEvent(new CustomEvent("filter", { detail: `node:${quote(event.currentTarget.dataset.name)}` }));
    const numbers = [4, 5, 6, 7, 8, 9];
    return h("tr", {}, h("td", {}, h("button", { type: "button", class: "link", data: { name: id }, on: { click: filter } })),
      Array.from({ length: 9 }, (_, at) => h("td", { class: numbers.includes(at + 1) ? "number" : at === 1 ? "mono" : "" })));
  }
}

function fill(row, id, { node, listed, tasks = { tasks: 0, search: 0, write: 0, cpu: null }, stats = {} }) {
  const name = typeof node.name === "string" ? node.name : listed?.name ?? id;
  const roles = Array.isArray(node.roles) ? node.roles : listed?.roles ?? [];
  const heap = stats.jvm?.mem?.heap_used_in_bytes ?? stats.process?.mem?.resident_in_bytes;
  const share = stats.jvm?.mem?.heap_used_percent;
  const link = row.firstChild.firstChild;
  link.dataset.name = name;
  say(link, text(name, 80));
  set(link, "title", `Show the tasks of ${text(name, 80)}`);
  const shown = [
    text(node.version, 30),
    text(node.transport_address, 80),
    roles.length === 0 ? UNKNOWN : text(roles.join(", "), 200),
    count(tasks.tasks),
    count(tasks.search),
    count(tasks.write),
    nanos(tasks.cpu),
    percent(stats.os?.cpu?.percent ?? stats.process?.cpu?.percent),
    `${bytes(heap)}${typeof share === "number" ? ` (${percent(share)})` : ""}`,
  ];
  shown.forEach((value, at) => say(row.children[at + 1], value));
}

customElements.define("gw-nodes", Nodes);
