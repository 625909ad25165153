// Tasks as trees, and the rows that a table shows of them.

import { age, cpu, memory, opaqueId, progress, user } from "./task.js";

/**
 * Puts every task below its parent. A task whose parent is not in the list is a root, and so is one of a circle, which
 * only a broken server could tell.
 */
export class Forest {
  /** @param {import("./task.js").Task[]} tasks */
  constructor(tasks) {
    this.byId = new Map();
    this.children = new Map();
    this.roots = [];
    for (const task of tasks) this.byId.set(task.id, task);
    for (const task of this.byId.values()) {
      if (task.parent === null || task.parent === task.id || !this.byId.has(task.parent)) {
        this.roots.push(task);
      } else if (this.children.has(task.parent)) {
        this.children.get(task.parent).push(task);
      } else {
        this.children.set(task.parent, [task]);
      }
    }
    this.#breakCircles();
  }

  get size() {
    return this.byId.size;
  }

  childrenOf(id) {
    return this.children.get(id) ?? [];
  }

  /** The task and everything below it. */
  subtree(id) {
    const root = this.byId.get(id);
    const found = root ? [root] : [];
    for (let at = 0; at < found.length; at += 1) {
      // One by one: a call takes some ten thousand arguments, a task may have more children.
      for (const child of this.childrenOf(found[at].id)) found.push(child);
    }
    return found;
  }

  /** The topmost task above this one. */
  rootOf(id) {
    let task = this.byId.get(id);
    for (let steps = 0; task && task.parent !== null && steps < this.size; steps += 1) {
      const above = this.byId.get(task.parent);
      if (!above || !this.childrenOf(above.id).includes(task)) break;
      task = above;
    }
    return task ?? null;
  }

  #breakCircles() {
    const reached = new Set();
    const follow = (start) => {
      const waiting = [start];
      while (waiting.length > 0) {
        const task = waiting.pop();
        if (reached.has(task.id)) continue;
        reached.add(task.id);
        for (const child of this.childrenOf(task.id)) waiting.push(child);
      }
    };
    this.roots.forEach(follow);
    if (reached.size === this.byId.size) return;
    for (const task of this.byId.values()) {
      if (reached.has(task.id)) continue;
      const siblings = this.childrenOf(task.parent);
      siblings.splice(siblings.indexOf(task), 1);
      this.roots.push(task);
      follow(task);
    }
  }
}

const SORTS = {
  action: (task) => task.action,
  age,
  cpu: (task) => task.extended?.tree?.cpu_time_in_nanos ?? cpu(task),
  memory: (task) => task.extended?.tree?.live_memory_in_bytes ?? memory(task),
  progress: (task) => progress(task)?.percent ?? null,
  node: (task) => task.nodeName,
  user,
  opaque: opaqueId,
  id: (task) => task.started,
};

/** What tasks can be sorted by. */
export const SORT_KEYS = Object.keys(SORTS);

/** Compares two tasks; what is not known comes last either way, and equals keep the order of their start and id. */
export function comparison({ key, descending }) {
  const of = SORTS[key] ?? SORTS.id;
  const sign = descending ? -1 : 1;
  return (left, right) => {
    const [a, b] = [of(left), of(right)];
    if (a !== b) {
      if (a === null || a === undefined) return 1;
      if (b === null || b === undefined) return -1;
      if (a < b) return -sign;
      if (a > b) return sign;
    }
    return (left.started ?? 0) - (right.started ?? 0) || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);
  };
}

/**
 * The rows of a table, in order.
 * @param {Forest} forest
 * @param {{matches: (task) => boolean, sort: {key: string, descending: boolean}, tree: boolean, isFolded: (id: string) => boolean}} how
 * @returns {{task: object, depth: number, children: number, folded: boolean, matched: boolean}[]} in a tree, a task that
 *   does not match itself is there (`matched` false) when something below it does
 */
export function rows(forest, { matches, sort, tree, isFolded }) {
  const compare = comparison(sort);
  if (!tree) {
    const flat = [...forest.byId.values()].filter(matches).sort(compare);
    return flat.map((task) => ({ task, depth: 0, children: 0, folded: false, matched: true }));
  }
  const shown = withAncestors(forest, matches);
  const out = [];
  const waiting = [];
  const push = (tasks, depth) => {
    const sorted = tasks.filter((task) => shown.has(task.id)).sort(compare);
    for (let at = sorted.length - 1; at >= 0; at -= 1) waiting.push([sorted[at], depth]);
  };
  push(forest.roots, 0);
  while (waiting.length > 0) {
    const [task, depth] = waiting.pop();
    const below = forest.childrenOf(task.id).filter((child) => shown.has(child.id));
    const folded = below.length > 0 && isFolded(task.id);
    out.push({ task, depth, children: below.length, folded, matched: shown.get(task.id) });
    if (!folded) push(below, depth + 1);
  }
  return out;
}

/** Ids of the matching tasks (true) and of those above them (false). */
function withAncestors(forest, matches) {
  const shown = new Map();
  for (const task of forest.byId.values()) if (matches(task)) shown.set(task.id, true);
  for (const id of [...shown.keys()]) {
    let task = forest.byId.get(id);
    while (task.parent !== null) {
      const above = forest.byId.get(task.parent);
      if (!above || shown.has(above.id)) break;
      shown.set(above.id, false);
      task = above;
    }
  }
  return shown;
}
