// The figures above the table.

import { cpu, kind, state } from "./task.js";

/** The order in which kinds are told. */
const KINDS = ["search", "by query", "write", "admin", "monitor", "other"];

/**
 * @param {import("./forest.js").Forest} forest
 * @returns {{tasks: number, roots: number, kinds: {name: string, tasks: number}[], nodes: number, oldest: object|null,
 *   waiting: number|null, paused: number, lingering: number, overdue: number|null}} null is what the server does not tell;
 *   `lingering`: cancelled and still there
 */
export function tiles(forest) {
  const kinds = new Map();
  const nodes = new Set();
  const figures = { waiting: 0, paused: 0, lingering: 0, overdue: 0 };
  let oldest = null;
  let told = false;
  for (const task of forest.byId.values()) {
    kinds.set(kind(task), (kinds.get(kind(task)) ?? 0) + 1);
    nodes.add(task.node);
    told ||= task.extended !== null || task.status !== null;
    const at = state(task);
    if (at === "waiting") figures.waiting += 1;
    if (at === "paused") figures.paused += 1;
    if (task.cancelled) figures.lingering += 1;
    if (at === "overdue") figures.overdue += 1;
    // Persistent tasks live as long as their node: they are no news.
    if (task.type !== "persistent" && (oldest === null || (task.running ?? 0) > (oldest.running ?? 0))) oldest = task;
  }
  return {
    tasks: forest.size,
    roots: forest.roots.length,
    kinds: KINDS.filter((name) => kinds.has(name)).map((name) => ({ name, tasks: kinds.get(name) })),
    nodes: nodes.size,
    oldest,
    ...figures,
    waiting: told || forest.size === 0 ? figures.waiting + figures.paused : null,
  };
}

/**
 * Cores that the tasks used between two lists; null when no task tells its CPU time in both.
 * @param {Map<string, object>} before by id
 * @param {Map<string, object>} after
 */
export function coresUsed(before, after, millis) {
  let used = 0;
  let known = false;
  for (const [id, task] of after) {
    const now = cpu(task);
    if (now === null) continue;
    const earlier = before.get(id);
    const then = earlier ? cpu(earlier) : null;
    if (then === null) continue;
    known = true;
    used += Math.max(0, now - then);
  }
  return known && millis > 0 ? used / (millis * 1e6) : null;
}
