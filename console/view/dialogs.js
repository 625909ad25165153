// What asks before it acts: cancel, rate; and the help.

import { bytes, count, nanos, percent, shortAction, text } from "../model/format.js";
import { KEYS, IS } from "../model/filter.js";
import { cpu, memory, progress, rate, user } from "../model/task.js";
import { button, h } from "./element.js";
import { SHORTCUTS } from "./keys.js";

/** From this many tasks on, their number has to be typed. */
const MANY = 10;
/** Tasks that are named one by one. */
const NAMED = 50;

/** Opens a modal dialog; resolves with what `done` was given, or null when it was left. The focus goes back by itself. */
function modal(title, build, kind = "") {
  return new Promise((resolve) => {
    const heading = `dialog-${Math.random().toString(36).slice(2)}`;
    const dialog = h("dialog", { class: kind, "aria-labelledby": heading });
    let given = null;
    const done = (value) => {
      given = value;
      dialog.close();
    };
    dialog.append(h("h2", { id: heading }, title), ...build(done, dialog));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(given);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[data-first]")?.focus();
  });
}

/**
 * Asks whether tasks are to be cancelled, with what is lost by it.
 * @param {{tasks: object[], roots: object[], exact: boolean, withReason: boolean, failures: string[]}} what `exact`: the
 *   server itself told which
 * @returns {Promise<{reason: string}|null>}
 */
export function askCancel({ tasks, roots, exact, withReason, failures }) {
  const many = tasks.length > MANY;
  const title = tasks.length === 1 ? "Cancel this task?" : `Cancel ${count(tasks.length)} tasks?`;
  return modal(title, (done, dialog) => {
    const reason = h("input", { type: "text", maxlength: "256", placeholder: "by user request", name: "reason" });
    const typed = h("input", { type: "text", inputmode: "numeric", autocomplete: "off", name: "count" });
    const confirm = button(tasks.length === 1 ? "Cancel the task" : "Cancel the tasks", () => done({ reason: reason.value.trim() }), { class: "danger", disabled: many });
    typed.addEventListener("input", () => {
      confirm.disabled = typed.value.trim().replaceAll(",", "") !== String(tasks.length);
    });
    const keep = button(tasks.length === 1 ? "Keep it" : "Keep them", () => done(null));
    (many ? typed : withReason ? reason : confirm).dataset.first = "";
    dialog.addEventListener("keydown", (event) => {
      const writes = event.target instanceof HTMLInputElement;
      if (event.key === "Enter" && writes && !confirm.disabled) confirm.click();
      if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "y" && !confirm.disabled) confirm.click();
      if (event.key === "n") keep.click();
    });
    return [
      h("p", { class: "lost" }, lost(tasks)),
      h("p", { class: "note" }, exact ? "The server has told exactly which tasks these are; tasks that begin later are not touched." : "These are the tasks as last listed. The server cancels whatever is below them by then."),
      named(tasks, roots),
      failures.map((failure) => h("p", { class: "warning" }, text(failure, 300))),
      withReason ? h("label", {}, "Reason ", reason) : null,
      many ? h("label", {}, `Type ${tasks.length} to confirm `, typed) : null,
      h("div", { class: "actions" }, confirm, keep),
    ].filter(Boolean).flat();
  }, "ask");
}

/** What is lost: who, how much was spent, how far they are, what was written. */
function lost(tasks) {
  const users = [...new Set(tasks.map(user).filter(Boolean))].map((name) => text(name, 60));
  const spent = tasks.map(cpu).filter((value) => value !== null);
  const held = tasks.map(memory).filter((value) => value !== null);
  const made = tasks.map((task) => progress(task)?.percent ?? null).filter((value) => value !== null);
  const nodes = new Set(tasks.map((task) => task.node)).size;
  const writes = tasks.some((task) => /^indices:data\/write\//.test(task.action));
  return [
    `on ${count(nodes)} ${nodes === 1 ? "node" : "nodes"}`,
    users.length > 0 ? `of ${users.slice(0, 5).join(", ")}${users.length > 5 ? " and others" : ""}` : null,
    spent.length > 0 ? `CPU spent ${nanos(spent.reduce((sum, value) => sum + value, 0))}` : null,
    held.length > 0 ? `memory ${bytes(held.reduce((sum, value) => sum + value, 0))}` : null,
    made.length > 0 ? `up to ${percent(Math.max(...made))} done` : null,
    writes ? "what they have written stays written" : "nothing is written by them",
  ].filter(Boolean).join(" · ");
}

function named(tasks, roots) {
  const rootIds = new Set(roots.map((task) => task.id));
  const items = tasks.slice(0, NAMED).map((task) =>
    h("li", { class: rootIds.has(task.id) ? "" : "child" }, h("span", { class: "mono" }, text(task.id, 80)), ` ${text(shortAction(task.action), 120)} · ${nanos(task.running)}`),
  );
  if (tasks.length > NAMED) items.push(h("li", {}, `and ${count(tasks.length - NAMED)} more`));
  return h("ul", { class: "named", tabindex: "0", "aria-label": "The tasks" }, items);
}

/** Asks for a rate in documents a second; resolves with it, Infinity for no limit, or null. */
export function askRate(task) {
  const now = rate(task);
  return modal("How fast may it go?", (done) => {
    const shown = now === null || now === Infinity || now === 0 ? "" : String(now);
    const typed = h("input", { type: "number", min: "0.001", step: "any", value: shown, name: "rate", data: { first: "" } });
    const set = button("Set the rate", () => done(Number(typed.value)), { class: "primary", disabled: shown === "" });
    typed.addEventListener("input", () => {
      set.disabled = !(Number(typed.value) > 0);
    });
    typed.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !set.disabled) set.click();
    });
    return [
      h("p", {}, `${text(shortAction(task.action), 120)}, ${text(task.description, 200)}`),
      h("label", {}, "Documents a second ", typed),
      h("p", { class: "note" }, "A higher rate counts at once, a lower one after the batch that waits now."),
      h("div", { class: "actions" }, set, button("No limit", () => done(Infinity)), button("Leave it", () => done(null))),
    ];
  }, "ask");
}

/** Shows keys and the filter's language. */
export function showHelp() {
  const examples = [
    ["action:*search*", "a text, `*` stands for anything"],
    ["age>5s", "older than five seconds; also cpu>2s memory>64mb progress<50%"],
    ["opaque:dash-*,report-*", "any of these; label: is the same"],
    ["is:waiting", `one of ${IS.join(", ")}`],
    ["-user:ops", "all but these"],
    ["wikipedia \"two words\"", "anywhere in the action, id, node, label, user or description"],
  ];
  return modal("Keys, and what a filter says", (done) => [
    h("div", { class: "columns" },
      h("section", {}, h("h3", {}, "Keys"), h("dl", { class: "keys" }, SHORTCUTS.map(([keys, what]) => h("div", {}, h("dt", {}, keys.map((key) => h("kbd", {}, key))), h("dd", {}, what))))),
      h("section", {}, h("h3", {}, "Filter"), h("dl", { class: "examples" }, examples.map(([example, what]) => h("div", {}, h("dt", {}, h("code", {}, example)), h("dd", {}, what)))),
        h("p", { class: "note" }, `Keys: ${KEYS.join(", ")}. Terms stand side by side and all must hold.`),
        h("p", { class: "note" }, "· is what this server does not tell."))),
    h("div", { class: "actions" }, button("Close", () => done(null), { class: "primary", data: { first: "" } })),
  ], "help");
}
