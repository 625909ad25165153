// Why a task is still there, in sentences: from what the server tells, and else from what can be known from outside.

import { count, duration, nanos, shortAction, text } from "./format.js";
import { progress, rate, state, wait } from "./task.js";

/**
 * @param {import("./task.js").Task} task
 * @param {import("./forest.js").Forest} forest
 * @param {number} now milliseconds since 1970, by the server's clock as far as that is known
 * @returns {string[]} the answer first, then what supports it
 */
export function why(task, forest, now) {
  const said = [headline(task, forest, now)];
  const add = (sentence) => sentence && said.push(sentence);
  add(checkpoint(task));
  add(progressed(task));
  add(throttle(task));
  add(children(task, forest));
  add(cancelling(task, now));
  add(deadline(task));
  if (task.extended?.durable === true) add("It is durable: it goes on after a crash of its node.");
  return said;
}

function headline(task, forest, now) {
  const waits = wait(task);
  switch (state(task)) {
    case "overdue":
      return `Overdue: it was cancelled${since(task, now)} and should have stopped within ${bound(task)}.`;
    case "cancelled":
      return `Cancelled${since(task, now)}, and still there: it stops at its next safe point.`;
    case "paused":
      return `Paused${waits.millis === null ? "" : ` for ${duration(waits.millis)}`}: it goes on when it is resumed.`;
    case "waiting":
      if (waits.on === "throttle") return `Waits for its rate: the next batch begins in ${duration(task.status?.throttled_until_millis)}.`;
      return `Waits for ${text(waits.on, 200)}${waits.millis === null ? "" : ` since ${duration(waits.millis)}`}.`;
    default:
      if (task.extended) return "Runs.";
      if (forest.childrenOf(task.id).length > 0) return "Waits for its children, or works beside them: this server does not tell which.";
      return "Runs or waits: this server does not tell which.";
  }
}

function since(task, now) {
  const at = task.cancelledAt;
  return at === null ? "" : ` ${duration(now - at)} ago`;
}

const bound = (task) => duration(task.extended?.cancel?.bound_in_millis ?? null);

function checkpoint(task) {
  const at = task.extended?.checkpoint;
  if (!at) return null;
  return `Its last safe point was ${duration(at.age_in_millis ?? null)} ago: ${text(at.at, 200)}.`;
}

function progressed(task) {
  const made = progress(task);
  if (!made) return null;
  const of = made.total === null ? "" : ` of ${count(made.total)}`;
  const left = made.eta === null ? "" : made.eta.low === made.eta.high
    ? ` About ${duration(made.eta.low)} are left at this pace.`
    : ` Between ${duration(made.eta.low)} and ${duration(made.eta.high)} are left.`;
  return `It has done ${count(made.done)}${of} ${text(made.unit, 40)}.${left}`;
}

function throttle(task) {
  const limit = rate(task);
  if (limit === null) return null;
  const slept = task.status?.throttled_millis > 0 ? ` It slept ${duration(task.status.throttled_millis)} for that.` : "";
  const running = Array.isArray(task.status?.slices) ? task.status.slices.filter((slice) => slice === null).length : 0;
  if (running > 0) return `${count(running)} of its ${count(task.status.slices.length)} slices run; the rate is set on each.`;
  return limit === Infinity ? "Nothing limits its rate." : `It may write ${count(limit)} documents a second.${slept}`;
}

function children(task, forest) {
  const below = forest.childrenOf(task.id);
  if (below.length === 0) return null;
  const oldest = below.reduce((first, child) => ((child.running ?? 0) > (first.running ?? 0) ? child : first));
  const nodes = new Set(below.map((child) => child.nodeName));
  const named = nodes.size <= 3 ? [...nodes].map((name) => text(name, 60)).join(", ") : `${count(nodes.size)} nodes`;
  const all = forest.subtree(task.id).length - 1;
  const deeper = all > below.length ? ` (${count(all)} tasks below it in all)` : "";
  const one = below.length === 1 ? "child" : "children";
  return `${count(below.length)} ${one} on ${named}${deeper}; the oldest is ${text(shortAction(oldest.action), 120)}, ${nanos(oldest.running)}.`;
}

function cancelling(task, now) {
  if (!task.cancelled) return task.cancellable ? null : "It can't be cancelled.";
  const by = task.extended?.cancel?.requested_by;
  const reason = task.extended?.cancel?.reason;
  const told = [];
  if (by) told.push(`by ${text(by, 80)}`);
  if (reason) told.push(`with the reason “${text(reason, 300)}”`);
  if (told.length === 0) return task.cancelledAt === null ? null : `The cancel was asked for${since(task, now)}.`;
  return `The cancel was asked for ${told.join(" ")}.`;
}

function deadline(task) {
  const left = task.extended?.deadline_in_millis;
  if (typeof left !== "number") return null;
  return left >= 0 ? `Its deadline is in ${duration(left)}.` : `Its deadline passed ${duration(-left)} ago.`;
}
