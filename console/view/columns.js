// The columns of a table of tasks: what each shows, how wide it is, and how it is sorted.

import { bytes, duration, nanos, percent, shortAction, text, UNKNOWN } from "../model/format.js";
import { cpu, memory, opaqueId, progress, state, user, wait } from "../model/task.js";

/** A sign beside the word for each state: colour is never the only one. */
export const SIGNS = { running: "▶", waiting: "‖", paused: "■", cancelled: "✖", overdue: "⚠" };

/** What a state is called. A server that tells nothing leaves open whether a task runs or waits. */
export function stateText(task) {
  const at = state(task);
  const waits = wait(task);
  if (at === "running") return task.extended ? "running" : UNKNOWN;
  if (at === "waiting") return `${text(waits.on, 60)}${waits.millis === null ? "" : ` ${duration(waits.millis)}`}`;
  return at;
}

/** The sign before a task's name. */
export function sign(task) {
  const at = state(task);
  return at === "running" && !task.extended ? "•" : SIGNS[at];
}

/** `63% ~24s`. */
export function progressText(task) {
  const made = progress(task);
  if (!made || made.percent === null) return UNKNOWN;
  return `${percent(made.percent)}${made.eta === null ? "" : ` ~${duration(made.eta.low)}`}`;
}

/**
 * In order. `width` is a track of a CSS grid; `from` the width of the table, in pixels, from which the column is shown.
 * The first column and the tree in it are the table's own.
 */
export const COLUMNS = [
  { key: "action", title: "Task", width: "minmax(150px, 2.4fr)", from: 0, sort: "action", show: (task) => text(shortAction(task.action), 160) },
  { key: "age", title: "Age", width: "72px", from: 0, sort: "age", number: true, show: (task) => nanos(task.running) },
  { key: "cpu", title: "CPU", width: "72px", from: 480, sort: "cpu", number: true, show: (task) => nanos(cpu(task)) },
  { key: "memory", title: "Memory", width: "72px", from: 700, sort: "memory", number: true, show: (task) => bytes(memory(task)) },
  { key: "progress", title: "Progress", width: "128px", from: 560, sort: "progress", show: progressText },
  { key: "state", title: "State", width: "132px", from: 640, show: stateText },
  { key: "node", title: "Node", width: "104px", from: 960, sort: "node", show: (task) => text(task.nodeName, 80) },
  { key: "user", title: "User", width: "84px", from: 1180, sort: "user", show: (task) => text(user(task), 80) },
  { key: "opaque", title: "Label", width: "120px", from: 860, sort: "opaque", show: (task) => text(opaqueId(task), 120) },
  { key: "description", title: "Description", width: "minmax(0, 3fr)", from: 900, show: (task) => text(task.description, 400) },
];

/** What is sorted downwards at first: the largest is what is looked for. */
export const LARGEST_FIRST = new Set(["age", "cpu", "memory"]);
