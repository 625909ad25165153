// The flame of a task's tree: one button a task, so that the keyboard and a screen reader get at each.

import { nanos, shortAction, text } from "../model/format.js";
import { flame } from "../model/flame.js";
import { state } from "../model/task.js";
import { stateText } from "./columns.js";
import { h, keyed, say, set } from "./element.js";

const HEIGHT = 22;

/** Tells `open` with a task's id. */
export class TaskFlame extends HTMLElement {
  /**
   * @param {import("../model/forest.js").Forest} forest
   * @param {string} id the task that is marked; the flame is that of its root
   * @param {"time"|"cpu"} measure
   */
  show(forest, id, measure) {
    const root = forest.rootOf(id);
    if (!root) {
      this.replaceChildren();
      return;
    }
    const { boxes, depth, left } = flame(forest, root.id, measure);
    if (!this.firstChild) this.append(h("div", { class: "flames", role: "group" }), h("p", { class: "note" }));
    const [field, more] = this.children;
    set(field, "aria-label", `Tree of ${text(shortAction(root.action), 120)}, ${boxes.length} tasks, widths by ${measure === "cpu" ? "CPU time" : "running time"}`);
    field.style.height = `${depth * HEIGHT}px`;
    keyed(field, boxes, {
      key: ({ task }) => task.id,
      make: ({ task }) => {
        const open = () => this.dispatchEvent(new CustomEvent("open", { detail: task.id }));
        return h("button", { type: "button", on: { click: open } }, h("span", { class: "cut" }, text(shortAction(task.action), 120)));
      },
      update: (box, of) => place(box, of, id),
    });
    say(more, left > 0 ? `${left} more are too narrow to draw.` : "");
  }
}

function place(box, { task, left, width, depth, value }, marked) {
  const isMarked = task.id === marked;
  const label = `${text(shortAction(task.action), 120)}, ${nanos(value)}, ${text(task.nodeName, 60)}, ${stateText(task)}`;
  set(box, "class", `flame-box ${state(task)}${isMarked ? " marked" : ""}`);
  set(box, "title", label);
  set(box, "aria-label", label);
  set(box, "aria-current", isMarked ? "true" : null);
  box.style.left = `${left * 100}%`;
  box.style.width = `${width * 100}%`;
  box.style.top = `${depth * HEIGHT}px`;
}

customElements.define("gw-flame", TaskFlame);
