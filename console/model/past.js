// What has ended: as the server's history tells it, or as this page saw it go.

import { readTask } from "./task.js";

/** Ended tasks that are kept, the newest. */
const MOST = 5000;

/**
 * @typedef {object} Ended
 * @property {import("./task.js").Task} task
 * @property {"succeeded"|"failed"|"cancelled"|"lost"|"ended"} outcome `ended`: nobody told how
 * @property {number} at milliseconds since 1970
 * @property {{type: string, reason: string}|null} error
 * @property {string|null} [reason] of its cancel
 */

/** Ended tasks by id, the newest kept. */
export class Past {
  #ended = new Map();
  #live = new Map();
  /** Since when this page looks; null before the first list. */
  since = null;

  /** Takes a whole list: what was in the last one and is not in this one has ended in between. */
  seen(tasks, now) {
    this.since ??= now;
    const live = new Map(tasks.map((task) => [task.id, task]));
    for (const [id, task] of this.#live) {
      if (live.has(id)) continue;
      this.add({ task, outcome: task.cancelled ? "cancelled" : "ended", at: now, error: null });
    }
    this.#live = live;
  }

  /** These were cancelled just now: they may be gone before a list shows it. */
  cancelled(ids) {
    for (const id of ids) {
      const task = this.#live.get(id);
      if (task) this.#live.set(id, { ...task, cancelled: true });
    }
  }

  /** What the server's history tells goes before what was seen. */
  add(ended) {
    const known = this.#ended.get(ended.task.id);
    if (known && known.outcome !== "ended" && ended.outcome === "ended") return;
    this.#ended.delete(ended.task.id);
    this.#ended.set(ended.task.id, ended);
    if (this.#ended.size > MOST) this.#ended.delete(this.#ended.keys().next().value);
  }

  /** All that ended, the last first. */
  ended() {
    return [...this.#ended.values()].sort((a, b) => b.at - a.at);
  }

  /** The tasks that were there at a moment, as they were when they were last seen. */
  at(moment) {
    const there = (task) => task.started !== null && task.started <= moment;
    const ended = [...this.#ended.values()].filter(({ task, at }) => there(task) && at > moment);
    const tasks = [...ended.map(({ task }) => task), ...[...this.#live.values()].filter(there)];
    return tasks.map((task) => ({ ...task, running: Math.max(0, moment - task.started) * 1e6 }));
  }

  /** The first moment that is known of. */
  earliest(now) {
    let first = this.since ?? now;
    for (const { at } of this.#ended.values()) first = Math.min(first, at);
    return first;
  }
}

const OUTCOMES = new Set(["succeeded", "failed", "cancelled", "lost"]);

/** Reads an answer of `GET /_tasks/_history`: `{"tasks":[…], "next": "…"?}`, each a task with its end. */
export function readHistory(answer) {
  const entries = Array.isArray(answer?.tasks) ? answer.tasks : [];
  const ended = [];
  for (const wire of entries) {
    const inner = wire?.task !== null && typeof wire?.task === "object" ? wire.task : wire;
    const task = readTask(inner, exactId(inner));
    const at = wire?.ended_in_millis ?? wire?.end_time_in_millis;
    if (!task || typeof at !== "number") continue;
    const outcome = OUTCOMES.has(wire.outcome) ? wire.outcome : "ended";
    const error = wire.error && typeof wire.error === "object" ? { type: String(wire.error.type ?? ""), reason: String(wire.error.reason ?? "") } : null;
    const reason = typeof wire.cancel?.reason === "string" ? wire.cancel.reason : null;
    ended.push({ task, outcome, at, error, reason });
  }
  return ended;
}

const exactId = (wire) => (typeof wire?.task_id === "string" ? wire.task_id : null);
