// A task's tree as a flame: one rectangle a task, children below their parent, as wide as what they took.

import { cpu } from "./task.js";

/** What the width can mean, in nanoseconds. */
export const MEASURES = { time: (task) => task.running, cpu };

/** Rectangles drawn at most; what is narrower than a five-hundredth is not drawn either. */
const MOST = 400;
const NARROWEST = 1 / 500;

/**
 * Lays a task's tree out.
 *
 * A parent's children share its width. By time, children may run beside each other, so that together they may take longer
 * than their parent: then they fill it, in proportion. By CPU, a parent is as wide as what it took itself and all below it.
 * @param {import("./forest.js").Forest} forest
 * @param {string} id
 * @param {"time"|"cpu"} measure
 * @returns {{boxes: {task: object, left: number, width: number, depth: number, value: number|null}[], depth: number, left: number}}
 *   `left` and `width` from 0 to 1; the last `left` is how many tasks are not drawn
 */
export function flame(forest, id, measure) {
  const all = forest.subtree(id);
  if (all.length === 0) return { boxes: [], depth: 0, left: 0 };
  const weights = weigh(forest, all, measure);
  const boxes = [];
  const waiting = [{ task: all[0], left: 0, width: 1, depth: 0 }];
  // First in, first out: when there are too many, the upper ones are drawn.
  for (let at = 0; at < waiting.length && boxes.length < MOST; at += 1) {
    const box = waiting[at];
    boxes.push({ ...box, value: MEASURES[measure](box.task) });
    const children = forest.childrenOf(box.task.id);
    const sum = children.reduce((total, child) => total + weights.get(child.id), 0);
    const whole = Math.max(sum, weights.get(box.task.id));
    let left = box.left;
    const sorted = [...children].sort((a, b) => weights.get(b.id) - weights.get(a.id));
    for (const child of sorted) {
      // Where nobody tells what was taken, all are equally wide.
      const width = whole > 0 ? (box.width * weights.get(child.id)) / whole : box.width / children.length;
      if (width >= NARROWEST) waiting.push({ task: child, left, width, depth: box.depth + 1 });
      left += width;
    }
  }
  return { boxes, depth: boxes[boxes.length - 1].depth + 1, left: all.length - boxes.length };
}

/** Weights by id; from the leaves up, as `all` has parents before children. */
function weigh(forest, all, measure) {
  const of = MEASURES[measure];
  const weights = new Map();
  for (let at = all.length - 1; at >= 0; at -= 1) {
    const task = all[at];
    const own = of(task) ?? 0;
    const below = forest.childrenOf(task.id).reduce((total, child) => total + weights.get(child.id), 0);
    weights.set(task.id, measure === "cpu" ? own + below : own);
  }
  return weights;
}
