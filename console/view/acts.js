// What changes something on the server: cancel, rate, pause. Each asks first where something can be lost, and says how it went.

import { duration, shortAction, text } from "../model/format.js";
import { rateEndpoint } from "../model/task.js";
import { askCancel, askRate } from "./dialogs.js";

/** Tasks that are cancelled beside each other. */
const BESIDE = 4;

/** @param {{server: object, live: object, notify: (text: string, kind?: string) => void}} of */
export function acts({ server, live, notify }) {
  const tell = (error) => notify(error.message, "error");

  /** Asks for and cancels tasks and everything below them. */
  async function cancel(ids) {
    const roots = ids.map((id) => live.forest.byId.get(id)).filter((task) => task && task.cancellable && !task.cancelled);
    if (roots.length === 0) {
      notify(ids.length === 0 ? "There is no task to cancel." : "None of these can be cancelled.");
      return;
    }
    const tops = roots.filter((task) => !roots.some((other) => other !== task && isBelow(task, other)));
    try {
      const previews = await Promise.all(tops.map((task) => server.preview(task.id)));
      const exact = previews.every(Boolean);
      const known = (task) => live.forest.byId.get(task.id) ?? task;
      const tasks = exact
        ? previews.flatMap((preview) => preview.tasks.map(known))
        : tops.flatMap((task) => live.forest.subtree(task.id));
      const failures = previews.flatMap((preview) => preview?.failures ?? []);
      if (tasks.length === 0) {
        notify(failures[0] ?? "They have ended already.");
        return;
      }
      const answer = await askCancel({ tasks, roots: tops, exact, withReason: server.can("reason"), failures });
      if (!answer) return;
      await cancelAll(tops, previews, answer.reason);
    } catch (error) {
      tell(error);
    }
  }

  async function cancelAll(tops, previews, reason) {
    const began = performance.now();
    const waiting = tops.map((task, at) => [task, previews[at]?.token ?? null]);
    const failures = [];
    let cancelled = 0;
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [task, token] = next;
        try {
          const done = await server.cancel(task.id, { reason, token });
          if (done.tasks.length > 0) {
            cancelled += 1;
            live.past.cancelled(live.forest.subtree(task.id).map(({ id }) => id));
          }
          failures.push(...done.failures);
        } catch (error) {
          failures.push(error.message);
        }
      }
    };
    await Promise.all(Array.from({ length: BESIDE }, work));
    for (const failure of new Set(failures)) notify(text(failure, 300), "error");
    if (cancelled > 0) {
      notify(tops.length === 1 ? `Cancel asked for: ${text(shortAction(tops[0].action), 80)}.` : `Cancel asked for ${cancelled} tasks.`);
      watchEnd(tops.map((task) => task.id), began);
    }
    live.refresh();
  }

  /** Says when the cancelled tasks are gone. */
  function watchEnd(ids, began) {
    const look = () => {
      if (live.error || ids.some((id) => live.forest.byId.has(id))) return;
      live.removeEventListener("changed", look);
      notify(`Gone ${duration(performance.now() - began)} after the cancel.`, "good");
    };
    live.addEventListener("changed", look);
  }

  function isBelow(task, other) {
    return live.forest.subtree(other.id).includes(task);
  }

  /** Asks for and sets the rate of a by-query operation. */
  async function rate(id) {
    const task = live.forest.byId.get(id);
    if (!task || !rateEndpoint(task)) {
      notify("Only a reindex, update or delete by query has a rate.");
      return;
    }
    try {
      const wanted = await askRate(task);
      if (wanted === null) return;
      const failures = await server.rethrottle(task, wanted);
      if (failures.length > 0) notify(text(failures[0], 300), "error");
      else notify(wanted === Infinity ? "It has no limit now." : `It may write ${wanted} documents a second now.`, "good");
      live.refresh();
    } catch (error) {
      tell(error);
    }
  }

  /** Pauses a durable task, or lets it go on. */
  async function pause(id, paused) {
    try {
      const failures = await server.pause(id, paused);
      if (failures.length > 0) notify(text(failures[0], 300), "error");
      else notify(paused ? "Paused: it stops at its next batch." : "It goes on.", "good");
      live.refresh();
    } catch (error) {
      tell(error);
    }
  }

  return { cancel, rate, pause };
}
