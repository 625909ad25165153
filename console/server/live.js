// Keeps what runs up to date: asks at its pace, stops while nobody looks, fetches details of what is looked at.

import { Forest } from "../model/forest.js";
import { Pace, DETAILED_UP_TO } from "../model/pace.js";
import { Past } from "../model/past.js";
import { coresUsed } from "../model/tiles.js";
import { opaqueId } from "../model/task.js";
import { OPAQUE_ID } from "./request.js";

/** Details that are kept, and how many are asked for at a time and after one list. */
const KEPT = 2000;
const AT_A_TIME = 4;
const AFTER_A_LIST = 40;

/**
 * Tells `changed` when there is something new to show, and `refused` (with `detail` the error) when a list did not come.
 */
export class Live extends EventTarget {
  forest = new Forest([]);
  nodes = new Map();
  past = new Past();
  failures = [];
  error = null;
  cores = null;
  /** Tasks of this page's own requests, which are not shown. */
  own = 0;
  /** Milliseconds by which the server's clock is before ours; 0 until it is known. */
  ahead = 0;
  last = null;
  #server;
  #pace;
  #timer = null;
  #asking = false;
  #again = false;
  #frozen = false;
  #expected = null;
  #details = new Map();
  #wanted = [];
  #fetching = 0;

  constructor(server, wished) {
    super();
    this.#server = server;
    this.#pace = new Pace(wished);
    document.addEventListener("visibilitychange", () => this.#plan(0));
  }

  get frozen() {
    return this.#frozen;
  }

  /** Stops asking, or begins again. */
  freeze(frozen) {
    this.#frozen = frozen;
    this.#plan(0);
    this.dispatchEvent(new Event("changed"));
  }

  get wished() {
    return this.#pace.wished;
  }

  set wished(millis) {
    this.#pace = new Pace(millis);
    this.#plan(0);
  }

  get isSlowed() {
    return this.#pace.isSlowed;
  }

  /** Milliseconds to the next list. */
  get interval() {
    return this.#pace.next();
  }

  /** Now, by the server's clock as far as it is known. */
  now() {
    return Date.now() + this.ahead;
  }

  /** Asks at once, whatever the pace: after a cancel, or because the user wants to see. */
  refresh() {
    if (this.#asking) this.#again = true;
    else this.#poll();
  }

  /** The rows that are looked at: what they lack is fetched, a few at a time. */
  look(ids) {
    this.#wanted = ids.filter((id) => !this.#details.has(id) && this.forest.byId.get(id)?.description === null).slice(0, AFTER_A_LIST);
    this.#fetch();
  }

  #plan(after) {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (document.hidden || this.#frozen) return;
    this.#timer = setTimeout(() => this.#poll(), after);
  }

  async #poll() {
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    let retryAfter = 0;
    let next = null;
    try {
      const list = await this.#server.list(this.#expected);
      this.#take(list);
      this.#pace.answered(list);
      // The first list was a plain one; now it is known whether all details are cheap.
      if (this.#expected === null) next = 0;
      this.#expected = list.tasks.length;
    } catch (error) {
      this.error = error;
      this.#pace.failed();
      retryAfter = error.retryAfter ?? 0;
      this.dispatchEvent(new CustomEvent("refused", { detail: error }));
    }
    this.#asking = false;
    if (this.#again) next = 0;
    this.#again = false;
    if (next === 0 && (this.#frozen || document.hidden)) next = null;
    this.#plan(next ?? this.#pace.next(retryAfter));
  }

  #take(list) {
    const at = Date.now();
    this.error = null;
    this.failures = list.failures;
    this.nodes = list.nodes;
    const others = list.tasks.filter((task) => opaqueId(task) !== OPAQUE_ID);
    this.own = list.tasks.length - others.length;
    const before = this.forest;
    for (const task of others) this.#complete(task, before.byId.get(task.id));
    this.#synchronise(list.tasks, at);
    this.forest = new Forest(others);
    this.past.seen(others, this.now());
    if (this.last) this.cores = coresUsed(before.byId, this.forest.byId, at - this.last.at);
    this.last = { at, millis: list.millis, bytes: list.bytes, detailed: list.detailed };
    for (const id of this.#details.keys()) if (!this.forest.byId.has(id)) this.#details.delete(id);
    this.dispatchEvent(new Event("changed"));
  }

  /** A plain list does not tell what was told before: that stays, and the rest comes when it is looked at. */
  #complete(task, before) {
    const known = this.#details.get(task.id) ?? before;
    if (!known) return;
    task.description ??= known.description;
    task.status ??= known.status;
    task.stats ??= known.stats;
    task.extended ??= known.extended;
  }

  /** The youngest of our own tasks began just now: so the server's clock can be told. */
  #synchronise(tasks, at) {
    const own = tasks.filter((task) => opaqueId(task) === OPAQUE_ID && task.started !== null);
    if (own.length === 0) return;
    const newest = Math.max(...own.map((task) => task.started + (task.running ?? 0) / 1e6));
    const off = newest - at;
    // Less than a list takes is no difference of clocks.
    this.ahead = Math.abs(off) > 2000 ? off : 0;
  }

  #fetch() {
    while (this.#fetching < AT_A_TIME && this.#wanted.length > 0) {
      const id = this.#wanted.shift();
      this.#fetching += 1;
      this.#detail(id).finally(() => {
        this.#fetching -= 1;
        this.#fetch();
      });
    }
  }

  async #detail(id) {
    try {
      const got = await this.#server.get(id, this.forest.byId.get(id)?.nodeName);
      if (!got || got.completed) return;
      if (this.#details.size >= KEPT) this.#details.delete(this.#details.keys().next().value);
      this.#details.set(id, got.task);
      const shown = this.forest.byId.get(id);
      if (!shown) return;
      this.#complete(shown, got.task);
      this.dispatchEvent(new Event("changed"));
    } catch {
      // It is asked for again with the next list; what the list itself lacks is told there.
      this.#wanted = [];
    }
  }

  /** Whether lists come without details because there are too many tasks. */
  get isPlain() {
    return this.last !== null && !this.last.detailed && this.forest.size > DETAILED_UP_TO;
  }
}
