// The console: puts the parts together and carries what happens in one to the others.

import { duration, text, UNKNOWN } from "../model/format.js";
import { SORT_KEYS, rows } from "../model/forest.js";
import { GROUP_BY } from "../model/group.js";
import { state } from "../model/task.js";
import { Live } from "../server/live.js";
import { takeToken } from "../server/request.js";
import { Server } from "../server/server.js";
import { acts } from "./acts.js";
import "./detail.js";
import { showHelp } from "./dialogs.js";
import { button, h, say, set } from "./element.js";
import "./history.js";
import { listen } from "./keys.js";
import "./nodes.js";
import { applyTheme, keepSettings, nextTheme, readSettings } from "./settings.js";
import { TaskTable } from "./table.js";
import "./tiles.js";
import "./toolbar.js";

const VIEWS = [
  { name: "live", title: "Live" },
  { name: "history", title: "History" },
  { name: "nodes", title: "Nodes" },
];
const NOTICE = 8000;
/** The nodes are asked for at most this often. */
const CLUSTER_EVERY = 10_000;

class Console extends HTMLElement {
  #settings = readSettings();
  #server = new Server();
  #live = new Live(this.#server, this.#settings.pace);
  #acts = acts({ server: this.#server, live: this.#live, notify: (text, kind) => this.#notify(text, kind) });
  #matches = () => true;
  #view = "live";
  #tagged = new Set();
  /** Tasks folded by hand, and those unfolded while all are folded. */
  #folded = new Set();
  #allFolded = false;
  #cluster = null;
  #clusterAt = 0;
  #parts = {};

  connectedCallback() {
    takeToken();
    applyTheme(this.#settings.theme);
    this.#build();
    this.#live.addEventListener("changed", () => this.#show());
    this.#live.addEventListener("refused", ({ detail }) => this.#refused(detail));
    listen(this.#keys());
    this.#begin();
  }

  async #begin() {
    try {
      await this.#server.greet();
    } catch (error) {
      this.#refused(error);
    }
    const { banner, glasswork } = this.#server;
    if (banner) {
      say(this.#parts.cluster, text(banner.cluster_name, 80));
      const made = glasswork ? `Glasswork ${glasswork}` : `${text(banner.version?.distribution ?? "Elasticsearch", 30)} ${text(banner.version?.number, 30)}`;
      say(this.#parts.version, made);
      document.title = `${text(banner.cluster_name, 60)} – Glasswork console`;
    }
    this.#live.refresh();
  }

  #build() {
    const tabs = VIEWS.map(({ name, title }, at) => button(title, () => this.#go(name), { class: "tab", keys: String(at + 1), data: { view: name } }));
    const table = h("gw-table", { "aria-label": "Running tasks", class: "main", on: {
      open: (event) => this.#open(event.detail),
      cancel: (event) => this.#acts.cancel([event.detail]),
      fold: (event) => this.#fold(event.detail),
      tag: (event) => this.#tag(event.detail),
      sort: (event) => this.#sort(TaskTable.orderOf(event.detail, this.#settings.sort)),
      look: (event) => this.#live.look(event.detail),
    } });
    const open = (event) => this.#open(event.detail);
    const filter = (event) => {
      this.#go("live");
      this.#parts.toolbar.write(event.detail);
    };
    const toolbar = h("gw-toolbar", { on: {
      filter: (event) => {
        this.#matches = event.detail.matches;
        this.#show();
      },
      group: (event) => this.#change({ group: event.detail }),
      tree: (event) => this.#change({ tree: event.detail }),
      pace: (event) => {
        this.#live.wished = event.detail;
        this.#change({ pace: event.detail });
      },
      freeze: () => this.#live.freeze(!this.#live.frozen),
      leave: () => this.#table().focus(),
    } });
    this.#parts = {
      tabs, table, toolbar,
      cluster: h("span", { class: "cluster" }, UNKNOWN),
      version: h("span", { class: "version" }, ""),
      theme: button("", () => this.#change({ theme: nextTheme(this.#settings.theme) }), { class: "quiet", keys: "d" }),
      tiles: h("gw-tiles", { on: { open, filter } }),
      selection: h("div", { class: "selection", hidden: true, role: "group", "aria-label": "Tagged tasks" }),
      empty: h("p", { class: "empty", hidden: true }),
      history: h("gw-history", { on: { open } }),
      nodes: h("gw-nodes", { on: { filter } }),
      detail: h("gw-detail", { hidden: true, on: {
        open,
        closed: () => this.#table().focus(),
        redraw: () => this.#showDetail(),
        cancel: (event) => this.#acts.cancel([event.detail]),
        rate: (event) => this.#acts.rate(event.detail),
        pause: (event) => this.#acts.pause(event.detail, true),
        resume: (event) => this.#acts.pause(event.detail, false),
      } }),
      problem: h("p", { class: "problem", role: "alert", hidden: true }),
      status: h("p", { class: "status" }),
      notices: h("div", { class: "notices", role: "status", "aria-live": "polite" }),
    };
    const parts = this.#parts;
    parts.views = {
      live: h("div", { class: "view live" }, parts.tiles, parts.selection, parts.table, parts.empty),
      history: h("div", { class: "view", hidden: true }, parts.history),
      nodes: h("div", { class: "view", hidden: true }, parts.nodes),
    };
    this.append(
      h("header", {},
        h("h1", {}, h("span", { class: "logo", "aria-hidden": "true" }), h("span", {}, "Glasswork "), parts.cluster),
        parts.version,
        h("nav", { "aria-label": "Views" }, tabs),
        h("span", { class: "right" }, parts.theme, button("Help", () => showHelp(), { class: "quiet", keys: "?" }))),
      h("main", {}, h("div", { class: "column" }, parts.problem, parts.toolbar, Object.values(parts.views)), parts.detail),
      h("footer", {}, parts.status),
      parts.notices,
    );
    parts.table.sort = this.#settings.sort;
    this.#change({});
    this.#go("live");
  }

  #keys() {
    const active = () => this.#table().active?.task.id ?? null;
    const withActive = (act) => () => active() && act(active());
    return {
      "/": () => this.#parts.toolbar.input.focus(),
      "?": () => showHelp(),
      Escape: () => this.#parts.detail.close(),
      x: () => this.#acts.cancel(this.#tagged.size > 0 ? [...this.#tagged] : [this.#parts.detail.shown ?? active()].filter(Boolean)),
      r: withActive((id) => this.#acts.rate(id)),
      p: withActive((id) => {
        const task = this.#live.forest.byId.get(id);
        if (!task || !this.#server.can("pause")) this.#notify("This server can't pause tasks.");
        else if (task.extended?.durable !== true) this.#notify("Only a durable task can be paused.");
        else this.#acts.pause(id, state(task) !== "paused");
      }),
      U: () => this.#tag([...this.#tagged]),
      t: () => this.#change({ tree: !this.#settings.tree }),
      "+": () => this.#foldAll(false),
      "-": () => this.#foldAll(true),
      s: () => {
        const next = SORT_KEYS[(SORT_KEYS.indexOf(this.#settings.sort.key) + 1) % SORT_KEYS.length];
        this.#sort(TaskTable.orderOf(next, this.#settings.sort));
        this.#notify(`Sorted by ${next}.`);
      },
      i: () => this.#sort({ ...this.#settings.sort, descending: !this.#settings.sort.descending }),
      g: () => {
        const names = ["", ...GROUP_BY.map(({ name }) => name)];
        this.#change({ group: names[(names.indexOf(this.#settings.group) + 1) % names.length] });
      },
      z: () => this.#live.freeze(!this.#live.frozen),
      R: () => this.#live.refresh(),
      1: () => this.#go("live"),
      2: () => this.#go("history"),
      3: () => this.#go("nodes"),
      d: () => this.#change({ theme: nextTheme(this.#settings.theme) }),
    };
  }

  /** The table of the view that is shown. */
  #table() {
    return this.#view === "history" ? this.#parts.history.querySelector("gw-table") : this.#parts.table;
  }

  #go(name) {
    this.#view = name;
    for (const tab of this.#parts.tabs) set(tab, "aria-current", tab.dataset.view === name ? "page" : null);
    for (const [view, element] of Object.entries(this.#parts.views)) element.hidden = view !== name;
    if (name === "history") this.#parts.history.load(this.#live, this.#server).then(() => this.#show(), (error) => this.#refused(error));
    this.#show();
  }

  #change(changed) {
    this.#settings = { ...this.#settings, ...changed };
    keepSettings(this.#settings);
    applyTheme(this.#settings.theme);
    const { theme } = this.#settings;
    say(this.#parts.theme, theme === "system" ? "◐ System" : theme === "light" ? "☀ Light" : "☾ Dark");
    set(this.#parts.theme, "aria-label", `Theme: ${theme}. Change it`);
    this.#show();
  }

  #sort(sort) {
    this.#parts.table.sort = sort;
    this.#change({ sort });
  }

  #fold(id) {
    if (this.#folded.has(id)) this.#folded.delete(id);
    else this.#folded.add(id);
    this.#show();
  }

  #foldAll(folded) {
    this.#allFolded = folded;
    this.#folded.clear();
    this.#show();
  }

  #tag(ids) {
    for (const id of ids) {
      if (this.#tagged.has(id)) this.#tagged.delete(id);
      else this.#tagged.add(id);
    }
    this.#show();
  }

  #open(id) {
    const { detail } = this.#parts;
    if (id === null) return;
    const others = detail.shown !== id;
    this.#showDetail(id);
    this.#table().activate(id);
    // A plain list lacks what the pane shows.
    if (this.#live.forest.byId.get(id)?.description === null) this.#live.look([id]);
    if (others && matchMedia("(max-width: 900px)").matches) detail.enter();
  }

  #showDetail(id = this.#parts.detail.shown) {
    if (id === null) return;
    const ended = this.#live.past.ended().find((one) => one.task.id === id) ?? null;
    this.#parts.detail.show(id, { forest: this.#live.forest, live: this.#live, server: this.#server, ended });
  }

  #show() {
    const { toolbar, tiles, table, empty, history, nodes } = this.#parts;
    if (!toolbar?.isConnected) return;
    const { forest } = this.#live;
    for (const id of this.#tagged) if (!forest.byId.has(id)) this.#tagged.delete(id);
    const { group, tree, pace, sort } = this.#settings;
    toolbar.show({ group, tree, pace, frozen: this.#live.frozen });
    if (this.#view === "live") {
      tiles.show(this.#live);
      const isFolded = (id) => this.#folded.has(id) !== this.#allFolded;
      const shown = rows(forest, { matches: this.#matches, sort, tree, isFolded });
      toolbar.bars([...forest.byId.values()].filter(this.#matches), group);
      table.tagged = this.#tagged;
      table.rows = shown;
      empty.hidden = shown.length > 0;
      say(empty, this.#live.last === null ? "Asking the server…" : forest.size === 0 ? "Nothing runs." : "No task fits the filter.");
      this.#selection();
    } else {
      toolbar.bars([], "");
    }
    if (this.#view === "history") history.show(this.#live, this.#server, this.#matches);
    if (this.#view === "nodes") this.#showNodes(nodes);
    this.#showDetail();
    this.#status();
  }

  async #showNodes(nodes) {
    if (this.#cluster) nodes.show(this.#live, this.#cluster);
    if (Date.now() - this.#clusterAt < CLUSTER_EVERY) return;
    this.#clusterAt = Date.now();
    try {
      this.#cluster = await this.#server.cluster();
      nodes.show(this.#live, this.#cluster);
    } catch (error) {
      this.#refused(error);
    }
  }

  #selection() {
    const { selection } = this.#parts;
    const many = this.#tagged.size;
    selection.hidden = many === 0;
    if (many === 0 || selection.dataset.many === String(many)) return;
    selection.dataset.many = String(many);
    selection.replaceChildren(
      h("span", {}, `${many} tagged`),
      button("Cancel…", () => this.#acts.cancel([...this.#tagged]), { class: "danger small", keys: "x" }),
      button("Untag", () => this.#tag([...this.#tagged]), { class: "small", keys: "U" }),
    );
  }

  #status() {
    const live = this.#live;
    if (!live.error) this.#parts.problem.hidden = true;
    const told = [];
    if (live.last) {
      told.push(`listed in ${duration(live.last.millis)}`);
      told.push(live.frozen ? "stopped" : live.isSlowed ? `asks every ${duration(live.interval)}: the list is dear or fails` : `asks every ${duration(live.interval)}`);
    }
    if (live.isPlain) told.push("many tasks: details of those in sight only");
    if (live.own > 0) told.push(`${live.own} of this page not shown`);
    if (live.failures.length > 0) told.push(`not all nodes answered: ${text(live.failures[0], 160)}`);
    say(this.#parts.status, told.join(" · "));
  }

  #refused(error) {
    const { problem } = this.#parts;
    say(problem, `${error.message}. ${this.#live.last ? "Shown is what was last listed." : ""}`);
    problem.hidden = false;
    this.#status();
  }

  #notify(message, kind = "") {
    const notice = h("p", { class: `notice ${kind}` }, message);
    this.#parts.notices.append(notice);
    while (this.#parts.notices.childElementCount > 4) this.#parts.notices.firstChild.remove();
    setTimeout(() => notice.remove(), NOTICE);
  }
}

customElements.define("gw-console", Console);
