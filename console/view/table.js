// The table of tasks: a tree grid of which only the rows in sight are elements, so that 10,000 tasks scroll smoothly.
//
// The keyboard moves one active row (`aria-activedescendant`); the table itself keeps the focus.

import { progress, state } from "../model/task.js";
import { COLUMNS, LARGEST_FIRST, sign } from "./columns.js";
import { h, say, set } from "./element.js";

/** Rows above and below those in sight that are elements too. */
const SPARE = 8;
let numbers = 0;

/**
 * Events, with the task's id as `detail`: `open`, `cancel`, `fold`; with a list of ids: `look` (rows in sight changed),
 * `tag`; with a key: `sort`.
 */
export class TaskTable extends HTMLElement {
  #rows = [];
  #active = null;
  #activeAt = 0;
  #tagged = new Set();
  #sort = { key: "age", descending: true };
  #slots = [];
  #columns = COLUMNS;
  #header;
  #body;
  #height = 30;
  #number = (numbers += 1);
  #drawing = false;
  /** Grows with each set of rows: while only scrolling, a row that is an element already is as it should be. */
  #version = 0;

  connectedCallback() {
    if (this.#body) return;
    this.#header = h("div", { role: "row", class: "tr th" });
    this.#body = h("div", { role: "rowgroup", class: "tbody" });
    this.append(h("div", { role: "rowgroup", class: "thead" }, this.#header), this.#body);
    set(this, "role", "treegrid");
    set(this, "tabindex", "0");
    set(this, "aria-multiselectable", "true");
    this.addEventListener("scroll", () => this.#drawSoon(), { passive: true });
    this.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => this.#click(event));
    this.#body.addEventListener("dblclick", () => this.#tell("open", this.#active));
    new ResizeObserver(() => this.#measure()).observe(this);
    this.#measure();
  }

  /** What is shown, from {@link import("../model/forest.js").rows}. */
  set rows(rows) {
    this.#rows = rows;
    this.#version += 1;
    const at = rows.findIndex(({ task }) => task.id === this.#active);
    if (at >= 0) this.#activeAt = at;
    else {
      // The row that moved up to where the active one was.
      this.#activeAt = Math.max(0, Math.min(this.#activeAt, rows.length - 1));
      this.#active = rows[this.#activeAt]?.task.id ?? null;
    }
    this.#draw();
  }

  get rows() {
    return this.#rows;
  }

  set sort(sort) {
    this.#sort = sort;
    this.#head();
  }

  /** Ids of tagged tasks. */
  set tagged(tagged) {
    this.#tagged = tagged;
    this.#draw();
  }

  get active() {
    return this.#rows[this.#activeAt] ?? null;
  }

  /** Makes a task's row the active one and brings it into sight. */
  activate(id) {
    const at = this.#rows.findIndex(({ task }) => task.id === id);
    if (at >= 0) this.#moveTo(at);
  }

  #measure() {
    const width = this.clientWidth || 1000;
    this.#height = matchMedia("(pointer: coarse)").matches ? 40 : 30;
    const columns = COLUMNS.filter(({ from }) => width >= from);
    this.style.setProperty("--columns", columns.map((column) => column.width).join(" ") + (width >= 900 ? " 92px" : ""));
    this.style.setProperty("--row", `${this.#height}px`);
    if (columns.length !== this.#columns.length || this.#header.childElementCount === 0 || this.#wide !== width >= 900) {
      this.#columns = columns;
      this.#wide = width >= 900;
      this.#slots.forEach(({ row }) => row.remove());
      this.#slots = [];
      this.#head();
    }
    this.#draw();
  }

  #wide = true;

  #head() {
    if (!this.#header) return;
    const cells = this.#columns.map((column, at) => {
      const sorted = column.sort && column.sort === this.#sort.key;
      const order = this.#sort.descending ? "descending" : "ascending";
      const arrow = this.#sort.descending ? "▼" : "▲";
      const how = { role: "columnheader", class: `td ${column.key}${column.number ? " number" : ""}`, "aria-colindex": at + 1, "aria-sort": sorted ? order : null };
      if (!column.sort) return h("div", how, column.title);
      const act = () => this.#tell("sort", column.sort);
      return h("div", how, h("button", { type: "button", class: "sorts", on: { click: act } }, column.title, h("span", { "aria-hidden": "true" }, sorted ? ` ${arrow}` : "")));
    });
    if (this.#wide) cells.push(h("div", { role: "columnheader", class: "td does", "aria-colindex": cells.length + 1 }, h("span", { class: "unseen" }, "Actions")));
    this.#header.replaceChildren(...cells);
    set(this, "aria-colcount", cells.length);
  }

  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw() {
    if (!this.#body) return;
    const count = this.#rows.length;
    this.#body.style.height = `${count * this.#height}px`;
    set(this, "aria-rowcount", count + 1);
    const first = Math.max(0, Math.floor(this.scrollTop / this.#height) - SPARE);
    const last = Math.min(count, Math.ceil((this.scrollTop + this.clientHeight) / this.#height) + SPARE);
    const needed = last - first;
    while (this.#slots.length < needed) this.#slots.push(this.#slot());
    const seen = [];
    for (let at = first; at < last; at += 1) {
      this.#fill(this.#slots[at % this.#slots.length], at);
      seen.push(this.#rows[at].task.id);
    }
    this.#hideOthers(first, last);
    const hasActive = this.#activeAt >= first && this.#activeAt < last && count > 0;
    set(this, "aria-activedescendant", hasActive ? this.#rowId(this.#activeAt) : null);
    this.#tell("look", seen);
  }

  // A slot shows the row whose number leaves its own as the rest: while scrolling, a row keeps its element.
  #hideOthers(first, last) {
    this.#slots.forEach((slot, number) => {
      const size = this.#slots.length;
      const at = first + ((((number - first) % size) + size) % size);
      if (at < last) return;
      slot.row.hidden = true;
      slot.row.removeAttribute("id");
    });
  }

  #rowId(at) {
    return `row-${this.#number}-${at}`;
  }

  #slot() {
    const cells = this.#columns.map((column, at) => {
      const text = h("span", { class: "cut" });
      const cell = h("div", { role: "gridcell", class: `td ${column.key}${column.number ? " number" : ""}`, "aria-colindex": at + 1 });
      const parts = { cell, text };
      if (column.key === "action") {
        parts.tag = h("span", { class: "tag", "aria-hidden": "true", data: { does: "tag" } });
        parts.fold = h("span", { class: "fold", "aria-hidden": "true", data: { does: "fold" } });
        parts.sign = h("span", { class: "sign", "aria-hidden": "true" });
        cell.append(parts.tag, parts.fold, parts.sign);
      }
      if (column.key === "progress") {
        parts.bar = h("span", { class: "bar", "aria-hidden": "true" }, h("span", { class: "done" }));
        cell.append(parts.bar);
      }
      cell.append(text);
      return parts;
    });
    const row = h("div", { role: "row", class: "tr" }, cells.map(({ cell }) => cell));
    let cancel = null;
    if (this.#wide) {
      cancel = h("button", { type: "button", class: "small danger", tabindex: "-1", data: { does: "cancel" } }, "Cancel…");
      row.append(h("div", { role: "gridcell", class: "td does", "aria-colindex": cells.length + 1 }, cancel));
    }
    this.#body.append(row);
    return { row, cells, cancel };
  }

  #fill(slot, at) {
    const { task, depth, children, folded, matched } = this.#rows[at];
    const tagged = this.#tagged.has(task.id);
    const { row, cells, cancel } = slot;
    row.hidden = false;
    const shows = `${this.#version} ${at} ${at === this.#activeAt} ${tagged}`;
    if (slot.shows === shows && row.id) return;
    slot.shows = shows;
    row.style.transform = `translateY(${at * this.#height}px)`;
    set(row, "id", this.#rowId(at));
    set(row, "aria-rowindex", at + 2);
    set(row, "aria-level", depth + 1);
    set(row, "aria-expanded", children > 0 ? String(!folded) : null);
    set(row, "aria-selected", String(tagged));
    row.className = `tr ${state(task)}${at === this.#activeAt ? " active" : ""}${tagged ? " tagged" : ""}${matched ? "" : " context"}${at % 2 ? " odd" : ""}`;
    this.#columns.forEach((column, number) => {
      const { text, cell, tag, fold, sign: signs, bar } = cells[number];
      const shown = column.show(task);
      say(text, shown);
      set(cell, "title", shown.length > 24 ? shown : null);
      if (signs) {
        cell.style.setProperty("--depth", Math.min(depth, 12));
        say(tag, tagged ? "☑" : "☐");
        say(fold, children === 0 ? "" : folded ? "▸" : "▾");
        say(signs, sign(task));
        set(signs, "class", `sign ${state(task)}`);
        set(cell, "title", task.action.length < 400 ? task.action : null);
        if (folded) say(text, `${shown} (+${children})`);
      }
      if (bar) {
        const percent = progress(task)?.percent ?? null;
        bar.hidden = percent === null;
        bar.firstChild.style.width = `${Math.min(100, percent ?? 0)}%`;
      }
    });
    if (cancel) {
      cancel.disabled = !task.cancellable || task.cancelled;
      set(cancel, "title", task.cancelled ? "it is cancelled already" : task.cancellable ? null : "it can't be cancelled");
    }
  }

  #click(event) {
    const row = event.target.closest(".tr");
    const at = row ? Number(row.getAttribute("aria-rowindex")) - 2 : -1;
    const shown = this.#rows[at];
    if (!shown) return;
    this.#setActive(at);
    const does = event.target.dataset?.does;
    if (does === "fold" && shown.children > 0) this.#tell("fold", shown.task.id);
    else if (does === "tag") this.#tell("tag", [shown.task.id]);
    else if (does === "cancel") this.#tell("cancel", shown.task.id);
    else this.#tell("open", shown.task.id);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this) return;
    const page = Math.max(1, Math.floor(this.clientHeight / this.#height) - 2);
    const active = this.active;
    const moves = {
      ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    };
    if (event.key in moves) {
      event.preventDefault();
      const wanted = this.#activeAt + moves[event.key];
      this.#moveTo(Math.max(0, Math.min(this.#rows.length - 1, wanted)));
    } else if (active && event.key === "ArrowRight") {
      event.preventDefault();
      if (active.folded) this.#tell("fold", active.task.id);
      else if (active.children > 0) this.#moveTo(this.#activeAt + 1);
    } else if (active && event.key === "ArrowLeft") {
      event.preventDefault();
      if (active.children > 0 && !active.folded) this.#tell("fold", active.task.id);
      else if (active.depth > 0) this.activate(active.task.parent);
    } else if (active && event.key === "Enter") {
      event.preventDefault();
      this.#tell("open", active.task.id);
    } else if (active && event.key === " ") {
      event.preventDefault();
      this.#tell("tag", [active.task.id]);
      this.#moveTo(Math.min(this.#rows.length - 1, this.#activeAt + 1));
    }
  }

  #setActive(at) {
    this.#activeAt = at;
    this.#active = this.#rows[at]?.task.id ?? null;
    this.#draw();
  }

  #moveTo(at) {
    if (this.#rows.length === 0) return;
    const top = at * this.#height;
    const room = this.clientHeight - this.#height;
    if (top < this.scrollTop) this.scrollTop = top;
    else if (top + this.#height > this.scrollTop + room) this.scrollTop = top + this.#height - room;
    this.#setActive(at);
  }

  #tell(event, detail) {
    if (detail !== null && detail !== undefined) this.dispatchEvent(new CustomEvent(event, { detail }));
  }

  /** The order in which a column is sorted when it is chosen. */
  static orderOf(key, { key: sorted, descending }) {
    return key === sorted ? { key, descending: !descending } : { key, descending: LARGEST_FIRST.has(key) };
  }
}

customElements.define("gw-table", TaskTable);
